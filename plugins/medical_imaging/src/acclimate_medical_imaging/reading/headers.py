"""Headers: read without pixels, and checked before anything of their size is allocated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acclimate.contracts import DataError

from acclimate_medical_imaging.quiet import quiet
from acclimate_medical_imaging.reading.files import MAGIC, PREAMBLE_BYTES, Place

if TYPE_CHECKING:
    from pydicom import Dataset

MOST_BYTES = 2 * 2**30  # of decoded pixels of one file
_MOST_GROWTH = 20_000  # times the encoded bytes; JPEG 2000 of an empty picture reaches thousands
_SHOWN = 300  # characters of what a library says
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Segmentation Storage and Label Map Segmentation Storage: what they hold are masks, not pictures.
SEGMENTATION_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})


def read(place: Place, *, pixels: bool = True) -> "Dataset":
    """Return the data set of a file, with its `pixels` or without.

    A file without the 128 bytes before "DICM" is read too when what it holds is a DICOM object.

    Raises:
        NotDicomError: when it is something else.
        DataError: when it is cut off or malformed.
    """
    from pydicom import dcmread

    with place.open() as file:
        begun = file.read(PREAMBLE_BYTES + len(MAGIC))
        marked = begun[PREAMBLE_BYTES:] == MAGIC
        file.seek(0)
        with damage_named():
            dataset = dcmread(file, force=not marked, stop_before_pixels=not pixels)
            known = "SOPClassUID" in dataset or "Rows" in dataset or "MediaStorageSOPClassUID" in dataset.file_meta
    if not marked and not known:
        raise NotDicomError("it is not a DICOM file")
    return dataset


class NotDicomError(DataError):
    """The file is something else."""


def has_pixels(dataset: "Dataset") -> bool:
    """Say whether a data set is a picture."""
    return any(name in dataset for name in _PIXELS)


def is_segmentation(dataset: "Dataset") -> bool:
    """Say whether a data set holds masks of other images."""
    return str(dataset.get("SOPClassUID") or "") in SEGMENTATION_CLASSES


def frames(dataset: "Dataset") -> int:
    """Return the number of frames, 1 where the header does not say.

    Raises:
        DataError: when it is no number.
    """
    with damage_named():
        return max(1, int(dataset.get("NumberOfFrames", 1) or 1))


def check_size(dataset: "Dataset") -> None:
    """Check the size that a header claims against what is there, before anything is allocated.

    Raises:
        DataError: when rows, columns or bits are missing, or the pixels would not fit what is safe.
    """
    needed = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation")
    missing = [name for name in needed if dataset.get(name) in (None, "")]
    if missing:
        raise DataError(f"its header lacks {', '.join(missing)}")
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise DataError("its header lacks the transfer syntax, without which its pixels cannot be read")
    check_decoder(str(dataset.file_meta.TransferSyntaxUID))
    with damage_named():
        numbers = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * frames(dataset)
        decoded = numbers * int(dataset.BitsAllocated) // 8
        encoded = len(next((dataset[name].value for name in _PIXELS if name in dataset), None) or b"")
    if not encoded:
        raise DataError("its pixel data is empty")
    limit = min(MOST_BYTES, max(2**24, _MOST_GROWTH * encoded))
    if decoded > limit:
        raise DataError(
            f"its header claims {frames(dataset)} × {dataset.Rows} × {dataset.Columns} pixels, {decoded:,} bytes, "
            f"but {encoded:,} bytes are there"
        )


def check_decoder(syntax: str) -> None:
    """Raise DataError when nothing that is installed decodes a transfer syntax; it names the package that would."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    uid = UID(syntax)
    if uid.is_transfer_syntax and not uid.is_encapsulated:
        return
    try:
        decoder = get_decoder(uid)
    except NotImplementedError as error:
        raise DataError(f"nothing decodes its transfer syntax, {uid.name}") from error
    if not decoder.is_available:
        wanted = "; ".join(decoder.missing_dependencies)
        raise DataError(f"its transfer syntax, {uid.name}, needs another package: {wanted}")


def decoder_problem(syntax: str) -> str:
    """Return why nothing decodes a transfer syntax, "" where something does."""
    try:
        check_decoder(syntax)
    except DataError as error:
        return error.message
    return ""


def syntax_of(place: Place) -> str:
    """Return the transfer syntax of a DICOM file; "" of other files, and where it does not say."""
    from pydicom import dcmread

    try:
        if place.begins(PREAMBLE_BYTES + len(MAGIC))[PREAMBLE_BYTES:] != MAGIC:
            return ""
        with damage_named(), place.open() as file:
            meta = dcmread(file, stop_before_pixels=True, specific_tags=[]).file_meta
            return str(meta.get("TransferSyntaxUID") or "")
    except (DataError, OSError):  # reported with all others when the file is read
        return ""


@contextmanager
def damage_named() -> Iterator[None]:
    """Turn what pydicom and its decoders raise for malformed files into a DataError that gives the reason."""
    from acclimate_medical_imaging.broken import BROKEN

    with quiet():
        try:
            yield
        except DataError:
            raise
        except (*BROKEN, OSError, MemoryError, AssertionError) as error:
            text = " ".join(str(error).split()).rstrip(".")
            raise DataError(f"it is malformed: {text[:_SHOWN] or type(error).__name__}") from error
