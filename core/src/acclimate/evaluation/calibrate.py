"""Calibration: one temperature that divides all logits."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Wide enough for a model that is sure of everything; a better one would be no model at all.
_RANGE = (np.log(0.05), np.log(20.0))


def best_temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Return the temperature that gives the lowest mean log-loss, between 0.05 and 20, and that log-loss.

    Dividing logits by one number changes no ranking and no predicted label (Guo et al. 2017).

    Args:
        logits: [rows, classes].
        truth: [rows], class indices.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(truth)), truth].mean())

    found = minimize_scalar(loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x)), float(found.fun)
