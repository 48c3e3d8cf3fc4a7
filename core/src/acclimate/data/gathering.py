"""What is asked of texts, in a list beside each text or one by one: one row for each text.

Questions are asked of texts, and hypotheses too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from acclimate.contracts import Columns, DataError
from acclimate.data.cells import missing
from acclimate.data.read.files import LINE, UNREADABLE

_TEXTS = ("context", "text", "contract", "document", "premise")
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a row asks: in a list in one of the columns `lists`, or once in the column `single` with its `fields`.

    The list is kept under the first of its names. `example` shows a row.
    """

    lists: tuple[str, ...]
    single: str
    fields: tuple[str, ...]
    example: str


def gathered(
    rows: Iterable[Mapping[str, Any]], columns: Columns, source: str, form: Asking
) -> Iterator[dict[str, Any]]:
    """Yield rows with a `text` and a list of what is asked; single ones that share a text become one row.

    Raises:
        DataError: for rows without a text, or that ask nothing.
    """

    def key(numbered: tuple[int, Mapping[str, Any]]) -> Any:
        number, row = numbered
        flat = UNREADABLE not in row and not any(name in row for name in form.lists)
        return row.get(_named(row, columns, source)) if flat else number

    for _, group in groupby(enumerate(rows), key=key):
        found = [row for _, row in group]
        first = found[0]
        if UNREADABLE in first:
            yield dict(first)
            continue
        name = _named(first, columns, source)
        several = listed(first, form)
        if several is None and form.single not in first:
            raise DataError(
                f"No column of {source} is recognised as the {form.lists[0]}; its columns are {_columns(first)}.",
                f"A row has {form.example}, or one {form.single} beside its text.",
            )
        left = (name, *form.lists, *(form.fields if several is None else ()))
        rest = {key: value for key, value in first.items() if key not in left}
        yield {**rest, "text": first.get(name), form.lists[0]: found if several is None else several}


def text_column(names: Sequence[str], columns: Columns) -> str:
    """Return which of some columns is the text, "" where none is."""
    wanted = (columns.text,) if columns.text else _TEXTS
    return next((name for name in wanted if name in names), "")


def listed(row: Mapping[str, Any], form: Asking) -> list[Any] | None:
    """Return the list of what a row asks; None where it has none."""
    value = next((row[name] for name in form.lists if not missing(row.get(name))), None)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [None]  # nothing that can be asked, which is told of where it is read
    return list(value) if isinstance(value, list | tuple) else None if value is None else [None]


def unusable(bad: Sequence[str], source: str, *, what: str, hint: str) -> DataError:
    """Return one error for all that cannot be used of what is asked, with the reason of each."""
    rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    return DataError(
        "\n  ".join([f"{len(bad):,} {what} of {source} cannot be used:", *bad[:_SHOWN], *rest]) + "\n", hint
    )


def _named(row: Mapping[str, Any], columns: Columns, source: str) -> str:
    found = text_column(list(row), columns)
    if not found:
        raise DataError(
            f"No column of {source} is recognised as the text; its columns are {_columns(row)}.",
            'Name it: text="COLUMN" (--text COLUMN).',
        )
    return found


def _columns(row: Mapping[str, Any]) -> str:
    return ", ".join(name for name in row if name != LINE)
