"""The head that a model's features call for, put into the model."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods
from acclimate.models import Classifier, Entailer, Tagger


def put_head(
    model: Classifier | Tagger | Entailer,
    features: NDArray[np.float32],
    truth: NDArray[np.integer],
    *,
    groups: Sequence[str] | None,
    seed: int,
    solver: Literal["sklearn", "torch"] = "sklearn",
    loud: int = 0,
) -> methods.Head:
    """Solve the head on the features [rows, width] of the training rows, give it to the model and return it.

    `loud` is as for `methods.solve_head`.
    """
    classes = model.head.out_features
    head = methods.solve_head(features, truth, classes, groups=groups, seed=seed, solver=solver, loud=loud)
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(head.weight))
        model.head.bias.copy_(torch.from_numpy(head.bias))
    return head
