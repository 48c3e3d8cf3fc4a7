"""From outlines of objects in an image to its mask, a PNG file; pycocotools draws polygons."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acclimate.contracts import DataError, OptionError
from acclimate.data.mask_layers import OVERLAP, layered

Pixels = NDArray[np.bool_]

WORDS: Mapping[str, tuple[str, ...]] = {
    "overlap": OVERLAP,
    "others": ("refuse", "background"),
    "unmasked": ("refuse", "empty"),
}
_CORNERS = 3
_MOST_BITS = 40
_OUTSIDE = 1.0  # pixels by which tools that round leave the image


def check_words(**given: str) -> None:
    """Raise OptionError for a value that an option does not have."""
    for name, value in given.items():
        if value not in WORDS[name]:
            raise OptionError(f"{name} is {' or '.join(WORDS[name])}, found {value!r}.", "Correct it (--read).")


def places_of(names: Iterable[str], classes: Sequence[str], *, others: str, source: str) -> dict[str, int]:
    """Return by the name of a category its place in `classes`; that of others is 0 where they are background.

    Raises:
        DataError: a category is none of the classes, and `others` are to be refused.
    """
    known = {name: place for place, name in enumerate(classes)}
    names = list(names)
    strange = [name for name in names if name not in known]
    if strange and others == "refuse":
        shown = ", ".join(map(repr, strange[:10]))
        raise DataError(
            f"{source} outlines {shown}, which {'is' if len(strange) == 1 else 'are'} none of the classes "
            f"{', '.join(classes)}.",
            f"Name them: --classes '{','.join(['background', *names])}', or not: --read others=background.",
        )
    return {name: known.get(name, 0) for name in names}


def polygon(corners: Sequence[Any], size: tuple[int, int]) -> Pixels:
    """Return the pixels [height, width] inside of a polygon x1, y1, x2, y2, …, in pixels of an image of `size`.

    `size` is (width, height).

    Raises:
        ValueError: fewer than three corners, half a corner, or one that is no number or lies outside of the image.
    """
    least = 2 * _CORNERS
    if len(corners) % 2 or len(corners) < least:
        raise ValueError(f"a polygon has {len(corners)} numbers; it takes x and y of {_CORNERS} corners or more")
    try:
        found = np.array(corners, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("a polygon has corners that are no numbers") from None
    x, y = found[0::2], found[1::2]
    low, high = min(x.min(), y.min()), max(x.max() - size[0], y.max() - size[1])
    if not (np.isfinite(found).all() and low >= -_OUTSIDE and high <= _OUTSIDE):
        raise ValueError(
            f"a polygon lies outside of the {size[0]} × {size[1]} pixels: x from {x.min():g} to {x.max():g}, "
            f"y from {y.min():g} to {y.max():g}"
        )
    tool = _tool()
    pixels: Pixels = tool.decode(tool.frPyObjects([found.tolist()], size[1], size[0])[0]).astype(np.bool_)
    return pixels


def run_lengths(given: Mapping[str, Any], size: tuple[int, int]) -> Pixels:
    """Return the pixels [height, width] that run lengths mark, compressed or not, in an image of `size`.

    They run down the columns and begin with those that are not marked. `size` is (width, height).

    Raises:
        ValueError: they are of another size, are damaged, or do not add up to it.
    """
    width, height = size
    if given.get("size") != [height, width]:
        raise ValueError(
            f"run lengths are of the size {given.get('size')}, the image has {height} rows of {width} pixels"
        )
    counts = given.get("counts")
    if isinstance(counts, str):
        counts = list(_uncompressed(counts))
    if not isinstance(counts, list) or not all(isinstance(each, int) and each >= 0 for each in counts):
        raise ValueError("run lengths have counts that are neither a text nor a list of whole numbers from 0 on")
    if sum(counts) != width * height:
        raise ValueError(f"run lengths add up to {sum(counts):,} pixels of {width * height:,}")
    marked = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return marked.reshape(width, height).T


def _uncompressed(text: str) -> Iterator[int]:
    """Yield the run lengths of COCO's text, from the fourth on each written as what it is above the last but one.

    A character holds five bits, from the lowest on, and is 48 more than they are; 32 says that more follow, and 16 in
    the last one that the number is negative (cocodataset/cocoapi, common/maskApi.c, rleToString).
    """
    found: list[int] = []
    number = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > _MOST_BITS:
            raise ValueError("run lengths are a text that is damaged")
        number |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        number -= (1 << shift) if bits & 0x10 else 0
        number += found[-2] if len(found) > 2 else 0
        found.append(number)
        yield number
        number = shift = 0
    if shift:
        raise ValueError("run lengths are a text that breaks off")


def drawn(
    objects: Iterable[tuple[int, Pixels]], size: tuple[int, int], classes: Sequence[str], *, overlap: str
) -> bytes:
    """Return the mask of an image of `size` (width, height) as a PNG file; see `layered`."""
    stream = io.BytesIO()
    Image.fromarray(layered(objects, (size[1], size[0]), classes, overlap=overlap)).save(stream, format="PNG")
    return stream.getvalue()


def _tool() -> Any:
    try:
        from pycocotools import mask
    except ImportError as error:
        raise OptionError(
            "Outlines of masks need the package 'pycocotools'.", "Install it: pip install 'acclimate[segmentation]'."
        ) from error
    return mask
