"""A whole run on DICOM files: no patient in two parts, nothing of a patient written, the same seen from PNG files."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import adapt, load
from acclimate.api import Run, evaluate, predict_rows
from acclimate.contracts import DataError
from acclimate_medical_imaging import diagnosis
from PIL import Image
from pydicom.uid import JPEG2000Lossless, RLELossless

Make = Callable[..., Any]
TOKENS = {
    "PatientName": "Quendolyn^Zarathustra",
    "PatientBirthDate": "19470231",
    "AccessionNumber": "ACC7351X",
    "InstitutionName": "Saint Nowhere Infirmary",
    "ReferringPhysicianName": "Oxblood^Winifred",
    "StudyDate": "20240317",
    "PatientComments": "lives at 9 Mulberry Crescent",
    "StationName": "STATIONQQ7",
    "OtherPatientIDs": "MRN-55512",
}


def picture_of(number: int, ill: bool) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A grey field, with a bright disc where the patient is ill."""
    rng = np.random.default_rng(number)
    field = rng.integers(40, 90, (64, 64)).astype(np.float64)
    rows, columns = np.mgrid[:64, :64]
    if ill:
        field[(rows - 30) ** 2 + (columns - 34) ** 2 < 120] += 120
    return field.round().astype(np.uint8)


@pytest.fixture(scope="module")
def clinic(make: Make, save: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 40 pictures of 20 patients, every second of them ill, whose headers hold what must not be told."""
    folder = tmp_path_factory.mktemp("clinic") / "scans"
    for number in range(40):
        who = number // 2
        dataset = make(
            255 - picture_of(number, who % 2 == 1),
            PhotometricInterpretation="MONOCHROME1",
            Modality="DX",
            PatientSex="FM"[who % 3 == 0],
            PatientAge=f"{20 + who:03}Y",
            **{**TOKENS, "PatientID": f"SECRETID{who:03}"},
        )
        save(dataset, folder / f"{number:02}")
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["PatientID", "label"]])
        writer.writerows([f"SECRETID{who:03}", "ill" if who % 2 else "well"] for who in range(20))
    return folder


@pytest.fixture(scope="module")
def run(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return adapt(
        diagnosis,
        clinic,
        method="frozen",
        output=tmp_path_factory.mktemp("runs") / "run",
        precision="float32",
        positive="ill",
        operate="sensitivity=0.9",
        allow_leakage=True,  # fields of noise look alike
        folds=0,
        shown=False,
    )


def test_what_sets_the_ill_apart_is_found_and_not_by_the_corners(run: Run) -> None:
    assert run.report.metrics["auroc"].value > 0.9
    assert run.report.baselines["corners_linear"]["auroc"].low < 0.5
    assert not {"no-group", "corners"} & {finding.code for finding in run.report.findings}


@pytest.mark.slow
def test_a_marker_in_a_corner_that_gives_the_label_away_is_told_of(tmp_path: Path) -> None:
    for number in range(60):
        ill = number % 2 == 1
        pixels = picture_of(number, ill=False)
        pixels[2:8, 54:60] = 250 if ill else 10
        (tmp_path / "films" / ("ill" if ill else "well")).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "films" / ("ill" if ill else "well") / f"{number}.png")
    found = adapt(
        diagnosis,
        tmp_path / "films",
        method="frozen",
        output=tmp_path / "run",
        precision="float32",
        allow_leakage=True,
        folds=2,
        repeats=1,
        shown=False,
    )
    assert found.report.analysis.cross_validated is not None
    (finding,) = [each for each in found.report.findings if each.code == "corners"]
    assert finding.level == "warning"
    assert finding.details["low"] > 0.5
    assert "no-group" in {each.code for each in found.report.findings}


def test_nothing_of_a_patient_is_in_what_a_run_writes(run: Run, cache: Path) -> None:
    words = [*TOKENS.values(), "Zarathustra", "Mulberry", "SECRETID", "1.2.826.0.1.3680043"]
    files = [file for folder in (run.output, cache) for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 5
    found = [(file.name, word) for file in files for word in words if word.encode() in file.read_bytes()]
    assert not found
    told = json.dumps(run.report.to_dict())
    assert not [word for word in words if word in told]


def test_nothing_of_a_patient_is_in_predictions_or_errors(
    run: Run, clinic: Path, make: Make, save: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spoilt = make(np.zeros((64, 64), np.uint8), **TOKENS)
    spoilt.Rows = 65
    save(spoilt, tmp_path / "spoilt.dcm")
    save(make(picture_of(7, ill=True), **TOKENS), tmp_path / "whole.dcm")
    rows = [*predict_rows(run.output, clinic), *predict_rows(run.output, tmp_path)]
    printed = capfd.readouterr()
    told = json.dumps(rows) + printed.out + printed.err
    assert [row["id"] for row in rows if "error" in row] == ["spoilt.dcm"]
    assert not [word for word in (*TOKENS.values(), "SECRETID") if word in told]


@pytest.mark.parametrize("syntax", ["", RLELossless, JPEG2000Lossless])
def test_png_and_dicom_of_the_same_pixels_are_predicted_the_same(
    run: Run, make: Make, save: Any, tmp_path: Path, syntax: str
) -> None:
    pngs = []
    for number in range(4):
        seen = picture_of(100 + number, number % 2 == 1)
        stored = seen.astype(np.uint16) * 4 + 512
        dataset = make(
            stored,
            BitsStored=12,
            HighBit=11,
            RescaleSlope=0.25,
            RescaleIntercept=-128,
            WindowCenter=128,
            WindowWidth=256,
        )
        if syntax:
            dataset.compress(syntax, generate_instance_uid=False)
        save(dataset, tmp_path / "dicom" / f"{number}.dcm")
        pngs.append(tmp_path / f"{number}.png")
        Image.fromarray(seen).save(pngs[-1])
    predictor = load(run.output)
    expected = predictor.predict(pngs)
    found = list(predict_rows(run.output, tmp_path / "dicom"))
    assert [row["probabilities"] for row in found] == [dict(each.probabilities) for each in expected]


def test_a_folder_without_labels_is_told_how_it_gets_them(make: Make, save: Any, tmp_path: Path) -> None:
    save(make(picture_of(3, ill=True)), tmp_path / "scans" / "1.dcm")
    with pytest.raises(DataError, match=r"recognised as the label.*--read labels=FILE.*labels\.csv"):
        adapt(diagnosis, tmp_path / "scans", method="frozen", output=tmp_path / "run", shown=False)


def test_subgroups_are_scored_without_being_named(run: Run, clinic: Path) -> None:
    sliced = evaluate(run.output, clinic).analysis.slices
    assert set(sliced) == {"sex", "age", "scanner", "view", "burned_in"}
    assert {each.value: each.rows for each in sliced["sex"]} == {"F": 26, "M": 14}
