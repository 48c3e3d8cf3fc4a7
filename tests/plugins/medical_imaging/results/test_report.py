"""Predictions as DICOM structured reports."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError, Prediction
from acclimate_medical_imaging.results import (
    NOT_FOR_DIAGNOSTIC_USE,
    Concept,
    ModelIdentity,
    Segment,
    read_report,
    write_report,
    write_segmentation,
)
from pydicom import Dataset, dcmread

PNEUMONIA = Concept(value="233604007", scheme="SCT", meaning="Pneumonia")
PREDICTION = Prediction(
    label="pneumonia",
    probabilities={"gesund, unauffällig": 0.1 + 0.2, "pneumonia": 0.2 + 1 / 3, "肺結核": 1 / 6},
    labels=("pneumonia",),
)


def _items(dataset: Dataset) -> Iterator[Dataset]:
    """Yield every content item of a report, in order."""
    for item in dataset.get("ContentSequence", []):
        yield item
        yield from _items(item)


def _values(report: Dataset, code: str) -> list[Any]:
    """Return the values of all content items with a concept name."""
    found: list[Any] = []
    for item in _items(report):
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == code:
            if item.ValueType == "CODE":
                concept = item.ConceptCodeSequence[0]
                found.append((concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning))
            elif item.ValueType == "NUM":
                measured = item.MeasuredValueSequence[0]
                unit = measured.MeasurementUnitsCodeSequence[0]
                found.append((float(measured.NumericValue), unit.CodeValue, unit.CodingSchemeDesignator))
            elif item.ValueType == "IMAGE":
                found.append(item.ReferencedSOPSequence[0])
            else:
                found.append(item.TextValue if item.ValueType == "TEXT" else item.UID)
    return found


@pytest.mark.parametrize(
    "prediction",
    [
        PREDICTION,
        Prediction(label="a", probabilities={"a": 0.5, "b": 0.5}, labels=("a",)),
        Prediction(label="b", probabilities={"a": 0.5, "b": 0.5}, labels=("b",)),
        Prediction(label="a", probabilities={"a": 0.9, "b": 0.8, "c": 0.1}, labels=("a", "b")),
        Prediction(label="a", probabilities={"a": 0.2, "b": 0.1}, labels=()),
        Prediction(label="a", probabilities={"a": 0.6, "b": 0.4}, labels=("a",), answered=False),
        Prediction(label="a", probabilities={"a": 1.0, "b": 1e-300}, labels=("a",)),
    ],
)
def test_label_and_probabilities_come_back_exactly(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, prediction: Prediction
) -> None:
    write_report(series, prediction, model=model, output=tmp_path / "r.dcm")
    back = read_report(tmp_path / "r.dcm")
    assert back.prediction == prediction
    assert back.model == model
    assert back.images == tuple(image.SOPInstanceUID for image in series)


def test_another_reader_finds_findings_probabilities_and_who_gave_them(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path
) -> None:
    write_report(series, PREDICTION, model=model, concepts={"pneumonia": PNEUMONIA}, output=tmp_path / "r.dcm")
    report = dcmread(tmp_path / "r.dcm")
    assert report.SOPClassUID.name == "Comprehensive SR Storage"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    findings = _values(report, "121071")
    assert findings[0] == ("233604007", "SCT", "Pneumonia")
    assert [(scheme, meaning) for _, scheme, meaning in findings[1:]] == [
        ("99ACCLIMATE", "gesund, unauffällig"),
        ("99ACCLIMATE", "肺結核"),
    ]
    assert [(round(value, 6), unit, scheme) for value, unit, scheme in _values(report, "122157")] == [
        (0.533333, "1", "UCUM"),
        (0.3, "1", "UCUM"),
        (0.166667, "1", "UCUM"),
    ]
    assert [meaning for _, _, meaning in _values(report, "GIVEN")] == ["Yes", "No", "No"]
    assert _values(report, "111001") == [model.name] * 3
    assert _values(report, "111003") == [model.version] * 3
    assert _values(report, "111002") == [f"bundle_sha256={model.bundle_sha256}"] * 3
    assert _values(report, "121005") == [("121007", "DCM", "Device")]
    assert _values(report, "121016") == [model.bundle_sha256]


def test_the_report_says_that_it_is_not_for_diagnosis(series: list[Dataset], model: ModelIdentity) -> None:
    report = write_report(series, PREDICTION, model=model)
    assert _values(report, "121106") == [NOT_FOR_DIAGNOSTIC_USE]
    assert "not for diagnostic use" in report.SeriesDescription
    assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert report.ContentQualification == "RESEARCH"


def test_it_stays_in_the_study_and_names_its_images_as_evidence(series: list[Dataset], model: ModelIdentity) -> None:
    report = write_report(series, PREDICTION, model=model)
    assert (report.StudyInstanceUID, report.PatientID) == (series[0].StudyInstanceUID, series[0].PatientID)
    assert report.SeriesInstanceUID != series[0].SeriesInstanceUID
    evidence = {
        item.ReferencedSOPInstanceUID
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for of_series in study.ReferencedSeriesSequence
        for item in of_series.ReferencedSOPSequence
    }
    assert evidence == {image.SOPInstanceUID for image in series}


def test_an_unsure_label_is_undetermined(series: list[Dataset], model: ModelIdentity) -> None:
    unsure = Prediction(label="a", probabilities={"a": 0.6, "b": 0.4}, labels=("a",), answered=False)
    report = write_report(series, unsure, model=model)
    assert [meaning for _, _, meaning in _values(report, "GIVEN")] == ["Undetermined", "No"]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_it_refers_to_every_segment_of_a_segmentation(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, count: int
) -> None:
    masks = np.random.default_rng(0).integers(0, count + 1, (5, 128, 128))
    segments = [Segment(label=f"part {number}") for number in range(count)]
    segmentation = write_segmentation(series, masks, segments, model=model)
    write_report(series, PREDICTION, model=model, segmentation=segmentation, output=tmp_path / "r.dcm")
    references = _values(dcmread(tmp_path / "r.dcm"), "121191")
    assert [item.ReferencedSOPInstanceUID for item in references] == [segmentation.SOPInstanceUID] * count
    assert [item.ReferencedSegmentNumber for item in references] == list(range(1, count + 1))
    back = read_report(tmp_path / "r.dcm")
    assert back.segmentations == (segmentation.SOPInstanceUID,)
    assert back.prediction == PREDICTION


def test_of_a_single_image_it_refers_to_the_frame_of_the_segment(
    make_series: Callable[..., list[Dataset]], model: ModelIdentity
) -> None:
    [image] = make_series(1)
    masks = np.random.default_rng(0).integers(0, 3, (1, 128, 128))
    segments = [Segment(label="left"), Segment(label="right")]
    segmentation = write_segmentation([image], masks, segments, model=model)
    report = write_report([image], PREDICTION, model=model, segmentation=segmentation)
    references = _values(report, "121214")
    assert [(item.ReferencedFrameNumber, item.ReferencedSegmentNumber) for item in references] == [(1, 1), (2, 2)]
    assert read_report(report).segmentations == (segmentation.SOPInstanceUID,)


def test_a_segmentation_of_other_images_is_refused(
    series: list[Dataset], make_series: Callable[..., list[Dataset]], model: ModelIdentity
) -> None:
    others = make_series()
    segmentation = write_segmentation(others, np.ones((5, 128, 128), int), [Segment(label="all")], model=model)
    with pytest.raises(DataError, match="not of the images of the report"):
        write_report(series, PREDICTION, model=model, segmentation=segmentation)
    with pytest.raises(DataError, match="found another kind"):
        write_report(series, PREDICTION, model=model, segmentation=series[0])


@pytest.mark.parametrize(
    ("concepts", "message"),
    [
        ({"pneumona": PNEUMONIA}, "'pneumona', which the model does not predict"),
        ({"pneumonia": PNEUMONIA, "肺結核": PNEUMONIA}, "the same concept"),
    ],
)
def test_concepts_that_do_not_fit_the_labels_are_refused(
    series: list[Dataset], model: ModelIdentity, concepts: dict[str, Concept], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        write_report(series, PREDICTION, model=model, concepts=concepts)


def test_a_label_that_dicom_cannot_hold_is_refused(series: list[Dataset], model: ModelIdentity) -> None:
    label = "x" * 65
    with pytest.raises(OptionError, match="1 to 64 printable characters"):
        write_report(series, Prediction(label=label, probabilities={label: 1.0}, labels=(label,)), model=model)


def test_only_a_report_of_a_prediction_is_read(series: list[Dataset], model: ModelIdentity) -> None:
    with pytest.raises(DataError, match="another kind of DICOM object"):
        read_report(series[0])
    report = write_report(series, PREDICTION, model=model)
    for item in _items(report):
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == "GIVEN":
            item.ConceptNameCodeSequence[0].CodeValue = "OTHER"
    with pytest.raises(DataError, match="holds no prediction"):
        read_report(report)
