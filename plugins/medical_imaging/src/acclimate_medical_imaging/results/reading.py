"""Reports read back: labels and probabilities, and which model gave them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, Prediction
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes

from acclimate_medical_imaging.results.coding import coded, concept_of
from acclimate_medical_imaging.results.identity import Concept, ModelIdentity
from acclimate_medical_imaging.results.making import highdicom
from acclimate_medical_imaging.results.report import GIVEN

_NOT_OURS = "Give a report that write_report wrote."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a structured report says: a prediction, the concept of each label, and the model.

    `images` are the SOP Instance UIDs of the images it is about, `segmentations` those of the segmentations it refers
    to. A report holds neither `prediction.flagged` nor `prediction.label_set`, which are None;
    `prediction.answered` is False where it leaves the label undetermined, else None.
    """

    prediction: Prediction
    concepts: dict[str, Concept]
    model: ModelIdentity
    images: tuple[str, ...]
    segmentations: tuple[str, ...]


def read_report(report: Dataset | str | Path) -> Report:
    """Return what a report written by `write_report` says.

    Raises:
        DataError: when it is no such report.
        MissingPackageError: without the extra `results`.
    """
    dataset = report if isinstance(report, Dataset) else dcmread(report)
    if "ContentSequence" not in dataset:
        raise DataError("Expected a structured report, found another kind of DICOM object.", _NOT_OURS)
    content = highdicom().sr.ComprehensiveSR.from_dataset(dataset).content
    if not hasattr(content, "get_image_measurement_groups"):
        raise DataError("Expected a measurement report (TID 1500), found another report.", _NOT_OURS)
    groups = [group for group in content.get_image_measurement_groups() if _evaluations(group)]
    if not groups:
        raise DataError("The report holds no prediction of a model.", _NOT_OURS)
    labels = [str(group.tracking_identifier) for group in groups]
    given = [_evaluations(group)[0].value for group in groups]
    undetermined = any(value == codes.SCT.Undetermined for value in given)
    return Report(
        prediction=Prediction(
            label=labels[0],
            probabilities={
                label: float(group.get_measurements(name=codes.DCM.Probability)[0].value)
                for label, group in zip(labels, groups, strict=True)
            },
            labels=tuple(label for label, value in zip(labels, given, strict=True) if value != codes.SCT.No),
            answered=False if undetermined else None,
        ),
        concepts={label: concept_of(group.finding_type) for label, group in zip(labels, groups, strict=True)},
        model=_model(dataset),
        images=tuple(str(image.referenced_sop_instance_uid) for image in groups[0].source_images),
        segmentations=tuple(sorted(_segmentations(content))),
    )


def _evaluations(group: Any) -> Any:
    return group.get_qualitative_evaluations(name=coded(GIVEN))


def _model(dataset: Dataset) -> ModelIdentity:
    return ModelIdentity(
        name=dataset.ManufacturerModelName,
        version=dataset.SoftwareVersions,
        bundle_sha256=dataset.DeviceSerialNumber,
    )


def _segmentations(content: Any) -> set[str]:
    regions = [
        *content.get_planar_roi_measurement_groups(),
        *content.get_volumetric_roi_measurement_groups(),
    ]
    return {
        str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for group in regions
        for item in group[0].ContentSequence
        if item.ValueType == "IMAGE" and "ReferencedSegmentNumber" in item.ReferencedSOPSequence[0]
    }
