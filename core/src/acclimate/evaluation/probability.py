"""How good the probabilities of a classifier are, in float64.

Shapes: `truth` [rows] the class index of each row; `scores` [rows, classes] natural logarithms of probabilities;
`weights` [rows] how often each row counts. Every score is undefined (nan) where `scores` are no log-probabilities, as
the decision values of a support vector machine are not.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from acclimate.evaluation.metrics import Floats, Integers

BINS = 15


def log_loss(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean of minus the logarithm of the probability given to the true class, in nats from 0 on."""
    if not _are_probabilities(scores):
        return float("nan")
    return float(-weights @ scores[np.arange(len(truth)), truth] / weights.sum())


def brier(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean squared distance of the probabilities from the truth (Brier 1950).

    For two classes it is that of one class's probability, in [0, 1]; for more the sum over classes, in [0, 2].
    """
    if not _are_probabilities(scores):
        return float("nan")
    distance = np.exp(scores)
    distance[np.arange(len(truth)), truth] -= 1.0
    squares = np.square(distance).sum(axis=1)
    return float(weights @ squares / weights.sum()) / (2 if scores.shape[1] == 2 else 1)


def ece(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The expected calibration error of the predicted class, in [0, 1]: how far confidence is from accuracy.

    Rows are sorted by the probability of their predicted class and cut into 15 bins of equal weight; the error is
    the mean distance of confidence from accuracy over bins. Such a mean is above 0 for a perfect model too, since the
    accuracy of a bin varies by chance: what chance adds is estimated and taken off (Kumar, Liang and Ma 2019,
    "Verified uncertainty calibration", here in closed form by the mean of a folded normal). It is 0 at the least.
    """
    if not _are_probabilities(scores):
        return float("nan")
    confidence, right, size = _binned(truth, scores, weights)
    distance = np.abs(confidence - right)
    spread = np.sqrt(right * (1 - right) / size)
    varied = spread > 0
    ratio = distance[varied] / spread[varied]
    expected = distance.copy()
    expected[varied] = spread[varied] * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + distance[varied] * (
        1 - 2 * ndtr(-ratio)
    )
    share = size / size.sum()
    return max(0.0, float(share @ (2 * distance - expected)))


def _binned(truth: Integers, scores: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean confidence, accuracy and weight of each bin that has rows, the least confident first."""
    counted = weights > 0
    truth, scores, weights = truth[counted], scores[counted], weights[counted]
    predicted = scores.argmax(axis=1)
    confidence = np.exp(scores[np.arange(len(truth)), predicted])
    order = confidence.argsort(kind="stable")
    middle = weights[order].cumsum() - weights[order] / 2
    place = np.minimum((BINS * middle / weights.sum()).astype(np.int64), BINS - 1)

    def total(values: Floats) -> Floats:
        return np.bincount(place, (weights * values)[order], BINS).astype(np.float64)

    size = total(np.ones(len(truth)))
    filled = size > 0
    sure, right = total(confidence)[filled], total((predicted == truth).astype(np.float64))[filled]
    return sure / size[filled], right / size[filled], size[filled]


def _are_probabilities(scores: NDArray[np.float64]) -> bool:
    # Of decision values some may overflow when taken as logarithms.
    return bool((scores <= 1e-9).all()) and np.allclose(np.exp(scores).sum(axis=1), 1.0, atol=1e-6)
