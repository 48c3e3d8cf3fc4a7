"""The images that a result is about, checked before anything is written."""

from collections.abc import Sequence

from acclimate.contracts import DataError
from pydicom import Dataset

from acclimate_medical_imaging.results.inherited import inheritable

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns")
_PLACE = ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


def checked_sources(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the images of one series, each there once and all of one size, or one multi-frame image.

    What results inherit from them is in the form that new objects must have; the data sets given stay as they are.

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
    return [inheritable(dataset) for dataset in datasets]


def placed_sources(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return checked sources whose slices masks can be placed on.

    Each has a place in space, as images or as frames of an enhanced image; or there is a single image without one, a
    projection or a photograph, whose segmentation has no frame of reference either.

    Raises:
        DataError: for several slices without a place each.
    """
    sources = checked_sources(datasets)
    if frames_of(sources[0]) > 1:
        if len(sources[0].get("PerFrameFunctionalGroupsSequence") or ()) != frames_of(sources[0]):
            raise DataError(
                "The frames of the multi-frame image have no place in space: it is no enhanced image.",
                "Segment one frame at a time, stored as an image of its own, or write a report.",
            )
        return sources
    if all(dataset.get(name) for dataset in sources for name in _PLACE):
        for dataset in sources:
            dataset.setdefault("SliceThickness", None)  # may be empty, and some images lack it
        return sources
    if len(sources) > 1:
        raise DataError(
            f"Several images need {', '.join(_PLACE)} each, which some do not have.",
            "Write one segmentation for each image.",
        )
    if "PerFrameFunctionalGroupsSequence" not in sources[0]:
        sources[0].pop("FrameOfReferenceUID", None)
    return sources


def frames_of(dataset: Dataset) -> int:
    """Return the number of frames of an image.

    Raises:
        DataError: when it is no number.
    """
    try:
        return int(dataset.get("NumberOfFrames") or 1)
    except ValueError:
        raise DataError("The NumberOfFrames of an image is no number.", "Correct the file.") from None


def slices_of(datasets: Sequence[Dataset]) -> int:
    """Return how many slices checked sources have: one for each image, or for each frame of a multi-frame one."""
    return frames_of(datasets[0]) if len(datasets) == 1 else len(datasets)
