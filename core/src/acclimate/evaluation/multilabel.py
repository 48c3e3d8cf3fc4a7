"""Scores where rows may carry several labels, computed once in float64; and the thresholds that give labels.

Shapes: `truth` [rows, labels] of 0 and 1; `scores` [rows, labels], a label is given where its score is 0 or more;
`weights` [rows] how often each row counts.
"""

import numpy as np
from numpy.typing import NDArray

from acclimate.evaluation.metrics import Floats, area

Indicators = NDArray[np.int8]
COUNTS = ("tp", "fp", "fn", "tn")


def micro_f1(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """F1 of all labels counted together, in [0, 1]: frequent labels decide it. 0 when nothing is given or true."""
    tp, fp, fn, _ = counts(truth, scores, weights).sum(axis=1)
    return float(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else 0.0


def macro_f1(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of F1, in [0, 1].

    Labels that no row has and no row is given are left out; nan when that leaves none.
    """
    tp, fp, fn, _ = counts(truth, scores, weights)
    mass = 2 * tp + fp + fn
    seen = mass > 0
    return float(np.mean(2 * tp[seen] / mass[seen])) if seen.any() else float("nan")


def subset_accuracy(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The share of rows that are given exactly their labels, in [0, 1]."""
    right = ((scores >= 0) == (truth > 0)).all(axis=1)
    return float(weights @ right / weights.sum())


def auroc(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of the chance that a row with the label outranks one without; ties count as half.

    It is undefined for a label that no row or every row has: such labels are left out; nan when that leaves none.
    """
    counted = weights > 0
    true, weights = truth[counted] > 0, weights[counted]
    columns = np.ascontiguousarray(scores[counted].T)
    varied = np.flatnonzero(true.any(axis=0) & ~true.all(axis=0))
    return _mean([area(columns[label], true[:, label], weights) for label in varied])


def average_precision(truth: Indicators, scores: Floats, weights: Floats) -> float:
    """The mean over labels of average precision, in (0, 1]; labels that no row has are left out.

    Precision at each score is weighed by the recall that the rows of that score add, without interpolation.
    """
    counted = weights > 0
    true, weights = truth[counted] > 0, weights[counted]
    columns = np.ascontiguousarray(scores[counted].T)
    return _mean([_precision(columns[k], true[:, k], weights) for k in np.flatnonzero(true.any(axis=0))])


def one_against_rest(truth: NDArray[np.int64], scores: Floats, weights: Floats) -> float:
    """The average precision of each class against the rest, averaged; for rows of one label, `truth` [rows]."""
    members = (truth[:, None] == np.arange(scores.shape[1])).astype(np.int8)
    return average_precision(members, scores, weights)


def counts(truth: Indicators, scores: Floats, weights: Floats) -> Floats:
    """The weight of rows that rightly have, wrongly have, wrongly lack, rightly lack each label: [4, labels]."""
    true, given = truth > 0, scores >= 0
    return np.stack([weights @ cell for cell in (true & given, ~true & given, true & ~given, ~true & ~given)])


def best_thresholds(truth: Indicators, scores: Floats) -> Floats:
    """Return the score [labels] from which giving a label has the best F1 on these rows.

    Thresholds lie half way between two scores, so that small differences in arithmetic change no decision; of equally
    good ones the highest is taken. 0 for a label that no row has.
    """
    return np.array([_threshold(truth[:, k] > 0, scores[:, k]) for k in range(truth.shape[1])])


def strata(truth: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the stratum [rows] within which rows are resampled, so that no class is lost.

    It is the row's class or, where rows may carry several labels, its rarest label; rows without labels are one more.
    """
    if truth.ndim == 1:
        return truth.astype(np.int64)
    rank = truth.sum(axis=0, dtype=np.int64).argsort(kind="stable")
    carried = truth[:, rank] > 0
    found: NDArray[np.int64] = np.where(carried.any(axis=1), rank[carried.argmax(axis=1)], truth.shape[1])
    return found


def label_prior(positives: NDArray[np.integer], train_rows: int, rows: int) -> Floats:
    """Return the share of training rows with each label for each of `rows` rows: [rows, labels].

    As scores they give every label to every row: the highest F1 to be had without looking at a row (Lipton, Elkan and
    Naryanaswamy 2014, "Optimal thresholding of classifiers to maximize F1 measure").
    """
    return np.tile(positives / train_rows, (rows, 1))


def _threshold(positive: NDArray[np.bool_], score: Floats) -> float:
    if not positive.any():
        return 0.0
    order = score.argsort(kind="stable")[::-1]
    ranked, given = score[order], np.arange(1, len(score) + 1)
    f1 = 2 * positive[order].cumsum() / (given + positive.sum())
    last = np.append(ranked[:-1] > ranked[1:], True)  # rows of one score are given the label together
    best = int(np.where(last, f1, -1.0).argmax())
    return float(ranked[best] + ranked[best + 1]) / 2 if best + 1 < len(ranked) else float(ranked[best]) - 1.0


def _precision(score: Floats, positive: NDArray[np.bool_], weights: Floats) -> float:
    order = score.argsort()[::-1]
    ranked = score[order]
    last = np.append(ranked[:-1] > ranked[1:], True)
    right = (weights * positive)[order].cumsum()[last]
    given = weights[order].cumsum()[last]
    return float(np.diff(right, prepend=0.0) @ (right / given) / right[-1])


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
