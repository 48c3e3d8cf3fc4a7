"""Two rankings made one: cosines and BM25, where validation queries say that both together find more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEIGHTS = tuple(round(step / 10, 1) for step in range(1, 11))
_SURE = 1.96  # standard errors that a gain must have for an interval of 95 % that leaves out 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFusion:
    """The weight of BM25 that validation queries chose, 0 for none; the gain of the best weight, and its error."""

    weight: float
    best: float
    gain: float
    error: float


def fuse(dense: Floats, words: Floats, weight: float) -> Floats:
    """Return (1 - weight) · cosine + weight · BM25 over its greatest value for the query, [queries, documents].

    Documents that may not be returned have a cosine of -inf, and no say in that greatest value.
    """
    allowed = np.isfinite(dense)
    greatest = np.where(allowed, words, 0.0).max(axis=1, keepdims=True, initial=0.0)
    scaled = words / np.where(greatest > 0, greatest, 1.0)
    return np.where(allowed, (1 - weight) * np.where(allowed, dense, 0.0) + weight * scaled, -np.inf)


def choose_fusion(gains: Callable[[float], Floats], weights: Sequence[float] = WEIGHTS) -> ChosenFusion:
    """Return the weight with the best mean score, or 0 unless its gain is more than chance.

    `gains(weight)` is by query what the ranking with that weight scores more than the cosines alone.
    """
    found = {weight: gains(weight) for weight in weights}
    best = max(found, key=lambda weight: (float(found[weight].mean()), -weight))
    gain = float(found[best].mean())
    error = float(found[best].std(ddof=1) / np.sqrt(len(found[best]))) if len(found[best]) > 1 else float("inf")
    sure = gain > _SURE * error and gain > 0
    return ChosenFusion(weight=best if sure else 0.0, best=best, gain=gain, error=error)
