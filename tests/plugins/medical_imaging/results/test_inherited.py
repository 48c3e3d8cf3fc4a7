"""What results inherit from images whose attributes are not as they should be."""

import logging
import warnings
from pathlib import Path

import pytest
from acclimate.contracts import Prediction
from acclimate_medical_imaging.results import ModelIdentity, write_report
from pydicom import Dataset, dcmread

PREDICTION = Prediction(label="a", probabilities={"a": 0.75, "b": 0.25}, labels=("a",))


def _reported(images: list[Dataset], model: ModelIdentity, folder: Path) -> Dataset:
    write_report(images, PREDICTION, model=model, output=folder / "r.dcm")
    return dcmread(folder / "r.dcm")


@pytest.mark.parametrize(
    ("name", "found", "written"),
    [
        ("StudyTime", "14:04:38", "140438"),
        ("StudyTime", "10:52:34.530000", "105234.530000"),
        ("StudyTime", "2 pm", ""),
        ("StudyDate", "2004.01.19", "20040119"),
        ("StudyDate", "January", ""),
        ("PatientBirthDate", "1960", ""),
        ("PatientSex", "M ", "M"),
        ("PatientSex", "unknown", ""),
    ],
)
def test_values_of_older_forms_are_written_in_today_s(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, name: str, found: str, written: str
) -> None:
    for image in series:
        image[name].value = found
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # they quote values
        write_report(series, PREDICTION, model=model)
    assert _reported(series, model, tmp_path)[name].value == written
    assert {image[name].value for image in series} == {found}


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        (None, "Roe^Jane"),
        ("", "Roe^Jane"),
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 192", "王^小东"),
        ("GB18030", "王^小东"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
        ("ISO 2022 IR 100", "Müller^Jörg"),
    ],
)
def test_names_are_the_same_in_any_character_set(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, character_set: str | list[str] | None, name: str
) -> None:
    for number, image in enumerate(series):
        if character_set is not None:
            image.SpecificCharacterSet = character_set
        image.PatientName = name
        image.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    images = [dcmread(tmp_path / f"{number}.dcm") for number in range(len(series))]
    report = _reported(images, model, tmp_path)
    assert report.PatientName == name
    assert report.SpecificCharacterSet == "ISO_IR 192"


def test_attributes_that_must_be_there_are_there_and_empty(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path
) -> None:
    for image in series:
        del image.PatientName, image.StudyID, image.file_meta
    report = _reported(series, model, tmp_path)
    assert (report.PatientName, report.StudyID) == ("", "")
    assert not any("PatientName" in image for image in series)


def test_a_patient_of_one_name_is_named_in_no_warning_and_no_log(
    series: list[Dataset], model: ModelIdentity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for image in series:
        image.PatientName = "Sesame"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_report(series, PREDICTION, model=model)
    said = [caplog.text, *(str(warning.message) for warning in caught)]
    assert not any("Sesame" in text or series[0].SOPInstanceUID in text for text in said)
