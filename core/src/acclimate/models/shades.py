"""Channels, range and statistics of the pixels that an image backbone reads."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from acclimate.contracts import BackboneError

UNIT = (0.0, 1.0)
"""Black and white of most backbones, before mean and standard deviation."""
MODES = {1: "L", 3: "RGB"}
"""What Pillow calls images of so many channels."""
_BYTE = 255


def normalised(
    image: Image.Image, *, mean: Sequence[float], std: Sequence[float], values: tuple[float, float]
) -> Tensor:
    """Return the pixels [channels, height, width] in float32: black to white becomes `values`, then less mean by std.

    There are as many channels as means; of one, colours become their luminance (ITU-R 601).
    """
    grey_or_rgb = image.convert(MODES[len(mean)])
    pixels: NDArray[np.float32] = np.asarray(grey_or_rgb, dtype=np.float32) / np.float32(_BYTE)
    pixels = pixels.reshape(image.height, image.width, len(mean))
    if values != UNIT:
        low, high = (np.float32(each) for each in values)
        pixels = low + pixels * (high - low)
    found = (pixels - np.asarray(mean, dtype=np.float32)) / np.asarray(std, dtype=np.float32)
    return torch.from_numpy(np.ascontiguousarray(found.transpose(2, 0, 1)))


def on_unit_scale(
    mean: Sequence[float], std: Sequence[float], values: tuple[float, float]
) -> tuple[list[float], list[float]]:
    """Return the mean and standard deviation that do the same to pixels from 0 to 1."""
    low, high = values
    return [(each - low) / (high - low) for each in mean], [each / (high - low) for each in std]


def light_of(std: Sequence[float], values: tuple[float, float]) -> float:
    """Return by what a change of brightness is multiplied: 1 where pixels are from 0 to 1."""
    return (values[1] - values[0]) / max(1.0, sum(std) / len(std))


def of_channels(statistics: Sequence[float], channels: int, name: str) -> tuple[float, ...]:
    """Return one statistic for each channel; one that all share is repeated, or stands for the one that there is.

    Raises:
        BackboneError: when there are others; when images have other than 1 or 3 channels.
    """
    found = tuple(float(each) for each in statistics)
    if channels not in MODES:
        raise BackboneError(
            f"The backbone reads {channels} channels, and images have 1 or 3.", "Choose another --backbone."
        )
    if len(found) != channels and len(set(found)) == 1:
        found = found[:1] * channels
    if len(found) != channels:
        raise BackboneError(
            f"The backbone reads {channels} channels and has {name} for {len(found)}: {list(found)}.",
            f"Write into its configuration the {name} of each channel that it was trained with.",
        )
    return found


def range_of(processor: Mapping[str, Any]) -> tuple[float, float]:
    """Return what black and white become by a `preprocessor_config.json`, before mean and standard deviation.

    That is `value_range`, where it says so itself; else `rescale_factor` of bytes (1/255), from -1 on with
    `rescale_offset`, as transformers has them.

    Raises:
        BackboneError: when it is no range.
    """
    if "value_range" in processor:
        given = processor["value_range"]
        try:
            low, high = (float(each) for each in given)
        except (TypeError, ValueError):
            low = high = 0.0
        if not -np.inf < low < high < np.inf:
            raise BackboneError(
                f"value_range is what black and white become, two numbers, found {given!r}.", "Such as [-1024, 1024]."
            )
        return low, high
    factor = float(processor.get("rescale_factor", 1 / _BYTE)) if processor.get("do_rescale", True) else 1.0
    low = -1.0 if processor.get("rescale_offset") else 0.0
    high = low + _BYTE * factor
    return UNIT if low == 0 and isclose(high, 1.0, rel_tol=1e-6) else (low, high)
