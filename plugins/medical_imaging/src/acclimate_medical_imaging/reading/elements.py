"""Elements of a DICOM header, for one frame: functional groups say the same as the elements of a classic file."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

# What sets the volumes of one series apart: the name in a classic file, and (group, element) in functional groups
# (PS3.3 C.7.6.16.2, C.8.13.5).
TRAITS: dict[str, tuple[tuple[str, str], ...]] = {
    "AcquisitionNumber": (("FrameContentSequence", "FrameAcquisitionNumber"),),
    "TemporalPositionIdentifier": (("FrameContentSequence", "TemporalPositionIndex"),),
    "EchoTime": (("MREchoSequence", "EffectiveEchoTime"),),
    "DiffusionBValue": (("MRDiffusionSequence", "DiffusionBValue"),),
    "DiffusionGradientOrientation": (),
    "NominalPercentageOfCardiacPhase": (("CardiacSynchronizationSequence", "NominalPercentageOfCardiacPhase"),),
    "TriggerTime": (("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),),
    "FrameReferenceTime": (),
    "InversionTime": (),
    "ImageType": (
        ("CTImageFrameTypeSequence", "FrameType"),
        ("MRImageFrameTypeSequence", "FrameType"),
        ("PETFrameTypeSequence", "FrameType"),
    ),
}
KEYWORDS = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality", "Units"),
    *("Rows", "Columns", "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *TRAITS,
)


_ASCII = {"CS", "DS", "IS", "LO", "UI"}


def values(dataset: Dataset, keyword: str) -> list[Any]:
    """Return the values of an element: none, one, or several; numbers may still be text.

    Text and small numbers are taken from the bytes: pydicom's conversion, which checks all rules for each kind of
    element, would take longer than reading the file.
    """
    tag, representation = _known(keyword)
    element = dataset.get_item(tag)
    if element is None:
        return []
    if isinstance(element, RawDataElement) and element.value is not None:
        if representation in _ASCII:
            parts = element.value.decode("latin-1").strip("\0 ").split("\\")
            return [part.strip() for part in parts] if parts != [""] else []
        if representation == "US" and len(element.value) == 2:
            return [int.from_bytes(element.value, "little" if element.is_little_endian else "big")]
    return _listed(dataset[tag].value)


@cache
def _known(keyword: str) -> tuple[BaseTag, str]:
    """Return the tag of an element and the kind of its value (value representation)."""
    tag = Tag(keyword)
    return tag, dictionary_VR(tag)


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)


def text(dataset: Dataset, keyword: str) -> str:
    """Return the value of an element as text, the first of several, "" where it is missing or empty."""
    return str(next(iter(values(dataset, keyword)), ""))


def whole(dataset: Dataset, keyword: str, default: int) -> int:
    """Return the whole number of an element, or the default where it is missing or empty."""
    return int(next(iter(values(dataset, keyword)), default))


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of an element, none where it is missing or empty."""
    return tuple(float(value) for value in values(dataset, keyword))


def number(dataset: Dataset, keyword: str, default: float) -> float:
    """Return the one number of an element, or the default where it is missing or empty."""
    return next(iter(numbers(dataset, keyword)), default)


class Frame:
    """The functional groups of one frame: its own first, then what all frames share."""

    def __init__(self, dataset: Dataset, frame: int) -> None:
        own = dataset.PerFrameFunctionalGroupsSequence[frame]
        self._groups = [own, *values(dataset, "SharedFunctionalGroupsSequence")]

    def group(self, name: str) -> Dataset:
        """Return a functional group, an empty one where the frame has none of that name."""
        for groups in self._groups:
            found = values(groups, name)
            if found:
                first: Dataset = found[0]
                return first
        return Dataset()


def traits(dataset: Dataset, frame: Frame | None) -> tuple[tuple[str, str], ...]:
    """Return what may set the volumes of one series apart, where the file says it."""
    found = {name: _trait(dataset, frame, name) for name in TRAITS}
    return tuple((name, "\\".join(map(str, each))) for name, each in found.items() if each)


def _trait(dataset: Dataset, frame: Frame | None, name: str) -> list[Any]:
    """Return the values of one trait: of the frame, or else of the whole file."""
    for group, element in TRAITS[name] if frame else ():
        found = values(frame.group(group), element) if frame else []
        if found:
            return found
    return values(dataset, name)
