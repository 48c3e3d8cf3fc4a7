"""DICOM segmentations: masks written beside the images they belong to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from acclimate_medical_imaging.results.coding import coded, private_scheme
from acclimate_medical_imaging.results.files import save
from acclimate_medical_imaging.results.identity import (
    NOT_FOR_DIAGNOSTIC_USE,
    UTF_8,
    ModelIdentity,
    label_concept,
)
from acclimate_medical_imaging.results.making import highdicom, making
from acclimate_medical_imaging.results.masks import Segment
from acclimate_medical_imaging.results.sources import placed_sources, slices_of

BINARY_SEGMENTS = 8  # up to these, one bit plane for each segment; above, one label map where segments do not overlap
SERIES_NUMBER = 9001


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
