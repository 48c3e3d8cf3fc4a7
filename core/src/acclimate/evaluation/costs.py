"""What wrong calls cost where labels are grades: by how many places a call is too low, or too high.

Shapes: `matrix` [classes, classes], what it costs to call a row of the class of the line by the class of the column.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import OptionError, Score
from acclimate.evaluation.all_right import none_wrong
from acclimate.evaluation.intervals import score
from acclimate.evaluation.metrics import Floats, Integers

_PRICES = re.compile(r"(?P<grades>.*)=\s*(?P<under>[^=:]*):(?P<over>[^=:]*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCosts:
    """Grades from the lowest to the highest; each place that a call is too low costs `under`, too high `over`."""

    grades: tuple[str, ...]
    under: float = 1.0
    over: float = 1.0

    @property
    def matrix(self) -> Floats:
        """What each call costs, [true grade, called grade]."""
        places = np.arange(len(self.grades))
        too_high = places[None, :] - places[:, None]
        return np.where(too_high > 0, self.over * too_high, -self.under * too_high).astype(np.float64)


def read_costs(text: str) -> GradeCosts:
    """Return the costs that "low<medium<high=5:1" stands for: a place too low costs 5, a place too high 1.

    Without prices both cost 1.

    Raises:
        OptionError: for fewer than two grades, one that is named twice, or a price that is no number above 0.
    """
    priced = _PRICES.fullmatch(text)
    grades = tuple(name.strip() for name in (priced["grades"] if priced else text).split("<"))
    try:
        under, over = (float(priced["under"]), float(priced["over"])) if priced else (1.0, 1.0)
    except ValueError:
        under = over = float("nan")
    named = len(grades) > 1 and all(grades) and len(set(grades)) == len(grades)
    if not (named and 0 < under < np.inf and 0 < over < np.inf):
        raise OptionError(
            "costs are the labels from the lowest to the highest and what a place too low and too high costs, found "
            f"{text!r}.",
            "Such as 'low<medium<high=5:1': one grade too low costs as much as five calls that are one too high.",
        )
    return GradeCosts(grades=grades, under=under, over=over)


def cheapest(probabilities: Floats, matrix: Floats) -> NDArray[np.int64]:
    """Return the class [rows] of least expected cost, by probabilities [rows, classes]; of equals the likeliest.

    That is the decision of least risk (Bishop, Pattern Recognition and Machine Learning, section 1.5.2).
    """
    expected = probabilities @ matrix
    least = np.isclose(expected, expected.min(axis=1, keepdims=True), rtol=0, atol=1e-12)
    found: NDArray[np.int64] = np.where(least, probabilities, -1.0).argmax(axis=1).astype(np.int64)
    return found


def mean_cost(
    truth: Integers, called: Integers, matrix: Floats, *, groups: Sequence[str] | None = None, seed: int = 0
) -> Score:
    """Return what a row's call costs on average, with its 95 % interval; `called` [rows] are class indices."""

    def metric(truth: Integers, scores: Floats, weights: Floats) -> float:
        return float(np.average(matrix[truth, scores.argmax(axis=1)], weights=weights))

    chosen = np.eye(len(matrix))[called]
    formula = {"cost": partial(none_wrong, metric)}
    found = score(truth, chosen, {"cost": metric}, groups=groups, seed=seed, formulas=formula, group_formulas=formula)
    return found["cost"]


def cheapest_constant(truth: Integers, matrix: Floats) -> int:
    """Return the class that costs least where every row is called by it."""
    return int(matrix[truth].sum(axis=0).argmin())
