"""Images that are nearly the same: the same view brighter or darker, scaled, or compressed otherwise.

A 64-bit difference hash picks the pairs worth comparing (N. Krawetz, "Kind of Like That", 2013: whether each of 8 × 8
fields is darker than its right neighbour); the thumbnails of these are then compared by their correlation, which
does not change with brightness and contrast. Images that were mirrored, turned or cropped by a tenth are not found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acclimate.data.repeats import Integers, Repeats, numbered

Floats = NDArray[np.float32]

SIDE = 48
HAMMING = 10
CORRELATION = 0.97
_FIELDS = 8
_TINT = 0.05
_CLOSER = 0.1
_SAMPLE = 1000
_BLOCK = 512
_COMPARED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What an image is compared by.

    `thumbnail` [48, 48] is its grey values from 0 to 255, `bits` the 64 bits of its difference hash as one number,
    and `tint` the shares of red, green and blue in its mean colour.
    """

    thumbnail: NDArray[np.uint8]
    bits: int
    tint: tuple[float, float, float]


def sketch(image: Image.Image) -> Sketch:
    """Return what an upright image of 8 bits, RGB or grey, is compared by."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    grey = small.convert("L")
    fields = np.asarray(grey.resize((_FIELDS + 1, _FIELDS), Image.Resampling.BOX), dtype=np.int16)
    darker = fields[:, :-1] < fields[:, 1:]
    # One channel stands for three that are equal.
    red, green, blue = np.broadcast_to(np.asarray(small).reshape(SIDE * SIDE, -1).mean(axis=0), 3).tolist()
    total = max(red + green + blue, 1.0)
    return Sketch(
        thumbnail=np.asarray(grey),
        bits=int.from_bytes(np.packbits(darker).tobytes(), "big"),
        tint=(red / total, green / total, blue / total),
    )


def repeated_images(fingerprints: Sequence[str], sketches: Sequence[Sketch]) -> Repeats:
    """Return which images are the same file, and which pairs of different ones are near duplicates.

    Near duplicates differ in at most 10 of the 64 bits of their difference hashes, their thumbnails of 48 × 48 grey
    values correlate by more than 0.97, and the shares of red, green and blue in their mean colours differ by at most
    0.05. Where all images look much alike (parts in one fixture), what they share says nothing: the correlation of
    near duplicates then falls short of 1 by less than a tenth of what that of the median pair does. Images without
    any structure (one grey value all over) are near duplicates of none.
    """
    same = numbered(fingerprints)
    first = np.unique(same, return_index=True)[1]
    distinct = [sketches[row] for row in first]
    near = [np.zeros((0, 2), dtype=np.int64)]
    if len(distinct) > 1:
        hashes = np.array([each.bits for each in distinct], dtype=np.uint64)
        thumbnails = _standardised(np.stack([each.thumbnail.ravel() for each in distinct]))
        tints = np.array([each.tint for each in distinct])
        least = _least_correlation(thumbnails)
        near += [_confirmed(pairs, thumbnails, tints, least) for pairs in _likely_pairs(hashes)]
    return Repeats(same=same, near=np.concatenate(near))


def _likely_pairs(hashes: NDArray[np.uint64]) -> Iterator[Integers]:
    """Yield pairs [pairs, 2] of hashes [images] that differ in few bits."""
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK]
        distance = np.bitwise_count(block[:, None] ^ hashes[None, start:])
        first, second = np.nonzero(distance <= HAMMING)
        pairs = np.stack([first, second], axis=1)[first < second] + start
        for at in range(0, len(pairs), _COMPARED):
            yield pairs[at : at + _COMPARED]


def _least_correlation(thumbnails: Floats) -> float:
    """Return the correlation that near duplicates among standardised thumbnails [images, pixels] exceed."""
    some = thumbnails[np.linspace(0, len(thumbnails) - 1, min(len(thumbnails), _SAMPLE)).astype(np.int64)]
    pairs = (some @ some.T)[np.triu_indices(len(some), 1)]
    return max(CORRELATION, 1 - _CLOSER * (1 - float(np.median(pairs))))


def _confirmed(pairs: Integers, thumbnails: Floats, tints: NDArray[np.float64], least: float) -> Integers:
    """Return those of the pairs [pairs, 2] whose standardised thumbnails correlate and whose tints are close."""
    close = np.abs(tints[pairs[:, 0]] - tints[pairs[:, 1]]).max(axis=1) <= _TINT
    pairs = pairs[close]
    one, other = (thumbnails[pairs[:, side]] for side in (0, 1))
    alike: Integers = pairs[np.einsum("ij,ij->i", one, other) > least]
    return alike


def _standardised(thumbnails: NDArray[np.uint8]) -> Floats:
    """Return thumbnails [images, pixels] with a mean of 0 and a length of 1; 0 where all pixels are the same."""
    values = thumbnails.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-3)
    return values
