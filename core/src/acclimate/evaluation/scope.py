"""Whether a row has one of the labels at all: scores of it, and from which score a row is kept.

Shapes: `logits` [rows, classes] as the model gives them, scores [rows]: higher means more likely in scope.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import logsumexp, softmax

from acclimate.evaluation.metrics import Floats


def energy(logits: Floats) -> Floats:
    """Return the log of the sum of the exponentials of the logits: the negative free energy (Liu et al. 2020).

    "Energy-based Out-of-distribution Detection". Unlike a probability it tells a row that fits no class from one that
    fits several equally well.
    """
    found: Floats = logsumexp(logits, axis=1)
    return found


def max_probability(logits: Floats) -> Floats:
    """Return the probability of the most likely class (Hendrycks and Gimpel 2017)."""
    found: Floats = softmax(logits, axis=1).max(axis=1)
    return found


SCOPE_SCORES: Mapping[str, Callable[[Floats], Floats]] = {"energy": energy, "max_probability": max_probability}


def retention_threshold(scores: Floats, retention: float) -> float:
    """Return the score from which a share `retention` of rows is kept, or more where some are equal.

    It lies half way to the next row, so that small differences in arithmetic change no decision; below all rows where
    all are kept.
    """
    ranked = np.sort(scores)[::-1]
    kept = min(len(ranked), max(1, int(np.ceil(retention * len(ranked) - 1e-9))))
    after = ranked[kept:][ranked[kept:] < ranked[kept - 1]]
    return float(ranked[kept - 1] + after[0]) / 2 if len(after) else float(ranked[-1]) - 1.0
