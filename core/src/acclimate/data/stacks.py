"""Stacks of images: files with several pages, such as a TIFF, of which each page is a slice."""

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from acclimate.contracts import DataError
from acclimate.data.image_repeats import SIDE, sketch
from acclimate.data.images import DAMAGE, Examined, check_size, reason_of, rgb

_PAGE_NAME = 285  # of TIFF 6.0, section 12: "the name of the page from which this image was scanned"
_MOST_PIXELS = 1_000_000_000  # of all slices together; Pillow looks at single pages
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The slices of a stack in order, 8-bit RGB and upright, and the name of each, which no other has."""

    images: tuple[Image.Image, ...]
    names: tuple[str, ...]


def open_stack(path: str | Path) -> Stack:
    """Return the pages of a file as slices; each is read as `open_image` reads an image.

    A slice is called by the page name (tag 285) of a TIFF, where all pages have short ones that differ, and else by
    its number, from 1. A file with one page is a stack of one slice.

    Raises:
        DataError: the file is missing, empty or damaged; a page is one that `open_image` refuses; there are more than
            a thousand million pixels.
    """
    try:
        return _read(Path(path).read_bytes())[0]
    except DAMAGE as error:
        raise DataError(f"The stack {str(path)!r} cannot be used: {reason_of(error)}.") from error


def slice_names(path: str | Path) -> tuple[str, ...]:
    """Return the names of the slices of a stack, without decoding any.

    Raises:
        DataError: as `open_stack`, for what its headers tell.
    """
    try:
        with Image.open(path) as image:
            return _named([_name(page) for page in ImageSequence.Iterator(image)])
    except DAMAGE as error:
        raise DataError(f"The stack {str(path)!r} cannot be used: {reason_of(error)}.") from error


def stack_shape(path: str | Path) -> tuple[int, int, int]:
    """Return the slices of a stack, and the rows and columns of the first, without decoding any.

    Raises:
        DataError: as `open_stack`, for what its headers tell.
    """
    try:
        with Image.open(path) as image:
            return _pages(image), image.height, image.width
    except DAMAGE as error:
        raise DataError(f"The stack {str(path)!r} cannot be used: {reason_of(error)}.") from error


def examined_stack(path: str) -> Examined | str:
    """Return what is known of a stack once all of it was decoded, or the reason why it cannot be used.

    Its sketch is that of all slices side by side.
    """
    try:
        data = Path(path).read_bytes()
        stack, mode, kind = _read(data)
        width, height = stack.images[0].size
        return Examined(
            fingerprint=hashlib.sha256(data).hexdigest(),
            sketch=sketch(_side_by_side(stack.images)),
            size=f"{width} × {height}",
            mode=mode,
            format=kind,
        )
    except DAMAGE as error:
        return reason_of(error)


def _read(data: bytes) -> tuple[Stack, str, str]:
    """Return a stack, Pillow's mode of its first page, and the file format."""
    if not data:
        raise ValueError("the file is empty (zero bytes)")
    with Image.open(io.BytesIO(data)) as image:
        pages = _pages(image)
        if pages * image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"its {pages:,} slices have more than {_MOST_PIXELS:,} pixels")
        mode, kind = image.mode, image.format or ""
        slices, names = [], []
        for page in ImageSequence.Iterator(image):
            check_size(page)
            names.append(_name(page))
            slices.append(rgb(ImageOps.exif_transpose(page)))
    return Stack(images=tuple(slices), names=_named(names)), mode, kind


def _pages(image: Any) -> int:
    return int(getattr(image, "n_frames", 1))


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of pages where all have one and they differ, else their numbers."""
    if all(names) and len(set(names)) == len(names):
        return tuple(names)
    return tuple(str(number) for number in range(1, len(names) + 1))


def _name(page: Any) -> str:
    name = str(getattr(page, "tag_v2", {}).get(_PAGE_NAME, "")).strip()
    return name if len(name) <= _LONGEST_NAME else ""


def _side_by_side(images: tuple[Image.Image, ...]) -> Image.Image:
    columns = math.ceil(math.sqrt(len(images)))
    sheet = Image.new("RGB", (columns * SIDE, math.ceil(len(images) / columns) * SIDE))
    for place, image in enumerate(images):
        small = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        sheet.paste(small, (place % columns * SIDE, place // columns * SIDE))
    return sheet
