"""Masks with their names, and as they are read from DICOM segmentations: in the order of the images given."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from acclimate_medical_imaging.reading.headers import SEGMENTATION_CLASSES
from acclimate_medical_imaging.results.coding import concept_of
from acclimate_medical_imaging.results.identity import SCHEME, Concept, check_text
from acclimate_medical_imaging.results.making import highdicom
from acclimate_medical_imaging.results.sources import checked_sources, frames_of

_SEGMENT = Concept(value="SEGMENT", scheme=SCHEME, meaning="Segment found by a model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What one mask outlines: a label, and where terminologies have them the category and type of the thing.

    Categories are in CID 7150, types in CID 7151 of PS3.16. Without them both are private: the category says only
    that a model found it, and the type is the label.
    """

    label: str
    category: Concept = _SEGMENT
    type: Concept | None = None

    def __post_init__(self) -> None:
        check_text("The label of a segment", self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """Segments and their masks: `masks` is boolean, [slices, rows, columns, segments]."""

    masks: NDArray[np.bool_]
    segments: tuple[Segment, ...]


def read_segmentation(segmentation: Dataset | str | Path, source_datasets: Sequence[Dataset]) -> Masks:
    """Return the masks of a segmentation in the order of the images given, matched by SOP Instance UID.

    A slice that the segmentation has no frame for is empty.

    Raises:
        DataError: when it is no binary or label map segmentation, or is not of these images, all of them given.
        MissingPackageError: without the extra `results`.
    """
    hd = highdicom()
    sources = checked_sources(source_datasets)
    dataset = segmentation if isinstance(segmentation, Dataset) else dcmread(segmentation)
    if dataset.get("SOPClassUID") not in SEGMENTATION_CLASSES or dataset.SegmentationType == "FRACTIONAL":
        raise DataError(
            "Expected a binary or label map segmentation, found another kind of DICOM object.",
            "Give what write_segmentation wrote, or another DICOM SEG.",
        )
    _check_references(dataset, sources)
    found = hd.seg.Segmentation.from_dataset(_readable(dataset), copy=False)
    numbers = list(found.segment_numbers)
    descriptions = [found.get_segment_description(number) for number in numbers]
    return Masks(
        masks=_pixels(found, sources, numbers).astype(bool),
        segments=tuple(
            Segment(
                label=description.segment_label,
                category=concept_of(description.segmented_property_category),
                type=concept_of(description.segmented_property_type),
            )
            for description in descriptions
        ),
    )


def _check_references(dataset: Dataset, sources: Sequence[Dataset]) -> None:
    """Pass when every image that a segmentation names is given."""
    named = {
        (series.SeriesInstanceUID, instance.ReferencedSOPInstanceUID)
        for series in dataset.get("ReferencedSeriesSequence", [])
        for instance in series.get("ReferencedInstanceSequence", [])
    }
    given = {(source.SeriesInstanceUID, source.SOPInstanceUID) for source in sources}
    if not named or named - given:
        raise DataError(
            f"The segmentation names {len(named)} source images, of which {len(named & given)} are among the "
            f"{len(given)} given.",
            "Give all images of the series it was made from.",
        )


def _readable(dataset: Dataset) -> Dataset:
    """Return a copy with a slice thickness where there is none: highdicom 0.28.2 reads no pixel measures without one.

    Images without a thickness, such as X-rays, give segmentations without one; masks do not depend on it.
    """
    readable = deepcopy(dataset)
    for groups in (*readable.SharedFunctionalGroupsSequence, *readable.PerFrameFunctionalGroupsSequence):
        for measures in groups.get("PixelMeasuresSequence", ()):
            measures.SliceThickness = measures.get("SliceThickness") or 1
    return readable


def _pixels(found: Any, sources: Sequence[Dataset], numbers: list[int]) -> NDArray[Any]:
    options = {"segment_numbers": numbers, "assert_missing_frames_are_empty": True}
    if frames_of(sources[0]) > 1:
        frames = list(range(1, frames_of(sources[0]) + 1))
        pixels = found.get_pixels_by_source_frame(sources[0].SOPInstanceUID, frames, **options)
    else:
        pixels = found.get_pixels_by_source_instance([source.SOPInstanceUID for source in sources], **options)
    return np.asarray(pixels)
