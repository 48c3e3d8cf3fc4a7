"""From any reader to one table on disk: memory-mapped, with the same columns whatever the source."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow
from datasets import Dataset

from acclimate.contracts import Columns, DataError, LabelNames
from acclimate.data.cells import LISTS, Labels, Tally, as_text, missing, place
from acclimate.data.columns import NO_TIME, Mapping, Modality, resolve
from acclimate.data.label_names import Naming, read_label_names
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.stored import image_path

_CHUNK_ROWS = 1000
_SHOWN = 10
_CHUNK_CHARACTERS = 8_000_000

Reader = Callable[[str], Iterable[dict[str, Any]]]


def load(
    source: str,
    *,
    read: Reader,
    columns: Columns,
    modality: Modality,
    cache: Path,
    labelled: bool = True,
    keep: Sequence[str] = (),
    required: Sequence[str] = (),
    usual_group: str = "",
    usual_times: Sequence[str] = (),
    known_labels: LabelNames | None = None,
    unlabelled: str = "",
    masked: bool = False,
    partly_masked: bool = False,
    part: str = "",
) -> Dataset:
    """Return the rows of a source as a memory-mapped table; never more than a chunk of them is in memory.

    A reader may yield rows that hold no more than an `id` and, under `UNREADABLE`, why they cannot be read.
    Columns: `id`, `text` or `image` (absolute path), `label` (when labelled) or `mask` (absolute path, when masked;
    where rows are `partly_masked` beside the label, and "" for a row without one, if the source has masks at all),
    `line` (int64; 0 where the source has no lines), `group` and `time` (when named), those of `keep` that the source
    has, and those that are `required`; all but `line` are strings. `label` is a list of strings where rows may carry
    several labels: the source has lists, or the columns name a separator.
    `unlabelled` is what the error says to do where there is no label.
    Where the columns name no group, it is `usual_group` if the source has that column; where they name neither a
    group nor a time, the time is the first of `usual_times` that it has, whatever its case. Labels get the names
    that `known_labels` and the columns' `label_names` give them.
    The id is the named column, else the reader's own "id", else "PART:LINE". Everything that is written lies
    under `cache`.

    Raises:
        DataError: what the reader raises; rows that cannot be read; no rows; a column that is not recognised; a
            missing text, image, mask, label, group or time; labels of mixed types, or numbers that are not whole;
            lists beside plain labels, and lists with an empty or repeated label; labels that are not among those
            known by name; an id that two rows have.
        UnknownNameError: a named column does not exist.
    """
    rows = iter(read(source))
    head = list(islice(rows, _CHUNK_ROWS))
    if not head:
        raise DataError(f"{name_of(source)} has no rows.", "It needs one row per example.")
    whole = [row for row in head if UNREADABLE not in row]
    if not whole:
        raise _unreadable([*map(_why, head)], len(head), name_of(source))
    names = [name for name in dict.fromkeys(chain.from_iterable(whole)) if name != LINE]
    columns = with_usual(columns, names, usual_group, usual_times)
    mapping = resolve(
        names,
        columns,
        modality,
        labelled=labelled,
        keep=keep,
        required=required,
        unlabelled=unlabelled,
        masked=masked,
        partly_masked=partly_masked,
        source=name_of(source),
    )
    naming = Naming(read_label_names(columns.label_names), known_labels)
    labels = _labels(whole, mapping.label, source, columns.label_separator, naming) if mapping.label else None
    table = _Table(source, mapping, modality, cache=cache, labels=labels, part=part, partly_masked=partly_masked)
    key = hashlib.sha256(f"{part}\0{source}".encode()).hexdigest()[:16]
    path = cache / f"{part or 'rows'}-{key}.arrow"
    _write(table.rows(chain(head, rows)), table.schema, path)
    return Dataset.from_file(str(path))


def with_usual(columns: Columns, names: Sequence[str], group: str, times: Sequence[str]) -> Columns:
    """Return the columns with usual names of group and time, where a source has them and none was named; see `load`.

    What is "none" becomes "".
    """
    if columns.time == NO_TIME:
        columns, times = replace(columns, time=""), ()
    elif not columns.time and not columns.group:
        usual = [name for wanted in times for name in names if name.casefold() == wanted.casefold()]
        columns = replace(columns, time=usual[0] if usual else "")
    return replace(columns, group=group) if not columns.group and group in names else columns


def _labels(head: Sequence[dict[str, Any]], column: str, source: str, separator: str, naming: Naming) -> Labels:
    first = next((row[column] for row in head if not missing(row.get(column))), "")
    several = bool(separator) or isinstance(first, LISTS)
    return Labels(column, name_of(source), several=several, separator=separator, naming=naming)


def row_id(value: Any, image: str, place: int, *, part: str, source: str) -> str:
    """Return a row's id: the value of its id column, or "PART:PLACE" where there is none ("SOURCE:PLACE" of no part).

    The place of a file inside its folder says nothing about a file in another folder, so that it too is in its part.
    """
    if missing(value):
        return f"{part or source}:{place}"
    text = as_text(value)
    return f"{part}:{text}" if part and Path(image).as_posix().endswith(f"/{text}") else text


class _Table:
    """Turns a reader's rows into rows of our columns and collects what is wrong with them."""

    def __init__(
        self,
        source: str,
        mapping: Mapping,
        modality: Modality,
        *,
        cache: Path,
        labels: Labels | None,
        part: str,
        partly_masked: bool = False,
    ) -> None:
        self.name, self.part = name_of(source), part
        self.folder = Path(source) if Path(source).is_dir() else Path(source).parent
        self.mapping, self.modality, self.cache = mapping, modality, cache
        self.labels = labels
        self.required = {
            modality: mapping.content,
            "mask": mapping.mask,
            "group": mapping.group,
            "time": mapping.time,
        }
        self.blank = {kind: Tally() for kind in self.required if not (partly_masked and kind == "mask")}
        self.places: dict[str, str] = {}
        self.unreadable: list[str] = []
        self.count = 0

    @property
    def schema(self) -> Any:
        text = pyarrow.string()
        extra = [name for name in ("mask", "group", "time") if self.required[name]]
        fields = [("id", text), (self.modality, text)]
        if self.labels:
            fields.append(("label", pyarrow.list_(text) if self.labels.several else text))
        fields.append(("line", pyarrow.int64()))
        return pyarrow.schema(fields + [(name, text) for name in (*extra, *self.mapping.keep)])

    def rows(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            self.count += 1
            if UNREADABLE in row:
                self.unreadable.append(_why(row))
            else:
                yield self._row(row)
        self._check()

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        line = int(row.get(LINE) or 0)
        where = place(line, self.count)
        out: dict[str, Any] = {name: as_text(row.get(name)) for name in self.mapping.keep}
        out["line"] = line
        for kind, column in self.required.items():
            if column:
                value = row.get(column)
                out[kind] = self._cell(kind, value, where)
        out["id"] = self._id(row, out, line, where)
        if self.labels:
            out["label"] = self.labels.read(row.get(self.mapping.label), where)
        return out

    def _cell(self, kind: str, value: Any, where: str) -> str:
        if missing(value):
            if kind in self.blank:
                self.blank[kind].add(where)
            return ""
        if kind in ("image", "mask"):
            return image_path(value, folder=self.folder, cache=self.cache)
        # A text keeps its white space: where it matters is for the preset's preparation to say.
        return value if kind == "text" and isinstance(value, str) else as_text(value)

    def _id(self, row: dict[str, Any], out: dict[str, Any], line: int, where: str) -> str:
        value = row.get(self.mapping.id) if self.mapping.id else None
        text = row_id(value, out.get("image", ""), line or self.count, part=self.part, source=self.name)
        if missing(value):
            return text
        if text in self.places:
            raise DataError(
                f"Two rows of {self.name} have the id {text!r}: {self.places[text]} and {where}.",
                "Give each row its own id, or leave the id column out.",
            )
        self.places[text] = where
        return text

    def _check(self) -> None:
        if self.unreadable:
            raise _unreadable(self.unreadable, self.count, self.name)
        for kind, tally in self.blank.items():
            if tally.count:
                raise DataError(
                    f"{tally.count:,} of {self.count:,} rows of {self.name} have no {kind} in column "
                    f"{self.required[kind]!r}: {tally}.",
                    f"Add the {kind} or remove the rows.",
                )
        if self.labels:
            self.labels.check()
            if self.labels.naming:
                # A test file may lack a label that the rows to train on have.
                self.labels.naming.check(self.name, self.labels.column, every=self.part == "train")


def _why(row: dict[str, Any]) -> str:
    return f"{row.get('id', row.get(LINE, 'a row'))}: {row[UNREADABLE]}"


def _unreadable(reasons: list[str], count: int, name: str) -> DataError:
    rest = [f"and {len(reasons) - _SHOWN:,} more"] if len(reasons) > _SHOWN else []
    told = f"{len(reasons):,} of {count:,} rows of {name} cannot be read:"
    return DataError("\n  ".join([told, *reasons[:_SHOWN], *rest]) + "\n", "Replace them, or take them away.")


def _write(rows: Iterable[dict[str, Any]], schema: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        with pyarrow.OSFile(name, "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as writer:
            for chunk in _chunks(rows):
                writer.write_batch(pyarrow.RecordBatch.from_pylist(chunk, schema=schema))
        # Replaced in one step: a table that another run has mapped stays as it was.
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += len(row.get("text", ""))
        if len(chunk) == _CHUNK_ROWS or characters > _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
