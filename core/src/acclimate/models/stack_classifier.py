"""A classifier of stacks of images: each slice is encoded by itself, attention pools them, a linear head decides.

Shapes: [batch, slices, channels, height, width] pixels, [batch, slices, width] features of slices, [batch, slices]
for the mask (true where there is a slice) and for the weights, [batch, width] after pooling.
"""

from typing import cast

import torch
from torch import Tensor, nn

from acclimate.models.classifier import Classifier, Inputs

ATTENTION_WIDTH = 128
# Slices that the encoder takes at once where nothing is learned from them: what is held between its layers.
_SLICES_AT_ONCE = 32
_LEAST_SCALE = 1e-6


class GatedAttention(nn.Module):
    """Pool the slices of a stack by gated attention (Ilse, Tomczak and Welling 2018, equation 9).

    The weight of slice k is the softmax over the slices of w · (tanh(V h_k) ⊙ sigmoid(U h_k)), with w, V and U
    learned and h_k its features, standardised by the slices that train. At first w is 0: all slices weigh the same,
    and the pooled features are their mean.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int, attention_width: int = ATTENTION_WIDTH) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        self.tanh = nn.Linear(width, attention_width)
        self.gate = nn.Linear(width, attention_width)
        self.score = nn.Linear(attention_width, 1, bias=False)
        nn.init.zeros_(self.score.weight)

    def standardise_by(self, mean: Tensor, deviation: Tensor) -> None:
        """Take the mean and standard deviation [width] of slices; features that do not vary are left as they are."""
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(deviation > _LEAST_SCALE, deviation, torch.ones_like(deviation)))

    def standardised(self, features: Tensor) -> Tensor:
        """Return features [..., width], or their means over slices, in units of their deviation."""
        return (features - self.mean) / self.scale

    def forward(self, slices: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled features [batch, width] of slices [batch, slices, width], and their weights."""
        features = self.standardised(slices)
        scores = self.score(torch.tanh(self.tanh(features)) * torch.sigmoid(self.gate(features))).squeeze(-1)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)  # [batch, slices], 0 where there is no slice
        return torch.einsum("bs,bsw->bw", weights, features), weights


class StackClassifier(Classifier):
    """Logits from the slices of a stack; `pooling` and `unit_norm` say how the encoder summarises one slice.

    Inputs are `slice_mask` with `pixel_values`, or with `slice_features` where the encoder was run before. What
    stands beyond a stack's last slice is neither encoded nor weighed.
    """

    rows_at_once = 2

    def __init__(
        self,
        encoder: nn.Module,
        *,
        width: int,
        labels: tuple[str, ...],
        pooling: str,
        unit_norm: bool = False,
        attention_width: int = ATTENTION_WIDTH,
    ) -> None:
        super().__init__(encoder, width=width, labels=labels, pooling=pooling, unit_norm=unit_norm)
        self.pooler = GatedAttention(width, attention_width)

    def encode(self, inputs: Inputs) -> Tensor:
        """Return the features [slices, width] of single slices, `pixel_values` [slices, channels, height, width]."""
        return super().features(inputs)

    def features(self, inputs: Inputs) -> Tensor:
        """Return the pooled features [batch, width] in float32."""
        return self.attended(inputs)[0]

    def attended(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Return the pooled features [batch, width], and the weights [batch, slices] of the slices."""
        slices = self._slices(inputs)
        with torch.autocast(slices.device.type, enabled=False):
            pooled, weights = self.pooler(slices.float(), inputs["slice_mask"])
        return pooled, weights

    def explained(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Return the logits [batch, classes], and the weights [batch, slices] of the slices."""
        pooled, weights = self.attended(inputs)
        with torch.autocast(pooled.device.type, enabled=False):
            return cast(Tensor, self.head(pooled)), weights

    def _slices(self, inputs: Inputs) -> Tensor:
        """Return the features of slices [batch, slices, width], 0 where there is none."""
        if "slice_features" in inputs:
            return inputs["slice_features"]
        mask = inputs["slice_mask"]
        pixels = inputs["pixel_values"][mask].contiguous(memory_format=torch.channels_last)
        whole = torch.is_grad_enabled()
        parts = [pixels] if whole else torch.split(pixels, _SLICES_AT_ONCE)
        encoded = torch.cat([self.encode({"pixel_values": part}) for part in parts])  # [slices there are, width]
        features = encoded.new_zeros(*mask.shape, encoded.shape[1])
        features[mask] = encoded
        return features


class OneSlice(nn.Module):
    """A classifier of stacks as one of single images, each a stack with one slice: what a slice says by itself."""

    def __init__(self, model: StackClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the logits [batch, classes] of images [batch, channels, height, width]."""
        mask = torch.ones(len(pixel_values), 1, dtype=torch.bool, device=pixel_values.device)
        return cast(Tensor, self.model(pixel_values=pixel_values.unsqueeze(1), slice_mask=mask))
