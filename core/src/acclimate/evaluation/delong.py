"""The variance of the area under a ROC curve, and of the difference of two (DeLong, DeLong and Clarke-Pearson 1988).

The algorithm by ranks is that of Sun and Xu 2014, "Fast implementation of DeLong's algorithm".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata
from scipy.stats import t as student

from acclimate.contracts import Score
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
    of_members, of_others = _placements(positive, scores)
    count, rest = of_members.shape[1], of_others.shape[1]
    if min(count, rest) < 2:
        covariance = np.full((len(scores), len(scores)), np.nan)
    else:
        covariance = np.atleast_2d(np.cov(of_members)) / count + np.atleast_2d(np.cov(of_others)) / rest
    return Areas(values=of_members.mean(axis=1), covariance=covariance)


def _placements(positive: Positive, scores: Floats) -> tuple[Floats, Floats]:
    """Return the share of rows of the other class that each row outranks, or is outranked by: [curves, rows]."""
    members, others = scores[:, positive], scores[:, ~positive]
    count, rest = members.shape[1], others.shape[1]
    pooled = rankdata(np.concatenate([members, others], axis=1), axis=1)
    of_members: Floats = (pooled[:, :count] - rankdata(members, axis=1)) / rest
    of_others: Floats = 1 - (pooled[:, count:] - rankdata(others, axis=1)) / count
    return of_members, of_others


def area_interval(positive: Positive, score: Floats, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the area under one ROC curve, symmetric in its log-odds so that it stays in [0, 1].

    The variance of the smaller class is itself estimated from few rows, so its width is that of Student's t with one
    degree of freedom less than this class has rows: the cautious choice of the two-sample problem, whose degrees of
    freedom are never fewer (Welch 1938; Brunner and Munzel 2000 for ranks).

    Where the classes do not overlap at all DeLong's variance is 0, which no sample can show: there the bounds are
    those of a proportion of as many rows as the smaller class has.
    """
    found = delong(positive, score[None, :])
    rows = int(min(positive.sum(), (~positive).sum()))
    return _by_log_odds(float(found.values[0]), float(found.covariance[0, 0]), rows, level)


def grouped_area_interval(
    positive: Positive, score: Floats, groups: Sequence[str], *, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval of the area under one ROC curve for rows in groups, each of any rows of either class.

    The variance is that of what whole groups add to the area (Obuchowski 1997, "Nonparametric analysis of clustered
    ROC curve data"), its width Student's t with one degree of freedom less than there are groups. The rest is as for
    `area_interval`; where the classes do not overlap a group counts as one row.
    """
    names, member = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    of_members, of_others = _placements(positive, score[None, :])
    value = float(of_members.mean())
    added = np.empty(len(score))
    added[positive] = (of_members[0] - value) / of_members.shape[1]
    added[~positive] = (of_others[0] - value) / of_others.shape[1]
    of_groups = np.bincount(member, added)
    count = len(names)
    variance = float(of_groups @ of_groups) * count / (count - 1) if count > 1 else math.nan
    if value in (0.0, 1.0):
        count = min(len(np.unique(member[positive])), len(np.unique(member[~positive])))
    return _by_log_odds(value, variance, count, level)


def area(positive: Positive, score: Floats, groups: Sequence[str] | None = None) -> Score:
    """Return the area under one ROC curve with the interval for independent rows, or for rows in `groups` [rows]."""
    if groups is None:
        low, high = area_interval(positive, score)
    else:
        low, high = grouped_area_interval(positive, score, groups)
    return Score(value=float(delong(positive, score[None, :]).values[0]), low=low, high=high)


def _by_log_odds(value: float, variance: float, units: int, level: float) -> tuple[float, float]:
    """Return the bounds of an area whose variance was estimated from `units` rows or groups."""
    if not np.isfinite(variance):
        return math.nan, math.nan
    if value in (0.0, 1.0):
        return wilson(value * units, units, level=level)
    half = float(student.ppf(0.5 + level / 2, units - 1)) * math.sqrt(variance) / (value * (1 - value))
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


def auroc_difference_interval(truth: Integers, scores: Floats, others: Floats) -> tuple[float, float] | None:
    """Return DeLong's interval of a difference on the same rows of two classes that both occur; else None."""
    if scores.shape[1] != 2 or len(np.unique(truth)) != 2:
        return None
    return difference_interval(truth == 1, np.stack([each[:, 1] - each[:, 0] for each in (scores, others)]))[1:]


def auroc_group_interval(truth: Integers, scores: Floats, groups: Sequence[str]) -> tuple[float, float] | None:
    """Return Obuchowski's interval for two classes that both occur, by the difference of their scores; else None."""
    if scores.shape[1] != 2 or len(np.unique(truth)) != 2:
        return None
    return grouped_area_interval(truth == 1, scores[:, 1] - scores[:, 0], groups)
