"""References from a report to the segments of a segmentation."""

from collections.abc import Sequence
from typing import Any

from acclimate.contracts import DataError
from pydicom import Dataset
from pydicom.uid import generate_uid

from acclimate_medical_imaging.reading.headers import SEGMENTATION_CLASSES
from acclimate_medical_imaging.results.making import highdicom
from acclimate_medical_imaging.results.sources import slices_of


def region_groups(sources: Sequence[Dataset], segmentation: Dataset, algorithm: Any) -> list[Any]:
    """Return one measurement group for each segment: TID 1411, or TID 1410 where the source is a single slice.

    References are built here: `ReferencedSegment.from_segmentation` of highdicom 0.28.2 looks for the segment's
    number in the per-frame groups only, and fails where all frames are of one segment, or of a label map.

    Raises:
        DataError: when it is no segmentation, or not of these images.
    """
    if segmentation.get("SOPClassUID") not in SEGMENTATION_CLASSES:
        raise DataError("Expected a DICOM segmentation, found another kind of object.", "Give a DICOM SEG.")
    named = {
        instance.ReferencedSOPInstanceUID
        for series in segmentation.get("ReferencedSeriesSequence", [])
        for instance in series.get("ReferencedInstanceSequence", [])
    }
    if not named or named - {source.SOPInstanceUID for source in sources}:
        raise DataError("The segmentation is not of the images of the report.", "Give that of the same images.")
    segments = [segment for segment in segmentation.SegmentSequence if segment.SegmentNumber]  # 0 is background
    return [_group(sources, segmentation, segment, algorithm) for segment in segments]


def frames_of_segment(segmentation: Dataset, number: int) -> list[int]:
    """Return the frames, counted from 1, that hold a segment; of a label map all."""
    shared = segmentation.SharedFunctionalGroupsSequence[0].get("SegmentIdentificationSequence")
    found = [
        frame
        for frame, groups in enumerate(segmentation.PerFrameFunctionalGroupsSequence, start=1)
        if number in _numbers(groups.get("SegmentIdentificationSequence") or shared)
    ]
    return found if segmentation.SegmentationType != "LABELMAP" else list(range(1, segmentation.NumberOfFrames + 1))


def _numbers(identification: Any) -> list[int]:
    return [item.ReferencedSegmentNumber for item in identification or ()]


def _group(sources: Sequence[Dataset], segmentation: Dataset, segment: Dataset, algorithm: Any) -> Any:
    hd = highdicom()
    number = int(segment.SegmentNumber)
    images = [hd.sr.SourceImageForSegmentation(source.SOPClassUID, source.SOPInstanceUID) for source in sources]
    described = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=segment.get("TrackingUID") or generate_uid(), identifier=segment.SegmentLabel
        ),
        "finding_type": hd.sr.CodedConcept.from_dataset(segment.SegmentedPropertyTypeCodeSequence[0]),
        "algorithm_id": algorithm,
    }
    frames = frames_of_segment(segmentation, number)
    if slices_of(sources) == 1 and len(frames) == 1:
        return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_segment=hd.sr.ReferencedSegmentationFrame(
                segmentation.SOPClassUID, segmentation.SOPInstanceUID, frames[0], number, images[0]
            ),
            **described,
        )
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        referenced_segment=hd.sr.ReferencedSegment(
            segmentation.SOPClassUID, segmentation.SOPInstanceUID, number, source_images=images
        ),
        **described,
    )
