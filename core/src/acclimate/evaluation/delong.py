"""The variance of the area under a ROC curve, and of the difference of two (DeLong, DeLong and Clarke-Pearson 1988).

The algorithm by ranks is that of Sun and Xu 2014, "Fast implementation of DeLong's algorithm".
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.proportions import LEVEL, wilson

Positive = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Areas under several ROC curves on the same rows [curves], with their covariance [curves, curves]."""

    values: Floats
    covariance: Floats


def delong(positive: Positive, scores: Floats) -> Areas:
    """Return the areas of `scores` [curves, rows] for the rows that are `positive` [rows]; ties count as half.

    Two rows of each class are needed for a covariance; with fewer it is nan.
    """
    members, others = scores[:, positive], scores[:, ~positive]
    count, rest = members.shape[1], others.shape[1]
    pooled = rankdata(np.concatenate([members, others], axis=1), axis=1)
    # The share of rows of the other class that each row outranks, or is outranked by.
    of_members = (pooled[:, :count] - rankdata(members, axis=1)) / rest
    of_others = 1 - (pooled[:, count:] - rankdata(others, axis=1)) / count
    if min(count, rest) < 2:
        covariance = np.full((len(scores), len(scores)), np.nan)
    else:
        covariance = np.atleast_2d(np.cov(of_members)) / count + np.atleast_2d(np.cov(of_others)) / rest
    return Areas(values=of_members.mean(axis=1), covariance=covariance)


def area_interval(positive: Positive, score: Floats, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the area under one ROC curve, symmetric in its log-odds so that it stays in [0, 1].

    Where the classes do not overlap at all DeLong's variance is 0, which no sample can show: there the bounds are
    those of a proportion of as many rows as the smaller class has.
    """
    found = delong(positive, score[None, :])
    value, variance = float(found.values[0]), float(found.covariance[0, 0])
    if value in (0.0, 1.0):
        rows = int(min(positive.sum(), (~positive).sum()))
        return wilson(value * rows, rows, level=level)
    half = float(ndtri(0.5 + level / 2)) * math.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def difference_interval(positive: Positive, scores: Floats, *, level: float = LEVEL) -> tuple[float, float, float]:
    """Return how much larger the area of the first of two rows of `scores` [2, rows] is, and its interval.

    The curves are of the same rows, so that what both find hard does not widen the interval.
    """
    found = delong(positive, scores)
    contrast = np.array([1.0, -1.0])
    value = float(contrast @ found.values)
    half = float(ndtri(0.5 + level / 2)) * math.sqrt(max(0.0, float(contrast @ found.covariance @ contrast)))
    return value, value - half, value + half


def auroc_interval(truth: Integers, scores: Floats) -> tuple[float, float] | None:
    """Return DeLong's interval for two classes that both occur, by the difference of their scores; else None."""
    if scores.shape[1] != 2 or len(np.unique(truth)) != 2:
        return None
    return area_interval(truth == 1, scores[:, 1] - scores[:, 0])
