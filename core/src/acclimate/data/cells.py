"""From the values of a reader to the text of our columns, with every bad row counted and shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from acclimate.contracts import DataError

if TYPE_CHECKING:
    from acclimate.data.label_names import Naming

_SHOWN = 5
LISTS = (list, tuple, set, frozenset)


@dataclass(slots=True)
class Tally:
    """How many rows have a problem, and where the first ones are."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """Count one row at a place like "line 4"."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(place)

    def __str__(self) -> str:
        return places(self.first, self.count)


def place(line: int, ordinal: int) -> str:
    """Return "line 4", or "row 3" for a source without lines."""
    return f"line {line}" if line else f"row {ordinal}"


def places(first: Sequence[str], count: int) -> str:
    """Return "lines 4, 9, 12 and 3 more" for the first places of `count`."""
    word = first[0].split()[0]
    numbers = ", ".join(item.split()[1] for item in first)
    rest = f" and {count - len(first):,} more" if count > len(first) else ""
    return f"{word}{'s' if count > 1 else ''} {numbers}{rest}"


def missing(value: Any) -> bool:
    """Return whether a cell is empty: nothing, white space, or the NaN that stands for nothing in a table.

    The words "NA", "None" and "null" are not.
    """
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_text(value: Any) -> str:
    """Return a value as text; whole floating-point numbers lose their ".0", dates become ISO dates."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return "" if missing(value) else str(value).strip()


class Labels:
    """Turns label values into text and remembers what is wrong with them, for one error at the end.

    With `several` a row may carry any number of labels, as a list, or as text with a `separator` between them.
    `naming` says what they stand for; without it they are taken as they are.
    """

    def __init__(
        self,
        column: str,
        source: str,
        *,
        several: bool = False,
        separator: str = "",
        naming: "Naming | None" = None,
    ) -> None:
        self.column, self.source = column, source
        self.several, self.separator, self.naming = several, separator, naming
        self.rows = 0
        self.absent = Tally()
        self.kinds: dict[str, str] = {}

    def read(self, value: Any, where: str) -> str | list[str]:
        """Return one label as text (1 and 1.0 are "1", True is "True"), or all labels of a row in sorted order.

        An empty list, or with a separator an empty text, is a row without labels; no value at all is a missing one.

        Raises:
            DataError: the value is an object or a number that is not whole, a list among plain labels or the other
                way round, or holds an empty label or one label twice.
        """
        self.rows += 1
        if isinstance(value, str) and self.separator and not value.strip():
            return []
        if missing(value):
            self.absent.add(where)
            return [] if self.several else ""
        if not self.several:
            return self._one(value, where)
        names = [self._one(item, where) for item in self._parts(value, where)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if "" in names or twice:
            found = f"the label {twice[0]!r} twice" if twice else "a label without a name"
            raise DataError(
                f"{self.source} {where}: {value!r} in column {self.column!r} holds {found}.",
                "Write each label of a row once, and nothing where a row has no label.",
            )
        return sorted(names)

    def _parts(self, value: Any, where: str) -> Sequence[Any]:
        listed = isinstance(value, LISTS)
        if listed and self.separator:
            raise DataError(
                f"{self.source} {where}: column {self.column!r} holds a list, and text with {self.separator!r} "
                "between labels was expected.",
                "Leave out label_separator: lists need none.",
            )
        if listed:
            return ["" if missing(item) else item for item in value]
        if self.separator:
            return as_text(value).split(self.separator) if isinstance(value, str) else [value]
        raise DataError(
            f"{self.source} {where}: the label in column {self.column!r} is plain ({value!r}), while other rows have "
            "lists.",
            "Write a list in every row: several labels, one, or none ([]).",
        )

    def _one(self, value: Any, where: str) -> str:
        if isinstance(value, LISTS):
            raise DataError(
                f"{self.source} {where}: the label in column {self.column!r} is a {type(value).__name__}, while "
                "other rows have plain labels.",
                "Write a list in every row where rows carry several labels, and in none where each has one.",
            )
        if isinstance(value, dict):
            raise DataError(
                f"{self.source} {where}: the label in column {self.column!r} is an object.",
                "A label is a text or a whole number; several labels are a list of them.",
            )
        if isinstance(value, float) and not value.is_integer():
            raise DataError(
                f"{self.source} {where}: the label in column {self.column!r} is the number {value}.",
                "Classes are needed: sort the numbers into named ranges first ('low', 'high').",
            )
        if value != "":
            self.kinds.setdefault(_kind(value), f"{where} has {value!r}")
        text = as_text(value)
        return self.naming.name(text, where) if self.naming and text else text

    def check(self) -> None:
        """Raise one error for labels that are missing on some rows, or of more than one type.

        Raises:
            DataError: either of these.
        """
        if self.absent.count:
            raise DataError(
                f"{self.absent.count:,} of {self.rows:,} rows of {self.source} have no label in column "
                f"{self.column!r}: {self.absent}.",
                "Add the labels or remove the rows.",
            )
        if len(self.kinds) > 1:
            raise DataError(
                f"The labels of {self.source} in column {self.column!r} have more than one type: "
                f"{', '.join(self.kinds.values())}.",
                "Write all of them as text, or all as numbers.",
            )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth value"
    return "number" if isinstance(value, int | float) else "text"
