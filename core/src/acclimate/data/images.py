"""Images: opened the same way everywhere, and checked before anything is trained on them."""

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from PIL import Image, ImageOps, UnidentifiedImageError

from acclimate.contracts import DataError
from acclimate.data.image_repeats import Sketch, sketch

_SHOWN = 10
_SMALLEST_SIDE = 2
# What Pillow raises for damaged files, besides OSError: its parsers let these through.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is known of an image once it was decoded.

    `fingerprint` is the SHA-256 of its file in hexadecimal, `sketch` what it is compared by; `size` ("640 × 480"),
    `mode` (Pillow's, such as "RGB") and `format` ("JPEG") are those of the file.
    """

    fingerprint: str
    sketch: Sketch
    size: str
    mode: str
    format: str


def examined_image(path: str) -> Examined | str:
    """Return what is known of an image once it was decoded, or the reason why it cannot be used."""
    try:
        data = Path(path).read_bytes()
        image, kind = _decoded(data)
        return Examined(
            fingerprint=hashlib.sha256(data).hexdigest(),
            sketch=sketch(image if image.mode == "L" and not image.has_transparency_data else rgb(image)),
            size=f"{image.width} × {image.height}",
            mode=image.mode,
            format=kind,
        )
    except DAMAGE as error:
        return reason_of(error)


def examine(
    rows: Dataset, *, workers: int | None = None, look: Callable[[str], Examined | str] | None = None
) -> list[Examined]:
    """Return what is known of each image, after decoding every one of them in full, once.

    The files are read by `workers` threads (as many as processors when not given), each by `look`
    (`examined_image` when not given), which returns the reason where one cannot be used.

    Raises:
        DataError: one error for all images that are missing, empty, damaged, cut off, or a pixel wide; it
            gives their number and the path and reason of the first ten.
    """
    paths: Sequence[str] = rows["image"][:]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        results = list(pool.map(look or examined_image, paths))
    bad = [f"{path}: {reason}" for path, reason in zip(paths, results, strict=True) if isinstance(reason, str)]
    if bad:
        rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
        raise DataError(
            "\n  ".join([f"{len(bad):,} of {len(paths):,} images cannot be used:", *bad[:_SHOWN], *rest]) + "\n",
            "Replace these files, or remove their rows.",
        )
    return [result for result in results if isinstance(result, Examined)]


def fingerprints(rows: Dataset, *, workers: int | None = None) -> list[str]:
    """Return the SHA-256 of each image file in hexadecimal, after decoding every one of them in full.

    Raises:
        DataError: as `examine`.
    """
    return [each.fingerprint for each in examine(rows, workers=workers)]


def open_image(path: str | Path) -> Image.Image:
    """Return an image as 8-bit RGB, turned upright.

    Its EXIF orientation is applied. 16-bit grey values are divided by 257, so that 0 stays black and 65,535
    becomes white (Pillow's own conversion would cut everything above 255 to white). Transparent images are
    laid on white. Of an animation or a file with pages the first is taken.

    Raises:
        DataError: the file is missing, empty or damaged, has more pixels than Pillow allows, a side of one
            pixel, or pixels without a known range (floating point, 32-bit).
    """
    try:
        return rgb(_upright(Path(path).read_bytes()))
    except DAMAGE as error:
        raise DataError(f"The image {str(path)!r} cannot be used: {reason_of(error)}.") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a Pillow image as 8-bit RGB, turned upright, by the rules of `open_image`; the given one stays as it is.

    Raises:
        DataError: as `open_image`, for what can be wrong with an image that is already open.
    """
    try:
        check_size(image)
        return rgb(ImageOps.exif_transpose(image))
    except DAMAGE as error:
        raise DataError(f"The image {image!r} cannot be used: {reason_of(error)}.") from error


def _upright(data: bytes) -> Image.Image:
    return _decoded(data)[0]


def _decoded(data: bytes) -> tuple[Image.Image, str]:
    """Return an image, decoded and upright, and its file format."""
    if not data:
        raise ValueError("the file is empty (zero bytes)")
    with Image.open(io.BytesIO(data)) as image:
        check_size(image)
        image.load()
        return ImageOps.exif_transpose(image), image.format or ""


def check_size(image: Image.Image) -> None:
    """Raise ValueError for an image that is a pixel wide or high."""
    if min(image.size) < _SMALLEST_SIDE:
        raise ValueError(f"it is only {image.width} × {image.height} pixels")


def reason_of(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is not an image, or one of an unknown kind"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has too many pixels to be safe ({error})"
    return str(error).rstrip(".") or type(error).__name__


def _check_range(image: Image.Image) -> None:
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers without a known range; save it with 8 or 16 bits")
    if image.mode == "I":
        low, high = (float(np.asarray(bound).max()) for bound in image.getextrema())
        if low < 0 or high > 65535:
            raise ValueError(f"its pixels run from {low:.0f} to {high:.0f}; save it with 8 or 16 bits")


def rgb(image: Image.Image) -> Image.Image:
    """Return an upright image as 8-bit RGB; ValueError for pixels without a known range."""
    _check_range(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _eight_bits(pixels: Any) -> Any:
    """Return 16-bit pixels [height, width] as 8-bit ones: 65,535 / 257 = 255."""
    return np.round(pixels / 257).astype(np.uint8)
