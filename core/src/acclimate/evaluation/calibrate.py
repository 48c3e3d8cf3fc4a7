"""Calibration: one temperature that divides all logits."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

# Wide enough for a model that is sure of everything; a better one would be no model at all.
_RANGE = (np.log(0.05), np.log(20.0))


def best_temperature(logits: NDArray[np.float64], truth: NDArray[np.integer]) -> tuple[float, float]:
    """Return the temperature that gives the lowest mean log-loss, between 0.05 and 20, and that log-loss.

    Dividing logits by one number changes no ranking and no predicted label (Guo et al. 2017).

    Args:
        logits: [rows, classes].
        truth: [rows], class indices; or [rows, classes] of 0 and 1 where rows may carry several labels, whose
            log-loss
            is the mean over rows and labels.
    """

    def loss(log_temperature: float) -> float:
        cooled = logits / np.exp(log_temperature)
        if truth.ndim == 2:
            return float(-log_expit(np.where(truth > 0, cooled, -cooled)).mean())
        scaled = log_softmax(cooled, axis=1)
        return float(-scaled[np.arange(len(truth)), truth].mean())

    found = minimize_scalar(loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x)), float(found.fun)
