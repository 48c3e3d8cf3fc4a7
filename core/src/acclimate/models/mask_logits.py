"""Logits of every pixel of whole images, without gradients: as they are read, and at their own size."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from acclimate.models.pixel_probe import PixelProbe
from acclimate.models.pixels import filled, whole_strides
from acclimate.models.segmenter import Segmenter
from acclimate.models.tiles import tiled

IMAGES_AT_ONCE = 8


def pixel_logits(
    model: Segmenter | PixelProbe, images: Sequence[Tensor], *, precision: str, tile: int = 0
) -> Iterator[tuple[int, Tensor]]:
    """Yield the place of each image [channels, height, width] and its logits [classes, height, width].

    Images of one size are computed together, eight at most; each is filled up below and to the right to multiples of
    32 pixels, and what was filled up is cut off again. They come in no particular order. An image with a side of more
    than `tile` pixels is computed in tiles, eight at a time, where `tile` is not 0.
    """
    model.eval()
    device = next(model.parameters()).device

    def forward(pixels: Tensor) -> Tensor:
        height, width = pixels.shape[-2:]
        pixels = filled(pixels, whole_strides(height, width)).to(device)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            logits: Tensor = model(pixel_values=pixels)
        return logits[..., :height, :width].cpu()

    by_size: dict[tuple[int, int], list[int]] = {}
    for number, image in enumerate(images):
        by_size.setdefault((image.shape[1], image.shape[2]), []).append(number)
    for (height, width), numbers in by_size.items():
        if tile and max(height, width) > tile:
            for number in numbers:
                yield number, tiled(images[number], tile, forward, at_once=IMAGES_AT_ONCE)
            continue
        for start in range(0, len(numbers), IMAGES_AT_ONCE):
            some = numbers[start : start + IMAGES_AT_ONCE]
            yield from zip(some, forward(torch.stack([images[number] for number in some])), strict=True)


def mask_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Return logits [classes, height, width] at another height and width, between pixels bilinearly."""
    if tuple(logits.shape[-2:]) == size:
        return logits
    return interpolate(logits[None], size, mode="bilinear", align_corners=False)[0]
