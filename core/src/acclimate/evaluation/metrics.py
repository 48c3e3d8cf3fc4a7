"""Scores of a classifier, computed once from raw scores in float64.

Shapes: `truth` [rows] the class index of each row; `scores` [rows, classes] of any range, higher means more
likely; `weights` [rows] how often each row counts, zero or more (bootstrap counts, or ones).
"""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def accuracy(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The share of rows whose highest score is the true class, in [0, 1]; ties go to the lowest index."""
    right = scores.argmax(axis=1) == truth
    return float(weights @ right / weights.sum())


def macro_f1(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean over classes of F1, in [0, 1], so that a rare class counts as much as a common one.

    Classes that occur neither in the truth nor in the predictions are left out; a class that is never
    predicted, or never predicted rightly, counts as zero.
    """
    table = _table(truth, scores, weights)
    mass = table.sum(axis=0) + table.sum(axis=1)
    seen = mass > 0
    return float(np.mean(2 * table.diagonal()[seen] / mass[seen]))


def weighted_f1(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean over classes of F1, each counting by its rows, in [0, 1]: common classes decide it."""
    table = _table(truth, scores, weights)
    true, mass = table.sum(axis=1), table.sum(axis=0) + table.sum(axis=1)
    seen = mass > 0
    return float(true[seen] @ (2 * table.diagonal()[seen] / mass[seen]) / true.sum())


def balanced_accuracy(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean over the classes that occur of the share of their rows that is found, in [0, 1].

    For two classes it is the mean of sensitivity and specificity. Chance has 1 / classes.
    """
    table = _table(truth, scores, weights)
    true = table.sum(axis=1)
    seen = true > 0
    return float(np.mean(table.diagonal()[seen] / true[seen]))


def quadratic_kappa(truth: Integers, scores: Floats, weights: Floats) -> float:
    """Agreement of ordered classes beyond chance, in [-1, 1]; a miss counts by the square of its distance.

    Classes are ordered as their columns (Cohen 1968, "Weighted kappa"). 0 when truth and prediction are one class.
    """
    table = _table(truth, scores, weights)
    true, predicted, places = table.sum(axis=1), table.sum(axis=0), np.arange(len(table))
    distance = np.square(places[:, None] - places[None, :])
    by_chance = (distance * np.outer(true, predicted)).sum() / true.sum()
    return float(1 - (distance * table).sum() / by_chance) if by_chance else 0.0


def ordinal_mae(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean distance of the predicted class from the true one, in classes: 0 is perfect.

    Classes are ordered as their columns and count as equally far apart.
    """
    return float(weights @ np.abs(scores.argmax(axis=1) - truth) / weights.sum())


def mcc(truth: Integers, scores: Floats, weights: Floats) -> float:
    """Matthews correlation of truth and prediction, in [-1, 1]; 0 when either of them has one class only.

    The form for several classes is R_K of Gorodkin (2004), "Comparing two K-category assignments by a
    K-category correlation coefficient".
    """
    table = _table(truth, scores, weights)
    true, predicted = table.sum(axis=1), table.sum(axis=0)
    spread_true = true.sum() ** 2 - true @ true
    spread_predicted = predicted.sum() ** 2 - predicted @ predicted
    if spread_true * spread_predicted == 0:
        return 0.0
    together = table.trace() * true.sum() - true @ predicted
    return float(together / np.sqrt(spread_true * spread_predicted))


def auroc(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The chance that a row of a class outranks a row of another, in [0, 1]; ties count as half.

    Two classes are ranked by the difference of their scores. More classes are ranked one against the rest by
    the raw score of the class, and averaged over the classes that occur in the truth. Only the order of
    scores matters, never their range. Undefined (nan) when the truth has a single class.
    """
    counted = weights > 0
    truth, weights = truth[counted], weights[counted]
    present = np.unique(truth)
    if len(present) < 2:
        return float("nan")
    if scores.shape[1] == 2:
        return area(scores[counted, 1] - scores[counted, 0], truth == 1, weights)
    columns = np.ascontiguousarray(scores[counted].T)
    return float(np.mean([area(columns[index], truth == index, weights) for index in present]))


def confusion(truth: Integers, scores: Floats, classes: int) -> Integers:
    """How many rows of each true class (row) were predicted as each class (column): [classes, classes]."""
    cells = truth * classes + scores.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def _table(truth: Integers, scores: Floats, weights: Floats) -> Floats:
    """The weighted confusion matrix, [classes, classes]."""
    classes = scores.shape[1]
    cells = truth * classes + scores.argmax(axis=1)
    counts: Floats = np.bincount(cells, weights=weights, minlength=classes**2).astype(np.float64, copy=False)
    return counts.reshape(classes, classes)


def area(score: Floats, positive: NDArray[np.bool_], weights: Floats) -> float:
    """The area under one ROC curve: `score`, `positive` and `weights` are [rows], all weights above zero.

    Each positive row outranks the weight below it plus half the weight at its own score. Positives among
    themselves contribute half the square of their weight, by symmetry, and are taken off again.
    """
    order = score.argsort()
    ranked = score[order]
    below = np.concatenate(([0.0], weights[order].cumsum()))
    own, own_weights = score[positive], weights[positive]
    middle = (below[ranked.searchsorted(own, "left")] + below[ranked.searchsorted(own, "right")]) / 2
    inside = own_weights.sum()
    outside = weights[~positive].sum()
    return float((own_weights @ middle - inside**2 / 2) / (inside * outside))
