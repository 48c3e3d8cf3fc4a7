"""Masks of whole images at their own size, a few images at a time."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import adaptive_avg_pool2d

from acclimate import models
from acclimate.models import PixelPreprocessing, PixelProbe, Segmenter

Truth = NDArray[np.uint8]
GRID = 16


def predicted(
    model: Segmenter | PixelProbe, preprocessing: PixelPreprocessing, images: Sequence[Image.Image], *, precision: str
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the place of each image and its logits [classes, height, width] at its own size, in no order."""
    pixels = [preprocessing(image) for image in images]
    for number, logits in models.pixel_logits(model, pixels, precision=precision, tile=preprocessing.tile):
        width, height = images[number].size
        yield number, models.mask_logits(logits, (height, width))


def mask_of(logits: torch.Tensor) -> Truth:
    """Return the most likely class of each pixel [height, width] from logits [classes, height, width]."""
    return logits.argmax(dim=0).numpy().astype(np.uint8)


def coarse(logits: torch.Tensor) -> NDArray[np.float32]:
    """Return the mean logits [classes, 16, 16] of the fields of a grid over an image: what a run is compared by."""
    return adaptive_avg_pool2d(logits[None].float(), GRID)[0].numpy()


def in_order(
    model: Segmenter | PixelProbe,
    preprocessing: PixelPreprocessing,
    opened: Callable[[int], Image.Image],
    rows: Sequence[int],
    *,
    precision: str,
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the number of each row and the logits of its image at its own size, in order; few are in memory."""
    at_once = 1 if preprocessing.tile else models.IMAGES_AT_ONCE
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        found = dict(predicted(model, preprocessing, [opened(row) for row in some], precision=precision))
        for number, row in enumerate(some):
            yield row, found[number]
