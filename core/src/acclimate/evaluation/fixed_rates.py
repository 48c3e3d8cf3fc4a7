"""How far positive rows can be told from others where one of the two rates is held: points of a ROC curve.

They describe a ranking: the threshold is read from the very rows that are scored, so no threshold chosen beforehand
would do as well on them. Operating points are chosen on other rows (`operating`).

Shapes: as in `metrics`, for two classes of which the second is the positive one; as in `multilabel` for labels.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.multilabel import Indicators
from acclimate.evaluation.proportions import wilson

Positive = NDArray[np.bool_]
Rate = Callable[[Floats, Positive, Floats, float], float]
# A share of rows that is asked for is reached where only the last digit of a sum of weights is missing.
_ROUNDING = 1e-9


def sensitivity_at(score: Floats, positive: Positive, weights: Floats, specificity: float) -> float:
    """The greatest share of the positive rows that a threshold flags while it passes `specificity` of the others.

    `score`, `positive` and `weights` are [rows]. Rows of one score are flagged together, and nothing is interpolated:
    it is the highest point of the ROC curve up to 1 - `specificity`. nan where all rows are positive, or none is.
    """
    order = score.argsort()[::-1]
    ranked = score[order]
    right, wrong = ((weights * of)[order].cumsum() for of in (positive, ~positive))
    if not len(ranked) or not right[-1] or not wrong[-1]:
        return float("nan")
    cuts = np.append(ranked[:-1] > ranked[1:], True)
    allowed = cuts & (wrong <= (1 - specificity + _ROUNDING) * wrong[-1])
    return float(right[allowed].max(initial=0.0) / right[-1])


def specificity_at(score: Floats, positive: Positive, weights: Floats, sensitivity: float) -> float:
    """The greatest share of the other rows that a threshold passes while it flags `sensitivity` of the positive.

    The rest is as for `sensitivity_at`, of which it is the mirror image.
    """
    return sensitivity_at(-score, ~positive, weights, sensitivity)


def sensitivity_at_specificity_90(truth: Integers, scores: Floats, weights: Floats) -> float:
    """`sensitivity_at` a specificity of 0.90, in [0, 1]."""
    return _of_second(sensitivity_at, truth, scores, weights, 0.90)


def sensitivity_at_specificity_95(truth: Integers, scores: Floats, weights: Floats) -> float:
    """`sensitivity_at` a specificity of 0.95, in [0, 1]."""
    return _of_second(sensitivity_at, truth, scores, weights, 0.95)


def specificity_at_sensitivity_90(truth: Integers, scores: Floats, weights: Floats) -> float:
    """`specificity_at` a sensitivity of 0.90, in [0, 1]."""
    return _of_second(specificity_at, truth, scores, weights, 0.90)


def specificity_at_sensitivity_95(truth: Integers, scores: Floats, weights: Floats) -> float:
    """`specificity_at` a sensitivity of 0.95, in [0, 1]."""
    return _of_second(specificity_at, truth, scores, weights, 0.95)


def labels_sensitivity_at_specificity_90(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of `sensitivity_at` a specificity of 0.90; see `auroc` of labels for those left out."""
    return _of_labels(sensitivity_at, truth, scores, weights, 0.90)


def labels_sensitivity_at_specificity_95(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of `sensitivity_at` a specificity of 0.95; see `auroc` of labels for those left out."""
    return _of_labels(sensitivity_at, truth, scores, weights, 0.95)


def labels_specificity_at_sensitivity_90(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of `specificity_at` a sensitivity of 0.90; see `auroc` of labels for those left out."""
    return _of_labels(specificity_at, truth, scores, weights, 0.90)


def labels_specificity_at_sensitivity_95(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of `specificity_at` a sensitivity of 0.95; see `auroc` of labels for those left out."""
    return _of_labels(specificity_at, truth, scores, weights, 0.95)


def perfect_interval(
    truth: Integers, scores: Floats, groups: Sequence[str] | None = None
) -> tuple[float, float] | None:
    """Return the bounds of a rate at a held rate where every positive row ranks above all others, else None.

    No row drawn again can show a mistake there. The bounds are Wilson's for as many rows, or groups, as the rarer of
    the two kinds has, as those of `auroc` are.
    """
    score, positive = scores[:, 1] - scores[:, 0], truth == 1
    if positive.all() or not positive.any() or score[positive].min() <= score[~positive].max():
        return None
    names = np.arange(len(truth)) if groups is None else np.asarray(groups)
    units = min(len(set(names[kind].tolist())) for kind in (positive, ~positive))
    return wilson(units, units)


def _of_second(rate: Rate, truth: Integers, scores: Floats, weights: Floats, held: float) -> float:
    return rate(scores[:, 1] - scores[:, 0], truth == 1, weights, held)


def _of_labels(rate: Rate, truth: Indicators, scores: Floats, weights: Floats, held: float) -> float:
    rates = [rate(scores[:, k], truth[:, k] > 0, weights, held) for k in range(truth.shape[1])]
    found = [value for value in rates if np.isfinite(value)]
    return float(np.mean(found)) if found else float("nan")
