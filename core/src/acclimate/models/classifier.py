"""An encoder with a linear head: the one model class that every method adapts, for text and images alike.

Shapes: [batch, tokens, width] and [batch, channels, height, width] inside the encoder, [batch, width]
after pooling, [batch, classes] for logits.
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from acclimate.contracts import BackboneError

Inputs = Mapping[str, Tensor]

STAGES = "stages"
# Added to the variance of a feature map: the square root of a dead channel's would have no gradient.
_FLAT = 1e-5


class Classifier(nn.Module):
    """Logits from pooled features.

    `pooling` is "mean", "cls", "last" (token sequences), "own" (the encoder's trained pooling) or "stages"
    (a convolutional encoder's own pooling, joined by the mean and spread of each of its stages); `unit_norm`
    scales features to length one, as sentence encoders do.
    """

    new_head = True
    rows_at_once = 32  # in a forward pass without gradients

    def __init__(
        self,
        encoder: nn.Module,
        *,
        width: int,
        labels: tuple[str, ...],
        pooling: str,
        unit_norm: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, len(labels))
        self.labels = labels
        self.pooling = pooling
        self.unit_norm = unit_norm

    @property
    def width(self) -> int:
        """The number of pooled features."""
        return self.head.in_features

    def features(self, inputs: Inputs) -> Tensor:
        """Return the pooled features [batch, width] in float32."""
        wanted = {"output_hidden_states": True} if self.pooling == STAGES else {}
        outputs = self.encoder(**inputs, **wanted)
        pooled = pool(outputs, inputs.get("attention_mask"), self.pooling).float()
        return normalize(pooled, dim=-1) if self.unit_norm else pooled

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the logits [batch, classes] in float32."""
        features = self.features(inputs)
        # The head is small and decides everything: it is computed in full precision even under autocast.
        with torch.autocast(features.device.type, enabled=False):
            return cast(Tensor, self.head(features))


def pool(outputs: Any, mask: Tensor | None, pooling: str) -> Tensor:
    """Summarise an encoder's output as [batch, width].

    "mean" averages the tokens that `mask` [batch, tokens] keeps, "last" takes the last of them, "cls" the
    first; "own" is the pooling that an image encoder was trained with. Feature maps
    [batch, channels, height, width] are averaged over their pixels.

    "stages" joins "own" with the mean and the standard deviation over the pixels of each stage's map. The last
    layer answers what an image shows; a scratch, a pore or a texture is told by the stages below it, which a
    head can only use when it sees them (Evci et al. 2022, "Head2Toe"; figures in docs/results.md).
    """
    if pooling == STAGES:
        maps = [stage.float().flatten(2) for stage in outputs.hidden_states]  # [batch, channels, pixels]
        spreads = [(stage.var(dim=2, correction=0) + _FLAT).sqrt() for stage in maps]
        means = [stage.mean(dim=2) for stage in maps]
        return torch.cat([outputs.pooler_output.flatten(1).float(), *means, *spreads], dim=1)
    if pooling == "own":
        return cast(Tensor, outputs.pooler_output).flatten(1)
    hidden: Tensor = outputs.last_hidden_state
    if hidden.ndim == 4:  # [batch, channels, height, width]
        return hidden.mean(dim=(2, 3))
    if pooling == "cls":
        return hidden[:, 0]
    if mask is None:
        return hidden.mean(dim=1)
    if pooling == "last":
        # The mask, never the token ids, says where a row ends: padding may share its id with a real token.
        positions = torch.arange(mask.shape[1], device=mask.device)
        last = (mask * positions).argmax(dim=1)
        return hidden[torch.arange(len(hidden), device=hidden.device), last]
    weights = mask.unsqueeze(-1).to(hidden.dtype)  # [batch, tokens, 1]
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def feature_width(encoder: nn.Module, pooling: str) -> int:
    """Return the number of features of an encoder under `pooling`, from its configuration.

    Raises:
        BackboneError: when the configuration does not say.
    """
    inner = getattr(encoder, "timm_model", None)
    if inner is not None:
        own = int(getattr(inner, "head_hidden_size", None) or inner.num_features)
        return own + (2 * sum(stage["num_chs"] for stage in inner.feature_info) if pooling == STAGES else 0)
    config = cast(Any, encoder).config
    for name in ("hidden_size", "d_model", "dim"):
        if isinstance(getattr(config, name, None), int):
            return int(getattr(config, name))
    sizes = getattr(config, "hidden_sizes", None)
    if sizes:
        return int(sizes[-1])
    raise BackboneError(
        f"The width of {type(encoder).__name__} is not in its configuration.",
        "Choose a backbone of another architecture.",
    )


def input_channels(encoder: nn.Module) -> int:
    """Return how many channels of an image an encoder reads: those of its first convolution."""
    return next(module.in_channels for module in encoder.modules() if isinstance(module, nn.Conv2d))


def has_stages(encoder: nn.Module) -> bool:
    """Return whether an encoder is convolutional, with maps that shrink from stage to stage."""
    inner = getattr(encoder, "timm_model", None)
    if inner is None or not hasattr(inner, "forward_intermediates"):
        return False
    return len({stage["reduction"] for stage in inner.feature_info}) > 1
