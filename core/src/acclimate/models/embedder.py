"""A sentence encoder: one vector of length one for each text, pooled as the backbone was trained to.

Shapes: [batch, tokens, width] inside the encoder, [batch, width] of what comes out.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from acclimate.models.classifier import Inputs, pool


class Embedder(nn.Module):
    """Vectors of texts, whose product is their cosine.

    `pooling` is "mean", "cls" or "last". It has no head: `head` is empty, and there for methods that look for one.
    """

    new_head = False
    labels: tuple[str, ...] = ()

    def __init__(self, encoder: nn.Module, *, width: int, pooling: str) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Identity()
        self.width, self.pooling = width, pooling

    def features(self, inputs: Inputs) -> Tensor:
        """Return the vectors [batch, width] in float32, each of length one."""
        pooled = pool(self.encoder(**inputs), inputs.get("attention_mask"), self.pooling)
        # Lengths are computed in full precision even under autocast: in bfloat16 cosines differ in the third digit.
        with torch.autocast(pooled.device.type, enabled=False):
            return normalize(pooled.float(), dim=-1)

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the vectors [batch, width], as `features`."""
        return self.features(inputs)
