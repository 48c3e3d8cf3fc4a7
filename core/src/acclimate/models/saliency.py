"""What in an input spoke for a label: integrated gradients (Sundararajan, Taly and Yan 2017), where positive.

The gradient of the label's logit is averaged on the way from an empty input (zero embeddings, a grey image) to the
one at hand, and multiplied with it. It is a hint where to look, not an explanation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d, interpolate

from acclimate.models.classifier import Classifier

STEPS = 16
# Single pixels of a gradient are noise: pixels are averaged over a grid of so many cells each way.
_CELLS = 14


def token_saliency(model: Classifier, inputs: Mapping[str, Tensor], classes: Sequence[int]) -> Tensor:
    """Return [batch, tokens] in [0, 1]: how much each token spoke for the class of its row; 1 is the row's most."""
    point: dict[str, Any] = {"share": 1.0}

    def scale(_module: Any, _arguments: Any, output: Tensor) -> Tensor:
        point.setdefault("whole", output.detach())
        point["at"] = (point["whole"] * point["share"]).requires_grad_()
        return cast(Tensor, point["at"])

    def at(share: float) -> tuple[Mapping[str, Tensor], Callable[[], Tensor]]:
        point["share"] = share
        return inputs, lambda: point["at"]

    handle = cast(Any, model.encoder).get_input_embeddings().register_forward_hook(scale)
    try:
        gradient = _mean_gradient(model, classes, at)
    finally:
        handle.remove()
    # Virtual tokens, where a method adds some, stand before those of the text.
    spoke = (gradient * point["whole"]).sum(dim=-1)[:, -inputs["input_ids"].shape[1] :]
    return _scaled(spoke * inputs["attention_mask"])


def pixel_saliency(model: nn.Module, inputs: Mapping[str, Tensor], classes: Sequence[int]) -> Tensor:
    """Return [batch, height, width] in [0, 1]: how much each place spoke for the class of its row.

    Of volumes it is [batch, depth, height, width].
    """
    pixels = inputs["pixel_values"].detach()

    def at(share: float) -> tuple[Mapping[str, Tensor], Callable[[], Tensor]]:
        here = (pixels * share).requires_grad_()
        return {**inputs, "pixel_values": here}, lambda: here

    spoke = (_mean_gradient(model, classes, at) * pixels).sum(
        dim=1, keepdim=True
    )  # [batch, 1, (depth,) height, width]
    size = spoke.shape[2:]
    cell = [max(1, side // _CELLS) for side in size]
    volumes = len(size) == 3
    coarse = (avg_pool3d if volumes else avg_pool2d)(spoke, cell, stride=cell)
    smooth = interpolate(coarse, size=size, mode="trilinear" if volumes else "bilinear", align_corners=False)
    return _scaled(smooth.squeeze(1))


def _mean_gradient(
    model: nn.Module,
    classes: Sequence[int],
    at: Callable[[float], tuple[Mapping[str, Tensor], Callable[[], Tensor]]],
) -> Tensor:
    """Return the mean gradient, over points of the way, of each row's logit of its class less the mean logit."""
    model.eval()
    total: Tensor | None = None
    for step in range(STEPS):
        inputs, of = at((step + 0.5) / STEPS)
        with torch.enable_grad():
            logits = model(**inputs)
            chosen = logits[torch.arange(len(logits)), torch.as_tensor(classes, device=logits.device)]
            gradient = torch.autograd.grad((chosen - logits.mean(dim=1)).sum(), of())[0]
        total = gradient if total is None else total + gradient
    assert total is not None
    return total / STEPS


def _scaled(spoke: Tensor) -> Tensor:
    positive = spoke.clamp(min=0.0)
    highest = positive.flatten(1).amax(dim=1).clamp(min=torch.finfo(positive.dtype).tiny)
    return (positive / highest.view(-1, *[1] * (spoke.ndim - 1))).cpu()
