"""Large images in tiles: squares that overlap, computed a few at a time and blended where they meet.

The weight of a tile grows from its edge inwards over the least overlap, a quarter of its side, since pixels at an
edge know only one side of what is around them.
"""

from collections.abc import Callable
from itertools import product
from math import ceil

import torch
from torch import Tensor, nn

from acclimate.models.pixel_probe import features_at
from acclimate.models.pixels import filled, whole_strides

_OVERLAP = 4  # neighbours share at least this part of a side
Forward = Callable[[Tensor], Tensor]


def starts(length: int, tile: int) -> list[int]:
    """Return where tiles begin along a side of an image, evenly apart; the last one ends where the image does."""
    if length <= tile:
        return [0]
    steps = ceil((length - tile) / (tile - tile // _OVERLAP))
    return [round(step * (length - tile) / steps) for step in range(steps + 1)]


def tiled(pixels: Tensor, tile: int, forward: Forward, *, at_once: int) -> Tensor:
    """Return logits [classes, height, width] of an image [channels, height, width], blended from those of its tiles.

    `forward` gives the logits [tiles, classes, height, width] of at most `at_once` tiles [tiles, channels, height,
    width], all of one size.
    """
    height, width = pixels.shape[-2:]
    rows, columns = _windows(height, tile), _windows(width, tile)
    places = list(product(rows, columns))
    total: Tensor | None = None
    for first in range(0, len(places), at_once):
        some = places[first : first + at_once]
        cut = [pixels[:, top : top + len(high), left : left + len(wide)] for (top, high), (left, wide) in some]
        for ((top, high), (left, wide)), logits in zip(some, forward(torch.stack(cut)), strict=True):
            if total is None:
                total = torch.zeros(len(logits), height, width)
            total[:, top : top + len(high), left : left + len(wide)] += logits * high[:, None] * wide
    assert total is not None, "an image has at least one tile"
    return total.div_(_sums(rows, height)[:, None]).div_(_sums(columns, width))


def tiled_features(encoder: nn.Module, pixels: Tensor, places: Tensor, tile: int) -> Tensor:
    """Return the values of all maps [places, channels] at places [places, 2] (row, column) of an image.

    Each place is looked up in the tile whose middle is nearest; the tiles are computed one after the other.
    `pixels` are [channels, height, width], of any size.
    """
    height, width = pixels.shape[-2:]
    rows, columns = (torch.tensor(starts(length, tile)) for length in (height, width))
    tops = _nearest(places[:, 0], rows, min(tile, height))
    lefts = _nearest(places[:, 1], columns, min(tile, width))
    found: Tensor | None = None
    for top, left in torch.unique(torch.stack([tops, lefts], dim=1), dim=0).tolist():
        mine = (tops == top) & (lefts == left)
        cut = pixels[:, top : top + tile, left : left + tile]
        cut = filled(cut, whole_strides(*cut.shape[-2:]))
        values = features_at(encoder, cut, places[mine].to(cut.device) - torch.tensor([top, left], device=cut.device))
        if found is None:
            found = values.new_empty(len(places), values.shape[1])
        found[mine] = values
    assert found is not None, "there is at least one place"
    return found


def _windows(length: int, tile: int) -> list[tuple[int, Tensor]]:
    """Return of each tile along a side where it begins, and the weight of each of its pixels."""
    size = min(length, tile)
    from_edge = torch.minimum(torch.arange(1, size + 1), torch.arange(size, 0, -1))
    weights = from_edge.clamp(max=max(1, tile // _OVERLAP)).float()
    return [(start, weights) for start in starts(length, tile)]


def _sums(windows: list[tuple[int, Tensor]], length: int) -> Tensor:
    sums = torch.zeros(length)
    for start, weights in windows:
        sums[start : start + len(weights)] += weights
    return sums


def _nearest(places: Tensor, starts: Tensor, size: int) -> Tensor:
    """Return of each place [places] the start of the tile whose middle is nearest."""
    away = (places.cpu()[:, None] - (starts + (size - 1) / 2)).abs()
    return starts[away.argmin(dim=1)]
