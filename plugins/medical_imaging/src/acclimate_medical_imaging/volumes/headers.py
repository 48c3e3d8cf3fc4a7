"""Headers of DICOM files, read without their pixels."""

import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from acclimate.contracts import DataError
from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from acclimate_medical_imaging.broken import BROKEN
from acclimate_medical_imaging.reading.elements import KEYWORDS, Frame, number, numbers, text, traits, whole
from acclimate_medical_imaging.volumes.kinds import why_not_a_slice
from acclimate_medical_imaging.volumes.slices import LeftOut, Slice, Stored

_TAGS = [tag for tag in map(tag_for_keyword, KEYWORDS) if tag is not None]
_CHUNK = 32  # files that a thread reads in one go: handing over each takes half as long as reading it
_PIXEL_DATA = (0x7FE0, 0x0010)
Headers = tuple[list[Slice], list[LeftOut]]


def read_headers(files: Sequence[Path], *, workers: int | None = None) -> Headers:
    """Return the slices in files, in the order of files and frames, and what is no slice, with the reason.

    Raises:
        DataError: a file cannot be opened.
    """
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    with ThreadPoolExecutor(workers) as pool:
        each = [one for chunk in pool.map(_read_all, chunks) for one in chunk]
    return [one for slices, _ in each for one in slices], [one for _, left_out in each for one in left_out]


def _read_all(files: Sequence[Path]) -> list[Headers]:
    return [_read(file) for file in files]


def _read(file: Path) -> Headers:
    try:
        with file.open("rb") as stream:
            return _parsed(file, stream)
    except InvalidDicomError:
        return [], [LeftOut(path=file, name=file.name, kind="other", reason="not a DICOM file")]
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"The file {file.name!r} cannot be read: {error.strerror}.") from error
        reason = f"damaged: {' '.join(str(error).split())[:200] or type(error).__name__}"
        return [], [LeftOut(path=file, name=file.name, kind="damaged", reason=reason)]


def _parsed(file: Path, stream: BinaryIO) -> Headers:
    dataset = dcmread(stream, stop_before_pixels=True, specific_tags=list(_TAGS))
    kind, reason = why_not_a_slice(dataset)
    if kind:
        return [], [LeftOut(path=file, name=file.name, kind=kind, reason=reason)]
    return _slices(file, dataset, _pixel_offset(stream, dataset.file_meta.TransferSyntaxUID)), []


def _pixel_offset(stream: BinaryIO, syntax: UID) -> int | None:
    """Return where the pixels begin in a little-endian file whose stream stands before their element (PS3.5 7.1)."""
    head = stream.read(4)
    if len(head) < 4 or struct.unpack("<HH", head) != _PIXEL_DATA:
        return None
    return stream.tell() + (4 if syntax.is_implicit_VR else 8)


def _slices(file: Path, dataset: Dataset, offset: int | None) -> list[Slice]:
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return [_slice(file, dataset, offset, None, 0, 1)]
    frames = whole(dataset, "NumberOfFrames", 1)
    return [_slice(file, dataset, offset, Frame(dataset, index), index, frames) for index in range(frames)]


def _slice(file: Path, dataset: Dataset, offset: int | None, groups: Frame | None, frame: int, frames: int) -> Slice:
    place, plane, measures, rescale = _geometry(dataset, groups)
    return Slice(
        path=file,
        frame=frame,
        frames=frames,
        sop_instance_uid=_required(dataset, "SOPInstanceUID"),
        series_instance_uid=_required(dataset, "SeriesInstanceUID"),
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
        modality=_required(dataset, "Modality"),
        units=_units(dataset, rescale),
        size=(whole(dataset, "Rows", 0), whole(dataset, "Columns", 0)),
        position=numbers(place, "ImagePositionPatient"),
        orientation=numbers(plane, "ImageOrientationPatient"),
        pixel_spacing=numbers(measures, "PixelSpacing"),
        traits=traits(dataset, groups),
        stored=_stored(dataset, rescale, offset),
    )


def _required(dataset: Dataset, keyword: str) -> str:
    value = text(dataset, keyword)
    if not value:
        raise ValueError(f"no {keyword}")
    return value


def _geometry(dataset: Dataset, groups: Frame | None) -> tuple[Dataset, Dataset, Dataset, Dataset]:
    """Return what holds the position, the orientation, the pixel spacing and the rescaling of a slice."""
    if groups is None:
        return dataset, dataset, dataset, dataset
    return (
        groups.group("PlanePositionSequence"),
        groups.group("PlaneOrientationSequence"),
        groups.group("PixelMeasuresSequence"),
        groups.group("PixelValueTransformationSequence"),
    )


def _units(dataset: Dataset, rescale: Dataset) -> str:
    """Return what values are in: Rescale Type, which may be left out for Hounsfield units (PS3.3 C.8.2.1.1.8)."""
    stated = text(rescale, "RescaleType") or text(dataset, "Units")
    return stated or ("HU" if text(dataset, "Modality") == "CT" else "")


def _stored(dataset: Dataset, rescale: Dataset, offset: int | None) -> Stored:
    allocated, bits = whole(dataset, "BitsAllocated", 0), whole(dataset, "BitsStored", 0)
    signed = whole(dataset, "PixelRepresentation", 0)
    return Stored(
        syntax=str(dataset.file_meta.TransferSyntaxUID),
        offset=offset,
        kind=f"<{'ui'[signed]}{allocated // 8}" if allocated in (8, 16, 32) and 0 < bits <= allocated else "",
        bits=bits,
        slope=number(rescale, "RescaleSlope", 1.0),
        intercept=number(rescale, "RescaleIntercept", 0.0),
        lookup="ModalityLUTSequence" in dataset,
    )
