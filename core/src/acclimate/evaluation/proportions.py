"""Intervals of a proportion: how many of a number of independent rows are right, or of one class, or missed."""

import math

import numpy as np
from scipy.special import betaincinv, ndtri

from acclimate.evaluation.metrics import Floats, Integers

LEVEL = 0.95


def wilson(right: float, rows: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval of `right` of `rows` (Wilson 1927): close to its level on average, for any share.

    Unlike the bootstrap it has a width where all rows are right, or none.
    """
    z = float(ndtri(0.5 + level / 2))
    share = right / rows
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return max(0.0, middle - half) if right > 0 else 0.0, min(1.0, middle + half) if right < rows else 1.0


def clopper_pearson(right: int, rows: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of `right` of `rows` (Clopper and Pearson 1934): never below its level.

    It is wider than needed on average, and the one for a promise such as "at most 3 % are missed".
    """
    tail = (1 - level) / 2
    low = float(betaincinv(right, rows - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, rows - right, 1 - tail)) if right < rows else 1.0
    return low, high


def accuracy_interval(truth: Integers, scores: Floats) -> tuple[float, float]:
    """Return Wilson's interval of the share of rows [rows] whose highest score [rows, classes] is the true class."""
    return wilson(float((scores.argmax(axis=1) == truth).sum()), len(truth))


def balanced_accuracy_interval(truth: Integers, scores: Floats) -> tuple[float, float]:
    """Return the interval of the mean, over the classes that occur, of the share of their rows that is found.

    Wilson's interval of each share, put together by the distances of its bounds (MOVER: Zou and Donner 2008,
    "Construction of confidence intervals about effect measures: a general approach", as Newcombe 1998 does for two).
    Unlike the bootstrap it has a width where all rows of a rare class are found.
    """
    right = scores.argmax(axis=1) == truth
    classes, rows = np.unique(truth, return_counts=True)
    found = np.array([right[truth == each].sum() for each in classes])
    bounds = np.array([wilson(float(each), int(of)) for each, of in zip(found, rows, strict=True)])
    shares, value = found / rows, float((found / rows).mean())
    below, above = (float(np.sqrt(np.square(shares - bounds[:, side]).sum())) / len(classes) for side in (0, 1))
    return max(0.0, value - below), min(1.0, value + above)
