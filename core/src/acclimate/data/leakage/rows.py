"""What the leak checks read, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import Finding
from acclimate.data.repeats import Repeats
from acclimate.data.split import PARTS

SHOWN = 5
PAIRS = (("train", "test"), ("validation", "test"), ("train", "validation"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartedRows:
    """The rows of all parts, one after another.

    `parts` [rows] is 0 for train, 1 for validation and 2 for test; `labels` are those of each row, one or several.
    `lines` are the places in the source, 0 where it has none. `texts` are those of the rows as the model reads them,
    None for images. `columns` holds by name what else is known of each row and could tell its label.
    Rows with the label `outside` have none of the labels.
    """

    ids: Sequence[str]
    lines: Sequence[int]
    parts: NDArray[np.int64]
    labels: Sequence[tuple[str, ...]]
    repeats: Repeats
    groups: Sequence[str] | None = None
    times: Sequence[str] | None = None
    texts: Sequence[str] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outside: str = ""

    def of(self, part: str) -> NDArray[np.bool_]:
        """Return which rows [rows] are in a part."""
        found: NDArray[np.bool_] = self.parts == PARTS.index(part)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A finding, whether a run must stop for it, and what mends it."""

    finding: Finding
    stops: bool = False
    mend: str = ""


def counted(count: int, total: int, what: str) -> str:
    """Return "39 of 156 test rows (25.0 %)"."""
    return f"{count:,} of {total:,} {what} ({100 * count / max(total, 1):.1f} %)"


def listed(names: Sequence[str], count: int) -> str:
    """Return the first names in quotation marks, and how many more there are of `count`."""
    shown = ", ".join(repr(name) for name in names[:SHOWN])
    more = count - min(len(names), SHOWN)
    return f"{shown} and {more:,} more" if more else shown
