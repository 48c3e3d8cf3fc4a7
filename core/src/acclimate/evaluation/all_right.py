"""Intervals where all rows are right: no row drawn again can show a mistake, and yet new rows may have some.

What a class's rows say of mistakes on it is Dirichlet's law with a prior of one row, spread evenly over all classes
(Perks 1947; for two classes that is Jeffreys' prior). Scores of confusion matrices drawn from it give the bounds, as
in Goutte and Gaussier 2005, "A probabilistic interpretation of precision, recall and F-score". The mix of classes is
that of the rows. Where rows have groups each counts as one row of every class that it has.
"""

from collections.abc import Callable, Sequence

import numpy as np

from acclimate.evaluation import metrics
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.proportions import LEVEL, wilson

Bounds = tuple[float, float] | None
Groups = Sequence[str] | None
_DRAWS = 1000


def macro_f1_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `macro_f1` where all rows are right, else None."""
    return _bounds(metrics.macro_f1, truth, scores, groups)


def weighted_f1_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `weighted_f1` where all rows are right, else None."""
    return _bounds(metrics.weighted_f1, truth, scores, groups)


def mcc_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `mcc` where all rows are right and of several classes, else None."""
    return _bounds(metrics.mcc, truth, scores, groups) if len(np.unique(truth)) > 1 else None


def quadratic_kappa_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `quadratic_kappa` where all rows are right and of several classes, else None."""
    return _bounds(metrics.quadratic_kappa, truth, scores, groups) if len(np.unique(truth)) > 1 else None


def ordinal_mae_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `ordinal_mae`, of which 0 is the best, where all rows are right, else None."""
    return none_wrong(metrics.ordinal_mae, truth, scores, groups)


def none_wrong(
    metric: Callable[[Integers, Floats, Floats], float], truth: Integers, scores: Floats, groups: Groups = None
) -> Bounds:
    """Return the bounds of a metric of mistakes, of which 0 is the best, where all rows are right, else None."""
    return _bounds(metric, truth, scores, groups, lower_is_better=True)


def balanced_accuracy_interval(truth: Integers, scores: Floats, groups: Groups = None) -> Bounds:
    """Return the bounds of `balanced_accuracy` where all rows are right, else None."""
    return _bounds(metrics.balanced_accuracy, truth, scores, groups)


def accuracy_interval(truth: Integers, scores: Floats, groups: Sequence[str]) -> Bounds:
    """Return Wilson's bounds of `accuracy` where all rows are right, for as many rows as there are groups."""
    if (scores.argmax(axis=1) != truth).any() or len(set(groups)) < 2:
        return None
    return wilson(len(set(groups)), len(set(groups)))


def _bounds(
    metric: Callable[[Integers, Floats, Floats], float],
    truth: Integers,
    scores: Floats,
    groups: Groups,
    *,
    lower_is_better: bool = False,
) -> Bounds:
    if (scores.argmax(axis=1) != truth).any() or (groups is not None and len(set(groups)) < 2):
        return None
    classes = scores.shape[1]
    rows = np.bincount(truth, minlength=classes)
    units = rows if groups is None else _groups_of(truth, groups, classes)
    present = np.flatnonzero(rows)
    rng = np.random.default_rng(0)
    shares = np.stack([rng.dirichlet(_counts(int(k), int(units[k]), classes), _DRAWS) for k in present], axis=1)
    # One row for each cell of the table, which counts as often as the cell says: [draws, present classes, classes].
    tables = shares * rows[present][None, :, None]
    cells, predicted = present.repeat(classes), np.tile(np.eye(classes), (len(present), 1))
    drawn = [metric(cells, predicted, table.ravel()) for table in tables]
    if lower_is_better:
        return 0.0, float(np.quantile(drawn, (1 + LEVEL) / 2))
    return float(np.quantile(drawn, (1 - LEVEL) / 2)), 1.0


def _counts(k: int, units: int, classes: int) -> Floats:
    counts = np.full(classes, 1 / classes)
    counts[k] += units
    return counts


def _groups_of(truth: Integers, groups: Sequence[str], classes: int) -> Integers:
    """Return how many groups have each class, [classes]."""
    pairs = set(zip(groups, truth.tolist(), strict=True))
    return np.bincount([label for _, label in pairs], minlength=classes)
