"""The head that a model's features call for, put into the model."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods
from acclimate.models import Classifier


def put_head(
    model: Classifier,
    features: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> methods.Head:
    """Solve the head on the features [rows, width] of the training rows, give it to the model and return it."""
    head = methods.solve_head(features, truth, model.head.out_features, groups=groups, seed=seed)
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(head.weight))
        model.head.bias.copy_(torch.from_numpy(head.bias))
    return head
