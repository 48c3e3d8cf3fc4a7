"""A linear layer on the maps of an unchanged encoder: what a decoder has to beat."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate


class PixelProbe(nn.Module):
    """Logits of every pixel from the maps of all stages at its place, each map enlarged bilinearly.

    `weight` [classes, channels of all stages] and `bias` [classes] are those of a linear layer on the maps side by
    side (hypercolumns: Hariharan et al. 2015).
    """

    def __init__(self, encoder: nn.Module, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the logits [batch, classes, height, width] in float32."""
        maps = stage_maps(self.encoder, pixel_values)
        return linear(maps, cast(Tensor, self.weight), cast(Tensor, self.bias), pixel_values.shape[-2:])


def linear(maps: Sequence[Tensor], weight: Tensor, bias: Tensor, size: Sequence[int]) -> Tensor:
    """Return [batch, classes, *size]: a linear layer on maps side by side, each of which is enlarged bilinearly."""
    logits = bias[None, :, None, None]
    for each, own in zip(maps, torch.split(weight, [each.shape[1] for each in maps], dim=1), strict=True):
        small = conv2d(each.float(), own[:, :, None, None])
        logits = logits + interpolate(small, list(size), mode="bilinear", align_corners=False)
    return logits


def stage_maps(encoder: nn.Module, pixel_values: Tensor) -> Sequence[Tensor]:
    """Return the map of each stage [batch, channels, height, width]."""
    outputs = encoder(pixel_values=pixel_values, output_hidden_states=True, do_pooling=False)
    return cast(Sequence[Tensor], outputs.hidden_states)


def features_at(encoder: nn.Module, pixels: Tensor, places: Tensor) -> Tensor:
    """Return the values of all maps [places, channels] at places [places, 2] (row, column) of an image, bilinearly.

    `pixels` are [channels, height, width], height and width multiples of 32.
    """
    height, width = pixels.shape[-2:]
    scale = torch.tensor([width, height], device=pixels.device)
    grid = ((places.flip(1) + 0.5) / scale * 2 - 1)[None, None]  # [1, 1, places, 2], as x and y from -1 to 1
    found = [
        torch.nn.functional.grid_sample(each.float(), grid, padding_mode="border", align_corners=False)[0, :, 0]
        for each in stage_maps(encoder, pixels[None])
    ]
    return torch.cat(found).T
