"""Rows of any source one by one, for predictions: in order, with their ids, and with what is wrong with each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import Any

from acclimate.contracts import Columns, DataError
from acclimate.data.cells import as_text, missing
from acclimate.data.columns import Modality, resolve
from acclimate.data.read import (
    LINE,
    UNREADABLE,
    csv_rows,
    jsonl_rows,
    name_of,
    tolerant_csv_rows,
    tolerant_jsonl_rows,
    tolerant_tsv_rows,
    tsv_rows,
)
from acclimate.data.table import Reader, row_id

Shape = Callable[[dict[str, Any]], dict[str, Any]]
_HEAD = 1000
_TOLERANT: dict[Reader, Reader] = {
    csv_rows: tolerant_csv_rows,
    tsv_rows: tolerant_tsv_rows,
    jsonl_rows: tolerant_jsonl_rows,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its id and its content, or the `error` why it has none.

    `content` is a text; or an image as an absolute path, or as the source holds it. `told` are further columns that
    were asked for, None where the row has none.
    """

    id: str
    content: Any = None
    error: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


def tolerant(read: Reader) -> Reader:
    """Return a reader that tells which lines are no rows, and goes on, where there is one beside `read`."""
    return _TOLERANT.get(read, read)


def stream(
    source: str,
    *,
    read: Reader,
    columns: Columns,
    modality: Modality,
    shape: Shape | None = None,
    told: Sequence[str] = (),
) -> Iterator[Row]:
    """Yield the rows of a source in its order, reading on as they are asked for.

    Ids are the named column's, else the reader's own "id", else "rows:LINE"; ids that repeat are passed on. Lines of
    CSV, TSV and JSONL that are no rows are yielded with an error; other readers stop at what they cannot read.
    `shape` gives every row that was read another form; `told` are columns to pass on as they are.

    Raises:
        DataError: what the reader raises of the source itself; no rows; a column that is not recognised.
        UnknownNameError: a named column does not exist.
    """
    rows = iter(tolerant(read)(source))
    if shape is not None:
        rows = map(shape, rows)
    head = list(islice(rows, _HEAD))
    whole = [row for row in head if UNREADABLE not in row]
    if not whole:
        why = f": {head[0][UNREADABLE]}" if head else ""
        raise DataError(f"{name_of(source)} has no rows that can be read{why}.", "It needs one row per example.")
    names = [name for name in dict.fromkeys(chain.from_iterable(whole)) if name != LINE]
    mapping = resolve(names, columns, modality, labelled=False, keep=(), source=name_of(source))
    folder = Path(source) if Path(source).is_dir() else Path(source).parent
    return _rows(chain(head, rows), mapping.content, mapping.id, modality, folder, told)


def _rows(
    rows: Iterable[dict[str, Any]],
    content: str,
    id_column: str,
    modality: Modality,
    folder: Path,
    told: Sequence[str],
) -> Iterator[Row]:
    for count, row in enumerate(rows, 1):
        line = int(row.get(LINE) or 0)
        value = row.get(content)
        if modality == "image" and isinstance(value, str | PurePath) and not missing(value):
            value = str((folder / value).absolute())
        elif modality == "text" and not isinstance(value, str):
            value = as_text(value)
        given = row.get(id_column) if id_column else None
        id = row_id(given, value if isinstance(value, str) else "", line or count, part="rows", source="")
        beside = {name: row.get(name) for name in told}
        if UNREADABLE in row:
            yield Row(id=id, error=row[UNREADABLE], told=beside)
        elif missing(value):
            yield Row(id=id, error=f"it has no {modality} in column {content!r}", told=beside)
        else:
            yield Row(id=id, content=value, told=beside)
