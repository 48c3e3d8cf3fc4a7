"""Masks: read the same way everywhere, and checked against their images before anything is trained on them.

A mask is a picture with one channel whose values are places in the list of classes; of two classes the second may be
255 as well as 1.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from PIL import Image

from acclimate.contracts import DataError
from acclimate.data.images import DAMAGE, reason_of

Values = NDArray[np.uint8]

BACKGROUND, FOREGROUND = "background", "foreground"
MOST_CLASSES = 256
_SHOWN = 10
_ONE_CHANNEL = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)  # EXIF: the orientations that swap height and width


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedMask:
    """What is known of a mask: the SHA-256 of its file in hexadecimal, and which classes it holds, by number."""

    fingerprint: str
    present: tuple[int, ...]


def read_classes(given: str) -> tuple[str, ...]:
    """Return the names of the classes, the background first: from "background,lesion", or a file with one on a line.

    Nothing given is ("background", "foreground").

    Raises:
        DataError: for fewer than two names, more than 256, an empty one, or one that is there twice.
    """
    if not given:
        return BACKGROUND, FOREGROUND
    in_file = "," not in given and Path(given).is_file()
    text = Path(given).read_text(encoding="utf-8").strip().replace("\n", ",") if in_file else given
    names = tuple(part.strip() for part in text.split(","))
    if not 2 <= len(names) <= MOST_CLASSES or not all(names) or len(set(names)) < len(names):
        raise DataError(
            f"classes are 2 to {MOST_CLASSES} different names, the background first, found {', '.join(names)!r}.",
            "Such as classes='background,lesion', or a file with one name on each line.",
        )
    return names


def examine_masks(rows: Dataset, classes: Sequence[str], *, workers: int | None = None) -> list[ExaminedMask]:
    """Return what is known of each mask of rows with `image` and `mask`, after decoding every one of them in full.

    Raises:
        DataError: one error for all masks that are missing or damaged, have several channels, another size than
            their upright image, or values that stand for no class; it names the first ten.
    """
    paths, images = rows["mask"][:], rows["image"][:]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        results = list(pool.map(partial(_examined, classes=classes), paths, images))
    bad = [f"{path}: {reason}" for path, reason in zip(paths, results, strict=True) if isinstance(reason, str)]
    if bad:
        rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
        raise DataError(
            "\n  ".join([f"{len(bad):,} of {len(paths):,} masks cannot be used:", *bad[:_SHOWN], *rest]) + "\n",
            f"A mask has one channel and the size of its image; its values are {_meaning(classes)}. "
            "Name other classes with classes (--classes).",
        )
    return [result for result in results if isinstance(result, ExaminedMask)]


def open_mask(path: str | Path, classes: int) -> Values:
    """Return a mask as places [height, width] in the list of so many classes.

    Raises:
        DataError: the file is missing or damaged, has several channels, or values that stand for no class.
    """
    try:
        return _values(Path(path).read_bytes(), classes)
    except DAMAGE as error:
        raise DataError(f"The mask {str(path)!r} cannot be used: {reason_of(error)}.") from error


def _examined(path: str, image: str, classes: Sequence[str]) -> ExaminedMask | str:
    """Return what is known of a mask, or the reason why it cannot be used."""
    try:
        data = Path(path).read_bytes()
        values = _values(data, len(classes))
    except DAMAGE as error:
        return reason_of(error)
    try:
        expected = upright_size(image)
    except DAMAGE as error:
        return f"its image {image} cannot be used: {reason_of(error)}"
    height, width = values.shape
    if (width, height) != expected:
        return f"it has {width} × {height} pixels, its image {expected[0]} × {expected[1]}"
    present = tuple(int(value) for value in np.unique(values))
    return ExaminedMask(fingerprint=hashlib.sha256(data).hexdigest(), present=present)


def _values(data: bytes, classes: int) -> Values:
    if not data:
        raise ValueError("the file is empty (zero bytes)")
    with Image.open(BytesIO(data)) as mask:
        if mask.mode not in _ONE_CHANNEL:
            raise ValueError(f"it has the channels {', '.join(mask.getbands())}, and one was expected")
        values = np.asarray(mask)
    found = np.unique(values)
    if classes == 2 and set(found.tolist()) <= {0, 255}:
        return (values > 0).astype(np.uint8)
    strange = found[(found < 0) | (found >= classes)]
    if len(strange):
        shown = ", ".join(map(str, strange[:_SHOWN].tolist()))
        rest = f" and {len(strange) - _SHOWN:,} more" if len(strange) > _SHOWN else ""
        raise ValueError(f"it has the values {shown}{rest}")
    return values.astype(np.uint8)


def upright_size(image: str | Path) -> tuple[int, int]:
    """Return width and height of an image as it is seen, with its EXIF orientation; pixels are not decoded."""
    with Image.open(image) as opened:
        width, height = opened.size
        return (height, width) if opened.getexif().get(_ORIENTATION) in _TURNED else (width, height)


def _meaning(classes: Sequence[str]) -> str:
    named = ", ".join(f"{number} for {name}" for number, name in enumerate(classes[:_SHOWN]))
    rest = f" and so on to {len(classes) - 1}" if len(classes) > _SHOWN else ""
    return named + rest + (" (or 0 and 255)" if len(classes) == 2 else "")
