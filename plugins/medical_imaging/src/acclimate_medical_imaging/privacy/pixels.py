"""Pixels: who says that nobody is named in them, bytes that hide behind them, and rectangles blanked."""

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.utils import get_expected_length

from acclimate_medical_imaging.broken import BROKEN
from acclimate_medical_imaging.privacy.choices import Choices, Rectangle
from acclimate_medical_imaging.privacy.codestreams import without_comments
from acclimate_medical_imaging.privacy.summary import LeftOutError, QuarantinedError
from acclimate_medical_imaging.reading.burned_in import burned_in

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def pixel_keyword(dataset: Dataset) -> str | None:
    """Return the name of the attribute that holds the pixels, if there is one."""
    return next((keyword for keyword in PIXELS if keyword in dataset), None)


def check_burned_in(dataset: Dataset, choices: Choices) -> bool:
    """Return whether it is known that no text is in the pixels, or will be once the rectangles are blank.

    Raises:
        QuarantinedError: when there is text, or may be, and the caller did not ask to keep it.
    """
    if pixel_keyword(dataset) is None or choices.clean_pixels:
        return True
    answer = burned_in(dataset)
    if answer == "no":
        return True
    if not choices.keep_burned_in:
        if answer == "yes":
            raise QuarantinedError("Burned In Annotation is YES: there is text in the pixels")
        if answer == "perhaps":
            raise QuarantinedError(
                "Burned In Annotation is not NO, on a kind of image that often has text in its pixels"
            )
    return False


def trim(dataset: Dataset) -> None:
    """Leave nothing beside the frames: bytes behind native ones, comments in compressed ones.

    Raises:
        LeftOutError: when there are fewer bytes than the frames need, or a frame that is not there.
    """
    keyword = pixel_keyword(dataset)
    if keyword is None:
        return
    data = dataset[keyword].value or b""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frames = int(dataset.get("NumberOfFrames") or 1)
        get_frame(data, frames - 1, number_of_frames=frames, extended_offsets=_offsets(dataset))
        dataset[keyword].value = without_comments(data)
        return
    length = get_expected_length(dataset)
    if len(data) < length:
        raise LeftOutError("it is cut off: fewer bytes of pixels than its rows, columns and frames need")
    dataset[keyword].value = data[:length] + b"\0" * (length % 2)


def _offsets(dataset: Dataset) -> tuple[bytes, bytes] | None:
    if "ExtendedOffsetTable" not in dataset:
        return None
    return dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths


def check_overlays(dataset: Dataset) -> None:
    """Refuse overlays that stand in unused bits of the pixels (retired; PS3.3 C.9.2), where removing them fails.

    Raises:
        LeftOutError: then.
    """
    for group in range(0x6000, 0x6100, 2):
        if (group, 0x0010) in dataset and (group, 0x3000) not in dataset:
            raise LeftOutError("an overlay is stored in unused bits of its pixels")


def blank(dataset: Dataset, rectangles: Sequence[Rectangle]) -> None:
    """Set rectangles to 0 in all frames and all colours; the pixels are uncompressed from here on.

    Raises:
        LeftOutError: when a rectangle reaches beyond the image, or the pixels are not whole bytes for each sample.
    """
    if pixel_keyword(dataset) is None:
        return
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if any(x + width > columns or y + height > rows for x, y, width, height in rectangles):
        raise LeftOutError("a rectangle of clean_pixels reaches beyond its image")
    if pixel_keyword(dataset) != "PixelData" or dataset.BitsAllocated % 8:
        raise LeftOutError("clean_pixels works on pixels of whole bytes only")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _decompress(dataset)
    samples = int(dataset.SamplesPerPixel)
    if dataset.PhotometricInterpretation.endswith("422"):
        raise LeftOutError("clean_pixels does not work on uncompressed pixels with halved colour (YBR_FULL_422)")
    size = int(dataset.BitsAllocated) // 8
    length = get_expected_length(dataset)
    planes = samples > 1 and int(dataset.get("PlanarConfiguration") or 0) == 1
    shape = (-1, samples, rows, columns, size) if planes else (-1, 1, rows, columns, samples * size)
    pixels = np.frombuffer(dataset.PixelData[:length], dtype=np.uint8).reshape(shape).copy()
    for x, y, width, height in rectangles:
        pixels[:, :, y : y + height, x : x + width] = 0
    dataset["PixelData"].value = pixels.tobytes() + b"\0" * (length % 2)


def _decompress(dataset: Dataset) -> None:
    try:
        dataset.decompress(generate_instance_uid=False)
    except BROKEN:
        raise LeftOutError("its pixels cannot be decoded, so that no rectangle can be blanked") from None
