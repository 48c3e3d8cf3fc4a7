"""The cost of a misrouted enquiry."""

import numpy as np
from numpy.typing import NDArray


def handovers(truth: NDArray[np.int64], scores: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean number of desks asked in vain when an enquiry goes from the likeliest desk downwards, 0 at best.

    `truth` [rows], `scores` [rows, desks], `weights` [rows]; desks with the same score are asked in random order.
    """
    own = np.take_along_axis(scores, truth[:, None], axis=1)  # [rows, 1]
    before = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2
    return float(weights @ before / weights.sum())
