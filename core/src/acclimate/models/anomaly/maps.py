"""From scores of patches to maps of whole images, to regions, and from tiles to one map.

Sizes are (height, width) in pixels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, label, maximum
from torch import Tensor
from torch.nn.functional import interpolate

from acclimate.contracts import DataError, OptionError, Region

Map = NDArray[np.float32]

# In pixels of the image as the backbone reads it, of 224 on a side (Roth et al. 2022, section 3.3).
SIGMA = 4.0
_TOUCHING = np.ones((3, 3))  # pixels that touch by a corner are one region


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A part of an image: its first row and column, and its size."""

    top: int
    left: int
    height: int
    width: int


def anomaly_map(grid: Tensor, *, read: tuple[int, int], size: tuple[int, int], sigma: float = SIGMA) -> Map:
    """Return the scores float32 `size` of every pixel of an image from those of its patches [rows, columns].

    They are enlarged bilinearly to `read`, the size at which the backbone read the image, smoothed there by a
    Gaussian of `sigma` pixels (0 for none; mirrored at the border), and brought bilinearly to `size`.

    Raises:
        DataError: when the grid is not [rows, columns] of finite scores.
    """
    if grid.ndim != 2 or not torch.isfinite(grid).all():
        raise DataError(f"Expected finite scores [rows, columns], found {list(grid.shape)}.", "Give one image.")
    values = _resized(grid.float().cpu(), read).numpy()
    if sigma > 0:
        values = gaussian_filter(values, sigma, mode="reflect")
    return np.asarray(_resized(torch.from_numpy(values), size).numpy(), dtype=np.float32)


def regions(scores: Map, threshold: float, *, least_pixels: int = 1) -> tuple[Region, ...]:
    """Return the regions of a map [height, width] above `threshold`, the highest peak first.

    Those of fewer than `least_pixels` are left out. Pixels that touch by a corner are one region.
    """
    if scores.ndim != 2:
        raise DataError(f"Expected a map [height, width], found {list(scores.shape)}.", "Give one image.")
    labels, count = label(scores > threshold, structure=_TOUCHING)
    numbers = range(1, count + 1)
    pixels = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    peaks: list[float] = list(maximum(scores, labels, numbers)) if count else []
    found = [
        Region(
            top=rows.start,
            left=columns.start,
            bottom=rows.stop,
            right=columns.stop,
            pixels=int(number),
            peak=float(peak),
        )
        for (rows, columns), number, peak in zip(find_objects(labels), pixels, peaks, strict=True)
        if number >= least_pixels
    ]
    return tuple(sorted(found, key=lambda region: -region.peak))


def tiles(size: tuple[int, int], side: int, overlap: int) -> Iterator[Tile]:
    """Yield squares of `side` pixels that cover an image of `size`, each sharing `overlap` or more with the next.

    Rows of tiles and tiles in a row are evenly spaced. Where the image is smaller than a tile the tile is as small.

    Raises:
        OptionError: when the overlap is not from 0 to half of the side.
    """
    if side < 1 or not 0 <= overlap <= side // 2:
        raise OptionError(
            f"Tiles have a side of 1 pixel or more and overlap by at most half of it, found {side} and {overlap}.",
            "Overlap by a quarter of the side.",
        )
    for top in _starts(size[0], side, overlap):
        for left in _starts(size[1], side, overlap):
            yield Tile(top=top, left=left, height=min(side, size[0]), width=min(side, size[1]))


def blended(parts: Iterable[tuple[Tile, Map]], size: tuple[int, int]) -> Map:
    """Return one map `size` from the maps of tiles, which may be computed as they are asked for; none is kept.

    Where tiles overlap they are averaged with weights that fall to their borders as a cosine does.

    Raises:
        DataError: when a map is not of its tile's size, or some pixel lies in no tile.
    """
    total, weights = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    for tile, scores in parts:
        if scores.shape != (tile.height, tile.width):
            raise DataError(
                f"Expected a map of {tile.height} by {tile.width} pixels for a tile, found {list(scores.shape)}.",
                "Bring it to the size of its tile.",
            )
        window = np.outer(_window(tile.height), _window(tile.width))
        place = slice(tile.top, tile.top + tile.height), slice(tile.left, tile.left + tile.width)
        total[place] += window * scores
        weights[place] += window
    if not (weights > 0).all():
        raise DataError(f"{int((weights == 0).sum()):,} pixels lie in no tile.", "Give all that `tiles` yields.")
    return np.asarray(total / weights, dtype=np.float32)


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(values.shape) == size:
        return values
    return interpolate(values[None, None], size, mode="bilinear", align_corners=False)[0, 0]


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    steps = -(-(length - side) // (side - overlap))
    return [round(step * (length - side) / steps) for step in range(steps + 1)]


def _window(length: int) -> Map:
    """Return weights above 0, greatest in the middle."""
    return np.sin(np.pi * (np.arange(length) + 0.5) / length).astype(np.float32)
