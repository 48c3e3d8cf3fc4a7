"""What a classifier of stacks says of rows, and which of their slices weighed how much."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate.models.infer import Examples, batches
from acclimate.models.stack_classifier import StackClassifier


def explained_logits(
    model: StackClassifier, examples: Examples, *, precision: str
) -> Iterator[tuple[list[str], NDArray[np.float64], list[NDArray[np.float64]]]]:
    """Yield ids, logits [batch, classes] and of each row the weights [slices] of its slices, which sum to 1.

    Rows come in no particular order.
    """
    model.eval()
    device = model.head.weight.device
    for rows in batches(examples, range(len(examples)), model.rows_at_once):
        inputs = {name: value.to(device) for name, value in examples.batch(rows).items()}
        with (
            torch.inference_mode(),
            torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"),
        ):
            logits, weights = model.explained(inputs)
        masks = inputs["slice_mask"].cpu().numpy()
        told = [row[mask] for row, mask in zip(weights.double().cpu().numpy(), masks, strict=True)]
        yield [examples.ids[row] for row in rows], logits.double().cpu().numpy(), told
