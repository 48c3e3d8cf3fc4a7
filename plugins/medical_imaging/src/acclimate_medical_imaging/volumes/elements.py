"""Elements of a DICOM header, for one frame: functional groups say the same as the elements of a classic file."""

from collections.abc import Sequence
from typing import Any

from pydicom import Dataset

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


def listed(value: Any) -> list[Any]:
    """Return the value of an element as a list: none, one, or several."""
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of an element, none where it is missing or empty."""
    return tuple(float(str(value)) for value in listed(dataset.get(keyword)))


def number(dataset: Dataset, keyword: str, default: float) -> float:
    """Return the one number of an element, or the default where it is missing or empty."""
    return next(iter(numbers(dataset, keyword)), default)


class Frame:
    """The functional groups of one frame: its own first, then what all frames share."""

    def __init__(self, dataset: Dataset, frame: int) -> None:
        shared = listed(dataset.get("SharedFunctionalGroupsSequence"))
        self._groups = [dataset.PerFrameFunctionalGroupsSequence[frame], *shared]

    def group(self, name: str) -> Dataset:
        """Return a functional group, an empty one where the frame has none of that name."""
        for groups in self._groups:
            found = listed(groups.get(name))
            if found:
                first: Dataset = found[0]
                return first
        return Dataset()


def traits(dataset: Dataset, frame: Frame | None) -> tuple[tuple[str, str], ...]:
    """Return what may set the volumes of one series apart, where the file says it."""
    found = {name: _value(dataset, frame, name) for name in TRAITS}
    return tuple((name, "\\".join(map(str, values))) for name, values in found.items() if values)


def _value(dataset: Dataset, frame: Frame | None, name: str) -> list[Any]:
    """Return the values of one trait: of the frame, or else of the whole file."""
    for group, element in TRAITS[name] if frame else ():
        values = listed(frame.group(group).get(element)) if frame else []
        if values:
            return values
    return listed(dataset.get(name))
