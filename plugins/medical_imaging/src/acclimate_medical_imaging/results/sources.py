"""The images that a result is about, checked before anything is written."""

from collections.abc import Sequence

from acclimate.contracts import DataError
from pydicom import Dataset
from pydicom.uid import SegmentationStorage

LABEL_MAP_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
SEGMENTATION_CLASSES = frozenset({str(SegmentationStorage), LABEL_MAP_SEGMENTATION_STORAGE})
_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns")
# Type 2 of the patient, study and frame of reference modules (PS3.3, C.7): there, but they may be empty.
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
)


def checked_sources(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the images of one series, each there once and all of one size, or one multi-frame image.

    Attributes of patient and study that must be there, but may be empty, are added empty to copies of the data sets
    that lack them, as files without names often do.

    Raises:
        DataError: otherwise; positions are named, never a patient.
    """
    if not datasets:
        raise DataError("A result is about at least one image, found none.", "Give the images the model has read.")
    for position, dataset in enumerate(datasets):
        missing = [name for name in _NEEDED if name not in dataset]
        if missing:
            raise DataError(
                f"Source image {position} has no {', '.join(missing)}.", "Give images as pydicom.dcmread reads them."
            )
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Rows", "Columns"):
        found = {dataset.get(name) for dataset in datasets}
        if len(found) > 1:
            raise DataError(
                f"Source images are of one series, frame of reference and size; {name} has {len(found)} values.",
                "Write one result for each series.",
            )
    if len({dataset.SOPInstanceUID for dataset in datasets}) < len(datasets):
        raise DataError("A source image is given twice.", "Give each image once.")
    if len(datasets) > 1 and any(frames_of(dataset) > 1 for dataset in datasets):
        raise DataError("Several multi-frame images are given.", "Write one result for each multi-frame image.")
    return [_completed(dataset) for dataset in datasets]


def _completed(dataset: Dataset) -> Dataset:
    missing = [name for name in _MAY_BE_EMPTY if name not in dataset]
    if not missing:
        return dataset
    completed = Dataset()
    completed.update(dataset)  # the elements themselves are shared: pixels are not copied
    for name in missing:
        setattr(completed, name, "")
    return completed


def frames_of(dataset: Dataset) -> int:
    """Return the number of frames of an image."""
    return int(dataset.get("NumberOfFrames") or 1)


def slices_of(datasets: Sequence[Dataset]) -> int:
    """Return how many slices checked sources have: one for each image, or for each frame of a multi-frame one."""
    return frames_of(datasets[0]) if len(datasets) == 1 else len(datasets)
