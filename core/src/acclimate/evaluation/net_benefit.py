"""Decision curves: what it is worth to flag rows by a model, beside flagging all and none (Vickers and Elkin 2006).

Whoever flags from a probability t on says by it that one missed row is as bad as (1 - t) / t false alarms. The net
benefit is the share of rows that is rightly flagged, less the share that is wrongly flagged times t / (1 - t). It is
counted in rightly flagged rows: 0.05 is worth five of a hundred rows found without a single false alarm.

Shapes: `positive` [rows] of booleans, `probability` [rows], calibrated.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from acclimate.contracts import DecisionCurve, NetBenefit
from acclimate.evaluation.intervals import interval, single_rows, whole_groups
from acclimate.evaluation.metrics import Floats

_POINTS = 99
_RESAMPLES = 1000


def decision_curve(
    label: str,
    positive: NDArray[np.bool_],
    probability: Floats,
    *,
    groups: Sequence[str] | None = None,
    prevalence: float | None = None,
    seed: int = 0,
) -> DecisionCurve | None:
    """Return the net benefit by threshold with pointwise 95 % bootstrap bands; None where all rows are of one kind.

    Where `groups` names a group for each row whole groups are drawn. `prevalence` is how common positive rows are in
    use: both kinds of rows are then weighed so, and `probability` must be that for such a mix (`for_prevalence`).
    Thresholds run up to 0.99, or to ten times the share of positive rows where these are rare: above it hardly
    anything is flagged.
    """
    if not positive.any() or positive.all():
        return None
    share = float(positive.mean()) if prevalence is None else prevalence
    thresholds = np.linspace(0.0, min(0.99, 10 * share), _POINTS + 1)[1:]
    reached = np.searchsorted(thresholds, probability, side="right")  # how many thresholds a row reaches

    def benefits(weights: Floats) -> Floats:
        return _benefits(thresholds, reached, positive, weights, prevalence)

    value = benefits(np.ones(len(positive)))
    drawn = np.stack([benefits(weights) for weights in _resamples(positive, groups, seed)] or [value * np.nan])
    units = len(positive) if groups is None else len(set(groups))
    points = [
        NetBenefit(
            threshold=float(thresholds[k]),
            model=interval(float(value[0, k]), drawn[:, 0, k], units),
            all=float(value[1, k]),
            gain=interval(float(value[2, k]), drawn[:, 2, k], units),
        )
        for k in range(_POINTS)
    ]
    return DecisionCurve(label=label, share=share, points=tuple(points), better=tuple(_better(points)))


def for_prevalence(probability: Floats, share: float, prevalence: float) -> Floats:
    """Return the probabilities of rows of which a share `prevalence` is positive, and not `share` as where they fit.

    By Bayes' theorem the odds of each change by the ratio of the two odds, where positive rows look like positive
    rows did, and others like others.
    """
    moved: Floats = expit(logit(probability) + logit(prevalence) - logit(share))
    return moved


def _benefits(
    thresholds: Floats,
    reached: NDArray[np.intp],
    positive: NDArray[np.bool_],
    weights: Floats,
    prevalence: float | None,
) -> Floats:
    """Return the net benefit [3, thresholds] of the model, of flagging all, and how far the model is above both."""
    odds = thresholds / (1 - thresholds)
    right, wrong = (
        np.bincount(reached, weights * of, len(thresholds) + 1)[::-1].cumsum()[::-1] for of in (positive, ~positive)
    )
    if prevalence is not None:
        with np.errstate(invalid="ignore"):  # groups drawn again may lack a kind of rows
            right, wrong = prevalence * right / right[0], (1 - prevalence) * wrong / wrong[0]
    total = right[0] + wrong[0]
    model, everyone = ((r - w * odds) / total for r, w in ((right[1:], wrong[1:]), (right[0], wrong[0])))
    return np.stack([model, everyone, model - np.maximum(everyone, 0.0)])


def _resamples(positive: NDArray[np.bool_], groups: Sequence[str] | None, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    if groups is None:
        return single_rows(positive.astype(np.int64), rng, _RESAMPLES)
    return whole_groups(groups, rng, _RESAMPLES)


def _better(points: Sequence[NetBenefit]) -> Iterator[tuple[float, float]]:
    """Yield the first and the last of neighbouring thresholds at which the model is clearly above all and none."""
    for better, together in groupby(points, key=lambda point: point.gain.low > 0):
        run = list(together)
        if better:
            yield run[0].threshold, run[-1].threshold
