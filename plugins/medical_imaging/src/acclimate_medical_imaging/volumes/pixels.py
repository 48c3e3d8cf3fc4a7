"""Values of slices, decoded from their files."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from acclimate_medical_imaging.broken import BROKEN
from acclimate_medical_imaging.reading.pixels import modality_values
from acclimate_medical_imaging.volumes.slices import Slice, Stored
from acclimate_medical_imaging.volumes.volume import Values

_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
Kind = type[np.int16] | type[np.float32]
Pixels = NDArray[np.integer] | NDArray[np.floating]


def type_of_values(slices: Sequence[Slice]) -> Kind:
    """Return int16 where every value that the headers allow is a whole number that fits, float32 otherwise."""
    return np.int16 if all(_fits_int16(one.stored) for one in slices) else np.float32


def _fits_int16(stored: Stored) -> bool:
    if stored.lookup or not stored.kind or stored.slope % 1 or stored.intercept % 1:
        return False
    ends = [stored.slope * pixel + stored.intercept for pixel in _limits(stored)]
    return min(ends) >= -(2**15) and max(ends) < 2**15


def values_of(slices: Sequence[Slice], kind: Kind) -> Iterator[Values]:
    """Yield the values [rows, columns] of slices of one file, in their order.

    Raises:
        DataError: the pixels are cut off, damaged, or compressed in a way that no installed decoder knows.
    """
    first = slices[0]
    try:
        yield from _tabled(slices, kind) if first.stored.lookup else _transformed(slices, kind)
    except (*BROKEN, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        syntax = UID(first.stored.syntax).name
        raise DataError(
            f"The pixels of {first.name} (transfer syntax {syntax}) cannot be decoded: {reason}.",
            "Replace the file, or have it written anew without compression.",
        ) from error


def is_plain(stored: Stored) -> bool:
    """Whether pixels are in the file as they are in memory, at a known place."""
    return stored.offset is not None and bool(stored.kind) and stored.syntax in _PLAIN


def _tabled(slices: Sequence[Slice], kind: Kind) -> Iterator[Values]:
    values = modality_values(dcmread(slices[0].path)).reshape(-1, *slices[0].size)
    yield from (values[one.frame].astype(kind, copy=False) for one in slices)


def _transformed(slices: Sequence[Slice], kind: Kind) -> Iterator[Values]:
    first = slices[0]
    if is_plain(first.stored):
        yield from (_rescaled(_read(one), one.stored, kind) for one in slices)
    elif first.frames == 1 and first.stored.offset is not None and first.stored.kind:
        yield _rescaled(_within(_decompressed(first), first.stored), first.stored, kind)
    else:
        # Frames are decoded one by one from the file, except where its transfer syntax has pydicom read all of it.
        source = first.path if UID(first.stored.syntax).is_encapsulated else dcmread(first.path)
        frames = iter_pixels(source, indices=[one.frame for one in slices])
        for one, pixels in zip(slices, frames, strict=True):
            yield _rescaled(_within(pixels, one.stored), one.stored, kind)


def _read(one: Slice) -> Pixels:
    """Return plain pixels [rows, columns] straight from their place in the file."""
    stored, count = one.stored, one.size[0] * one.size[1]
    start = (stored.offset or 0) + one.frame * count * np.dtype(stored.kind).itemsize
    pixels = np.fromfile(one.path, dtype=stored.kind, count=count, offset=start)
    if pixels.size < count:
        raise ValueError(f"the file ends after {pixels.size:,} of {count:,} pixels")
    unused = 8 * pixels.itemsize - stored.bits
    if unused:  # what the highest bits hold is not defined (PS3.5 8.1.1); the right shift keeps the sign
        np.left_shift(pixels, unused, out=pixels)
        np.right_shift(pixels, unused, out=pixels)
    return pixels.reshape(one.size)


def _decompressed(one: Slice) -> Pixels:
    """Return the compressed pixels [rows, columns] of a file with one frame, without parsing its header again."""
    stored = one.stored
    options: dict[str, Any] = {
        "number_of_frames": 1,
        "rows": one.size[0],
        "columns": one.size[1],
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": 8 * np.dtype(stored.kind).itemsize,
        "bits_stored": stored.bits,
        "pixel_representation": int("i" in stored.kind),
        "pixel_keyword": "PixelData",
    }
    with one.path.open("rb") as stream:
        stream.seek(stored.offset or 0)
        pixels: Pixels = get_decoder(UID(stored.syntax)).as_array(stream, index=0, **options)[0]
    return pixels


def _within(pixels: Pixels, stored: Stored) -> Pixels:
    """Return decoded pixels after a look whether they keep to the bits that their header promised."""
    if stored.kind:
        least, most = _limits(stored)
        if not least <= pixels.min() <= pixels.max() <= most:
            raise ValueError(f"pixels go from {pixels.min()} to {pixels.max()}, beyond the {stored.bits} bits stored")
    return pixels


def _limits(stored: Stored) -> tuple[int, int]:
    """Return the least and the greatest pixel that the stored bits allow."""
    least = -(2 ** (stored.bits - 1)) if "i" in stored.kind else 0
    return least, least + 2**stored.bits - 1


def _rescaled(pixels: Pixels, stored: Stored, kind: Kind) -> Values:
    """Return slope · pixel + intercept: in whole numbers where all of them fit, or else rounded once from float64."""
    if kind is np.float32:
        return (pixels * np.float64(stored.slope) + np.float64(stored.intercept)).astype(np.float32)
    # Modulo 2¹⁶ all along, which is exact because every possible result fits.
    values = pixels.astype(np.int16, copy=False)
    if stored.slope != 1:
        values *= np.int64(stored.slope).astype(np.int16)
    values += np.int64(stored.intercept).astype(np.int16)
    return values
