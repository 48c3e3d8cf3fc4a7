"""DICOM segmentations: masks written beside the images they belong to, and read back in the order of those images."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from acclimate_medical_imaging.results.coding import coded, concept_of, private_scheme
from acclimate_medical_imaging.results.files import save
from acclimate_medical_imaging.results.identity import (
    NOT_FOR_DIAGNOSTIC_USE,
    SCHEME,
    UTF_8,
    Concept,
    ModelIdentity,
    check_text,
    label_concept,
)
from acclimate_medical_imaging.results.library import highdicom, making
from acclimate_medical_imaging.results.sources import (
    SEGMENTATION_CLASSES,
    checked_sources,
    frames_of,
    placed_sources,
    slices_of,
)

BINARY_SEGMENTS = 8  # up to these, one bit plane for each segment; above, one label map where segments do not overlap
SERIES_NUMBER = 9001
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


def write_segmentation(
    source_datasets: Sequence[Dataset],
    masks: NDArray[Any],
    segments: Sequence[Segment],
    *,
    model: ModelIdentity,
    output: str | Path | None = None,
) -> Dataset:
    """Return masks as a DICOM segmentation of the same study and frame of reference, in a series of its own.

    Segments are declared as found automatically by `model`; the object is qualified as RESEARCH and says in its
    series description, its content description and its comments that it is not for diagnostic use. It is BINARY, or a
    LABELMAP where there are more than eight segments and none overlap. It has a preamble and file meta information,
    so that `save_as` and STOW-RS write a file that others read.

    Args:
        source_datasets: the images of one series in any order, or one multi-frame image.
        masks: either [slices, rows, columns] of whole numbers, where 0 is background and k the k-th segment, or
            [slices, rows, columns, segments] of 0 and 1, which may overlap. Slices are in the order of
            `source_datasets`, or of the frames of the one image.
        segments: what the masks outline.
        model: what found them.
        output: a new file to write as well.

    Raises:
        DataError: when the masks do not fit the images or the segments, or are all empty.
        OutputError: when `output` exists or cannot be written.
        MissingPackageError: without the extra `results`.
    """
    hd = highdicom()
    sources = placed_sources(source_datasets)
    pixels = _checked(masks, sources, segments)
    labelmap = len(segments) > BINARY_SEGMENTS and not _overlap(pixels)
    if labelmap and pixels.ndim == 4:
        pixels = (pixels.argmax(axis=-1) + 1) * pixels.any(axis=-1)
    with making("A segmentation"):
        segmentation = hd.seg.Segmentation(
            source_images=sources,
            pixel_array=pixels.astype(np.uint16 if len(segments) > 255 else np.uint8),
            segmentation_type="LABELMAP" if labelmap else "BINARY",
            segment_descriptions=[
                _description(number, segment, model) for number, segment in enumerate(segments, start=1)
            ],
            series_instance_uid=generate_uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="Acclimate",
            manufacturer_model_name=model.name,
            software_versions=model.version,
            device_serial_number=model.bundle_sha256,
            content_label="SEGMENTATION",
            content_description="Not for diagnostic use",
            series_description="Segmentation by a model, not for diagnostic use",
            content_qualification="RESEARCH",
            coding_schemes=[private_scheme()],
        )
    segmentation.SpecificCharacterSet = UTF_8
    segmentation.ImageComments = NOT_FOR_DIAGNOSTIC_USE
    if output is not None:
        save(segmentation, output)
    return segmentation  # type: ignore[no-any-return]


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


def _checked(masks: NDArray[Any], sources: Sequence[Dataset], segments: Sequence[Segment]) -> NDArray[Any]:
    """Return masks of either shape when they fit the images and the segments."""
    shape = (slices_of(sources), int(sources[0].Rows), int(sources[0].Columns))
    masks = np.asarray(masks)
    whole = masks.dtype.kind in "bui"
    if not segments or not whole or masks.shape not in (shape, (*shape, len(segments))):
        raise DataError(
            f"Expected whole numbers or booleans {list(shape)} or {[*shape, len(segments)]} for {len(segments)} "
            f"segments, found {masks.dtype} {list(masks.shape)}.",
            "Give one slice for each source image, threshold probabilities first, and name every segment.",
        )
    highest = len(segments) if masks.ndim == 3 else 1
    if masks.min() < 0 or masks.max() > highest:
        raise DataError(
            f"Masks of this shape hold 0 to {highest}, found {masks.min()} to {masks.max()}.",
            "Number segments from 1 in the order they are named; 0 is background.",
        )
    if not masks.any():
        raise DataError(
            "The masks are empty: nothing was segmented.",
            "An empty segmentation is not written; say in a report that nothing was found.",
        )
    return masks


def _overlap(masks: NDArray[Any]) -> bool:
    return masks.ndim == 4 and bool((masks.sum(axis=-1) > 1).any())


def _description(number: int, segment: Segment, model: ModelIdentity) -> Any:
    hd = highdicom()
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=coded(segment.category),
        segmented_property_type=coded(segment.type or label_concept(segment.label)),
        algorithm_type="AUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=model.name,
            family=codes.DCM.ArtificialIntelligence,
            version=model.version,
            parameters={"bundle_sha256": model.bundle_sha256},
        ),
        tracking_uid=generate_uid(),
        tracking_id=segment.label,
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
