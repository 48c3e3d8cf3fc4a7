"""Calibration: one temperature that divides all logits."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

# Wide enough for a model that is sure of everything; a better one would be no model at all.
_RANGE = (np.log(0.05), np.log(20.0))


def best_temperature(logits: NDArray[np.float64], truth: NDArray[np.integer]) -> tuple[float, float]:
    """Return the temperature that calibrates logits best, between 0.05 and 20, and the mean log-loss it gives.

    Dividing logits by one number changes no ranking and no predicted label (Guo et al. 2017). Where few rows are all
    right the lowest loss would be that of a model sure of everything. So the temperature is chosen for targets that
    leave each row a chance of 1 / (rows + 2) to be another, as Platt (1999) does for two classes.

    Args:
        logits: [rows, classes].
        truth: [rows], class indices; or [rows, classes] of 0 and 1 where rows may carry several labels, whose
            log-loss is the mean over rows and labels.
    """
    other = 1 / (len(truth) + 2)

    def smoothed(log_temperature: float) -> float:
        cooled = logits / np.exp(log_temperature)
        if truth.ndim == 2:
            signed = np.where(truth > 0, cooled, -cooled)
            return float(-((1 - other) * log_expit(signed) + other * log_expit(-signed)).mean())
        scaled = log_softmax(cooled, axis=1)
        right = scaled[np.arange(len(truth)), truth]
        wrong = (scaled.sum(axis=1) - right) / max(1, scaled.shape[1] - 1)
        return float(-((1 - other) * right + other * wrong).mean())

    found = minimize_scalar(smoothed, bounds=_RANGE, method="bounded", options={"xatol": 1e-4})
    temperature = float(np.exp(found.x))
    return temperature, float(row_losses(logits / temperature, truth).mean())


def row_losses(logits: NDArray[np.float64], truth: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return each row's log-loss, [rows]; of rows with several labels the mean over the labels.

    Args:
        logits: [rows, classes].
        truth: as `best_temperature` takes it.
    """
    if truth.ndim == 2:
        several: NDArray[np.float64] = -log_expit(np.where(truth > 0, logits, -logits)).mean(axis=1)
        return several
    single: NDArray[np.float64] = -log_softmax(logits, axis=1)[np.arange(len(truth)), truth]
    return single
