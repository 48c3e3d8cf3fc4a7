"""Rows of which some cannot be learned from: all named with the reason and refused, or left out where asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import Columns, DataError, Finding
from acclimate.data.cells import as_text, place
from acclimate.data.read import LINE, name_of
from acclimate.data.table import load

if TYPE_CHECKING:
    import datasets

TEXT = "text"
_SHOWN = 10
# Yields of a source each row as it was read, and what is stored of it or why it cannot be used.
Usable = Callable[[str], Iterator[tuple[Mapping[str, Any], dict[str, Any] | str]]]


def load_usable(
    source: str,
    usable: Usable,
    *,
    what: str,
    columns: Columns,
    cache: Path,
    part: str,
    drop: bool,
    usual_group: str,
    usual_times: Sequence[str],
    keep: Sequence[str],
    required: Sequence[str],
) -> tuple["datasets.Dataset", tuple[Finding, ...]]:
    """Return the rows of a source as `load` gives them, and what is to be told of those that were left out.

    `what` they are ("chats") is also, in the singular, the label of each. Without `drop` a row that cannot be used
    refuses all.

    Raises:
        DataError: as `load`; for rows that cannot be used, each named with the reason.
        UnknownNameError: a named column does not exist.
    """
    unusable: list[str] = []

    def rows(name: str) -> Iterator[dict[str, Any]]:
        count = 0
        for count, (row, found) in enumerate(usable(name), 1):
            if isinstance(found, str):
                unusable.append(f"{as_text(row.get(columns.id or 'id')) or _where(row, count)}: {found}")
            else:
                yield found
        if unusable and (not drop or len(unusable) == count):
            raise _refused(unusable, count, name_of(source), what)

    table = load(
        source,
        read=rows,
        columns=own_columns(columns),
        modality="text",
        cache=cache,
        labelled=False,
        keep=keep,
        required=required,
        usual_group=usual_group,
        usual_times=usual_times,
        part=part,
    )
    label = what.removesuffix("s")
    return table.add_column("label", [label] * len(table)), _left_out(unusable, len(table), name_of(source), what)


def own_columns(columns: Columns) -> Columns:
    """Return the columns of rows that were made of a source's, which keep group, time and id."""
    return Columns(text=TEXT, group=columns.group, time=columns.time, id=columns.id)


def _where(row: Mapping[str, Any], count: int) -> str:
    return place(int(row.get(LINE) or 0), count)


def _refused(unusable: Sequence[str], count: int, source: str, what: str) -> DataError:
    return DataError(
        f"{len(unusable):,} of {count:,} rows of {source} are no {what} to learn from:\n  {_told(unusable)}\n",
        "Mend them, or leave them out: bad_rows='drop' (--bad-rows drop).",
    )


def _left_out(unusable: Sequence[str], kept: int, source: str, what: str) -> tuple[Finding, ...]:
    if not unusable:
        return ()
    message = f"{len(unusable):,} of {kept + len(unusable):,} rows of {source} are no {what} and were left out: "
    details = {"rows": len(unusable), "examples": list(unusable[:_SHOWN])}
    return (Finding(code=f"{what}-left-out", message=message + "; ".join(unusable[:3]) + ".", details=details),)


def _told(reasons: Sequence[str]) -> str:
    rest = [f"and {len(reasons) - _SHOWN:,} more"] if len(reasons) > _SHOWN else []
    return "\n  ".join([*reasons[:_SHOWN], *rest])
