"""Scores of a model that learned preferences, from the rewards that its probabilities imply.

The reward of a reply is beta times how much its log-probability rose over the untuned model's (Rafailov et al. 2023,
"Direct preference optimization", section 4). Shapes: `truth` [rows], 1 where the reply in the second column of
`scores` [rows, 2] is wanted and 0 where it is not; the first column is what it is compared with.
"""

import numpy as np

from acclimate.evaluation.metrics import Floats, Integers


def reward_margin(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The mean lead of replies that are wanted, less that of those that are not, if there are such; nan for none."""
    leads, wanted, others = scores[:, 1] - scores[:, 0], weights * (truth == 1), weights * (truth == 0)
    if not wanted.any():
        return float("nan")
    margin = float(np.average(leads, weights=wanted))
    return margin - float(np.average(leads, weights=others)) if others.any() else margin
