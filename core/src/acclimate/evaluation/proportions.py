"""Intervals of a proportion: how many of a number of independent rows are right, or of one class, or missed."""

import math

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
    return max(0.0, middle - half), min(1.0, middle + half)


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
