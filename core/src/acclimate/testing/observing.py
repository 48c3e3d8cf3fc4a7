"""What is observed of a model: its weights, its logits, and its loss on the toy rows."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from acclimate.testing.toy import IGNORED, ToyExamples

State = dict[str, Tensor]


def snapshot(model: nn.Module) -> State:
    """Return a copy of all weights and buffers."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def same(one: State, other: State) -> bool:
    """Return whether two states have the same names and are equal bit for bit."""
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def logits(model: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return a model's logits in evaluation mode, computed where the model is."""
    training_mode = model.training
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        found: Tensor = model(**{name: value.to(device) for name, value in inputs.items()}).cpu()
    model.train(training_mode)
    return found


def loss(model: nn.Module, examples: ToyExamples, size: int = 24) -> float:
    """Return the mean cross-entropy over the rows, or the tokens with a truth, in batches of `size`."""
    total, count = 0.0, 0
    for start in range(0, len(examples), size):
        rows = list(range(start, min(start + size, len(examples))))
        inputs = examples.batch(rows)
        truth = inputs.pop("truth", None)
        if truth is None:
            assert examples.truth is not None
            truth = torch.from_numpy(examples.truth[rows])
        found = logits(model, inputs).double()
        broken = int((~found.isfinite().all(dim=-1) & (truth != IGNORED)).sum())
        assert not broken, f"{broken} of {int((truth != IGNORED).sum())} rows have logits that are not finite"
        total += float(cross_entropy(found.flatten(0, -2), truth.flatten(), ignore_index=IGNORED, reduction="sum"))
        count += int((truth != IGNORED).sum())
    return total / count


def relative(found: Tensor, expected: Tensor) -> float:
    """Return how far logits are from those expected, in parts of the greatest of them where that is above 1."""
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1.0))
