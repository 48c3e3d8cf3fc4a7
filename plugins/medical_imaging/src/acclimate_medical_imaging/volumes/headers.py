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

from acclimate_medical_imaging.volumes.elements import KEYWORDS, Frame, number, numbers, traits
from acclimate_medical_imaging.volumes.kinds import why_not_a_slice
from acclimate_medical_imaging.volumes.slices import LeftOut, Slice, Stored

_TAGS = [tag for tag in map(tag_for_keyword, KEYWORDS) if tag is not None]
# What pydicom raises for headers that break the rules of the standard, when it reads or converts them.
_DAMAGE = (OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, NotImplementedError, struct.error)
_PIXEL_DATA = (0x7FE0, 0x0010)
Headers = tuple[list[Slice], list[LeftOut]]


def read_headers(files: Sequence[Path], *, workers: int | None = None) -> Headers:
    """Return the slices in files, in the order of files and frames, and what is no slice, with the reason.

    Raises:
        DataError: a file cannot be opened.
    """
    with ThreadPoolExecutor(workers) as pool:
        each = list(pool.map(_read, files))
    return [one for slices, _ in each for one in slices], [one for _, left_out in each for one in left_out]


def _read(file: Path) -> Headers:
    try:
        with file.open("rb") as stream:
            return _parsed(file, stream)
    except InvalidDicomError:
        return [], [LeftOut(path=file, name=file.name, kind="other", reason="not a DICOM file")]
    except _DAMAGE as error:
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
    frames = int(dataset.get("NumberOfFrames") or 1)
    return [_slice(file, dataset, offset, Frame(dataset, index), index, frames) for index in range(frames)]


def _slice(file: Path, dataset: Dataset, offset: int | None, groups: Frame | None, frame: int, frames: int) -> Slice:
    place, plane, measures, rescale = _geometry(dataset, groups)
    return Slice(
        path=file,
        frame=frame,
        frames=frames,
        sop_instance_uid=str(dataset.SOPInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID") or ""),
        modality=str(dataset.Modality),
        units=_units(dataset, rescale),
        size=(int(dataset.Rows), int(dataset.Columns)),
        position=numbers(place, "ImagePositionPatient"),
        orientation=numbers(plane, "ImageOrientationPatient"),
        pixel_spacing=numbers(measures, "PixelSpacing"),
        traits=traits(dataset, groups),
        stored=_stored(dataset, rescale, offset),
    )


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
    stated = str(rescale.get("RescaleType") or dataset.get("Units") or "")
    return stated or ("HU" if dataset.Modality == "CT" else "")


def _stored(dataset: Dataset, rescale: Dataset, offset: int | None) -> Stored:
    allocated, bits = int(dataset.get("BitsAllocated") or 0), int(dataset.get("BitsStored") or 0)
    signed = int(dataset.get("PixelRepresentation") or 0)
    return Stored(
        syntax=str(dataset.file_meta.TransferSyntaxUID),
        offset=offset,
        kind=f"<{'ui'[signed]}{allocated // 8}" if allocated in (8, 16, 32) and bits else "",
        bits=bits,
        slope=number(rescale, "RescaleSlope", 1.0),
        intercept=number(rescale, "RescaleIntercept", 0.0),
        lookup="ModalityLUTSequence" in dataset,
    )
