"""Whether two samples of scores or counts come from one source: distances, their intervals, and what chance gives."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, fisher_exact, ks_2samp

from acclimate.contracts import Score
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.proportions import clopper_pearson, wilson

LEVEL = 0.95
SIGNIFICANT = 0.01
_EMPTY = 0.5  # rows that are added to every bin, so that an empty one has a logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """The two-sample Kolmogorov-Smirnov distance, its p-value, and the distance that so many rows would show."""

    distance: Score
    p: float
    seen_from: float


def bin_edges(scores: Floats, bins: int) -> Floats:
    """Return the inner edges of bins with equally many `scores` [rows], fewer where scores repeat."""
    return np.unique(np.quantile(scores, np.arange(1, bins) / bins, method="inverted_cdf"))


def binned(scores: Floats, edges: Floats) -> Integers:
    """Return how many scores lie in each bin, [edges + 1]; a score on an edge is in the bin below it."""
    return np.bincount(np.searchsorted(edges, scores, side="left"), minlength=len(edges) + 1)


def stability(before: Integers, after: Integers) -> tuple[float, float]:
    """Return the population stability index of counts [bins], and what one pair in a hundred without drift exceeds.

    It is the sum over bins of (after - before) * ln(after / before) of the shares, half a row being added to every
    bin (Siddiqi 2006, "Credit risk scorecards", where 0.1 and 0.25 are the usual limits). Where both samples are of
    one source it is distributed as (1/n + 1/m) times chi-squared with one degree of freedom less than there are bins
    (Yurdakul 2018, "Statistical properties of population stability index", equation 3.6 and its neighbours).
    """
    cells, rows, others = len(before), int(before.sum()), int(after.sum())
    old = (before + _EMPTY) / (rows + _EMPTY * cells)
    new = (after + _EMPTY) / (others + _EMPTY * cells)
    index = float(((new - old) * np.log(new / old)).sum())
    return index, float((1 / rows + 1 / others) * chi2.ppf(1 - SIGNIFICANT, max(1, cells - 1)))


def ks_distance(before: Floats, after: Floats) -> Distance:
    """Return how far two samples are apart, by the largest difference of their distribution functions.

    The interval has at least 95 %: each function lies within the bound of Dvoretzky, Kiefer and Wolfowitz with
    Massart's constant (1990) of the true one with 97.5 %, so that the distance moves by the sum of both at most.
    `seen_from` is the distance at which the p-value falls below 0.01, by its asymptotic form.
    """
    with warnings.catch_warnings():
        # Where scores repeat the exact p-value may fail; scipy says so and takes the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = ks_2samp(before, after)
    distance, rows, others = float(found.statistic), len(before), len(after)
    tail = (1 - LEVEL) / 2
    reach = sum(math.sqrt(math.log(2 / tail) / (2 * size)) for size in (rows, others))
    return Distance(
        distance=Score(value=distance, low=max(0.0, distance - reach), high=min(1.0, distance + reach)),
        p=float(found.pvalue),
        seen_from=min(1.0, math.sqrt(math.log(2 / SIGNIFICANT) / 2 * (1 / rows + 1 / others))),
    )


def exact_share(count: int, rows: int) -> Score:
    """Return a share with the bounds of Clopper and Pearson."""
    low, high = clopper_pearson(count, rows)
    return Score(value=count / rows, low=low, high=high)


def share_difference(before: tuple[int, int], after: tuple[int, int]) -> tuple[Score, float]:
    """Return the second share less the first, of (count, rows), with its interval and the p of Fisher's exact test.

    The interval is that of Newcombe 1998, "Interval estimation for the difference between independent proportions",
    method 10: it has a width where a share is 0 or 1.
    """
    (old, rows), (new, others) = before, after
    (old_low, old_high), (new_low, new_high) = wilson(old, rows), wilson(new, others)
    first, second = old / rows, new / others
    value = second - first
    below = math.hypot(second - new_low, old_high - first)
    above = math.hypot(new_high - second, first - old_low)
    p = float(fisher_exact([[old, rows - old], [new, others - new]]).pvalue)
    return Score(value=value, low=max(-1.0, value - below), high=min(1.0, value + above)), p
