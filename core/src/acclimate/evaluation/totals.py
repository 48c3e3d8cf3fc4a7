"""Scores of sums over rows, in float64: what each row adds is computed once, however often rows are drawn again.

Shapes: `statistics` [rows, columns] what each row adds to the sums; `weights` [rows] how often each row counts.
A score of a whole test set, such as F1 of all spans, is that of the weighted sums and never a mean of scores of rows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats

Statistics = Callable[[Sequence[Any], Sequence[Any]], Floats]
OfTotals = Callable[[Floats, Floats], float]


def ratio(statistics: Floats, weights: Floats) -> float:
    """The first sum over the second: a mean where the second column says which rows count; nan where none does."""
    over, under = weights @ statistics
    return float(over / under) if under else float("nan")


def precision(statistics: Floats, weights: Floats) -> float:
    """The share of what is given that is right, from sums of right, given and true; nan where nothing is given."""
    right, given, _ = weights @ statistics
    return float(right / given) if given else float("nan")


def recall(statistics: Floats, weights: Floats) -> float:
    """The share of what is true that is found, from sums of right, given and true; nan where nothing is true."""
    right, _, true = weights @ statistics
    return float(right / true) if true else float("nan")


def f1(statistics: Floats, weights: Floats) -> float:
    """The harmonic mean of precision and recall, from sums of right, given and true; nan where nothing is either."""
    right, given, true = weights @ statistics
    return float(2 * right / (given + true)) if given + true else float("nan")


def table(rows: Sequence[Sequence[float]], columns: int) -> Floats:
    """Return statistics [rows, columns], also where there are no rows."""
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), columns)


def check_rows(truth: Sequence[Any], predicted: Sequence[Any]) -> None:
    """Raise DataError where the two have not one item for each row, or there are no rows."""
    if not len(truth) or len(truth) != len(predicted):
        raise DataError(
            f"Expected one prediction for each row and at least one row, found {len(truth)} rows "
            f"and {len(predicted)} predictions.",
            "Give truth and predictions in the order of the same rows.",
        )
