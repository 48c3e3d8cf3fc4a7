"""Masks put together from what was outlined of each class."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

OVERLAP = ("refuse", "last")


def layered(
    layers: Iterable[tuple[int, NDArray[np.bool_]]], size: tuple[int, int], classes: Sequence[str], *, overlap: str
) -> NDArray[np.uint8]:
    """Return the class of each pixel [height, width] of an image of `size` (height, width).

    `layers` are a place in `classes` and the pixels [height, width] that belong to it, in any number for each; what
    is in none is the first class. Where two classes are at one pixel the "last" in the order of the classes counts.

    Raises:
        ValueError: two classes are at one pixel, and `overlap` is "refuse".
    """
    inside: dict[int, NDArray[np.bool_]] = {}
    for place, here in layers:
        inside[place] = inside[place] | here if place in inside else here
    mask = np.zeros(size, dtype=np.uint8)
    for place in sorted(set(inside) - {0}):
        below = mask[inside[place]]
        if overlap == "refuse" and below.any():
            first = classes[int(below[below > 0][0])]
            raise ValueError(
                f"{classes[place]!r} and {first!r} overlap at {int((below > 0).sum()):,} pixels; the later in the "
                "order of classes counts with --read overlap=last"
            )
        mask[inside[place]] = place
    return mask
