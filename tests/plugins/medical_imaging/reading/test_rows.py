"""Rows of a folder: joined to labels, named by pseudonyms, refused where labels and files do not fit."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.data import UNREADABLE
from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.reading.subjects import age_band
from PIL import Image

Make = Callable[..., Any]
RNG = np.random.default_rng(7)


def table(path: Path, rows: list[Mapping[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def scans(make: Make, save: Any, tmp_path: Path) -> Path:
    """Six pictures of three patients, without endings."""
    for number in range(6):
        seen = RNG.integers(0, 256, (16, 16), dtype=np.uint8)
        dataset = make(seen, PatientID=f"P{number // 2}", PatientSex="F", PatientAge="043Y", Manufacturer="Acme")
        save(dataset, tmp_path / "scans" / f"s{number // 2}" / f"IM{number}")
    return tmp_path / "scans"


PATIENTS = [{"patient_id": f"P{number}", "finding": "ill" if number else "well", "site": "A"} for number in range(3)]


def test_rows_carry_labels_of_their_patient_and_pictures_as_png(scans: Path) -> None:
    table(scans / "labels.csv", PATIENTS)
    rows = list(dicom_rows(str(scans)))
    assert [row["finding"] for row in rows] == ["well"] * 2 + ["ill"] * 4
    assert {(row["sex"], row["age"], row["scanner"], row["site"]) for row in rows} == {("F", "40-49", "Acme", "A")}
    assert [len({row["patient"] for row in rows[start : start + 2]}) for start in (0, 2, 4)] == [1, 1, 1]
    assert len({row["patient"] for row in rows}) == 3
    assert all(Image.open(io.BytesIO(row["image"])).size == (16, 16) for row in rows)


def test_labels_are_found_by_path_series_or_folder_too(scans: Path, tmp_path: Path) -> None:
    named = [{"path": f"s{number // 2}/IM{number}", "label": str(number)} for number in range(6)]
    by_path = dicom_rows(str(scans), labels=str(table(tmp_path / "paths.csv", named)))
    assert [row["label"] for row in by_path] == list("012345")
    assert [row["label"] for row in dicom_rows(str(scans), labels="folders")] == ["s0", "s0", "s1", "s1", "s2", "s2"]


def test_names_tell_nothing_and_are_the_same_each_time(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once, again = (list(dicom_rows(str(scans))) for _ in range(2))
    assert [row["id"] for row in once] == [row["id"] for row in again]
    told = json.dumps([{**row, "image": ""} for row in once])
    assert not [word for word in ("P0", "P1", "IM0", "1.2.826") if word in told]
    monkeypatch.setenv("ACCLIMATE_PSEUDONYM_KEY", "another key of a hospital")
    assert not {row["patient"] for row in dicom_rows(str(scans))} & {row["patient"] for row in once}
    assert next(row["id"] for row in dicom_rows(str(scans), ids="path")) == "s0/IM0"


def test_a_file_that_cannot_be_read_is_a_row_that_says_why(make: Make, save: Any, scans: Path) -> None:
    spoilt = make(np.zeros((16, 16), np.uint8))
    spoilt.Rows = 17
    save(spoilt, scans / "s0" / "IM1")
    (scans / "notes.txt").write_text("not a picture")
    rows = list(dicom_rows(str(scans)))
    assert [row["id"] for row in rows if UNREADABLE in row] == ["s0/IM1"]
    assert len(rows) == 6


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (PATIENTS[:2], r"2 files have no row in labels\.csv, which is joined by PatientID: s2/IM4, s2/IM5"),
        (
            [*PATIENTS, {"patient_id": "P9"}],
            r"1 of 4 rows of labels\.csv name a PatientID that no file has \(rows 5\)",
        ),
        ([*PATIENTS, PATIENTS[0]], r"Rows 2 and 5 of labels\.csv name the same PatientID"),
        ([{"who": "P0", "finding": "ill"}], r"No column of labels\.csv says what its labels are for; it has who"),
        ([*PATIENTS, {"patient_id": "", "finding": "ill"}], r"Row 5 of labels\.csv names no PatientID"),
    ],
)
def test_labels_that_do_not_fit_are_refused(scans: Path, rows: list[Mapping[str, str]], told: str) -> None:
    table(scans / "labels.csv", [{**dict.fromkeys(rows[0], ""), **row} for row in rows])
    with pytest.raises(DataError, match=told):
        list(dicom_rows(str(scans)))


def test_what_does_not_fit_is_skipped_where_that_is_asked_for(scans: Path) -> None:
    table(scans / "labels.csv", [*PATIENTS[:2], {"patient_id": "P9", "finding": "", "site": ""}])
    assert len(list(dicom_rows(str(scans), unlabelled="skip"))) == 4


def test_one_patient_for_all_is_asked_about(make: Make, save: Any, tmp_path: Path) -> None:
    for number in range(4):
        seen = np.full((16, 16), number, np.uint8)
        save(make(seen, PatientID="ANON"), tmp_path / f"c{number % 2}" / f"{number}.dcm")
    with pytest.raises(DataError, match="All 4 pictures carry one patient"):
        list(dicom_rows(str(tmp_path), labels="folders"))
    assert len({row["patient"] for row in dicom_rows(str(tmp_path), labels="folders", patient="study")}) == 4
    assert len(list(dicom_rows(str(tmp_path)))) == 4  # new pictures of one patient are what predictions are made of


def test_files_that_hold_the_same_image_are_named(make: Make, save: Any, scans: Path) -> None:
    table(scans / "labels.csv", PATIENTS)
    save(make(np.zeros((16, 16), np.uint8), PatientID="P0"), scans / "a")
    (scans / "b").write_bytes((scans / "a").read_bytes())
    with pytest.raises(DataError, match="a and b hold the same image"):
        list(dicom_rows(str(scans)))
    (scans / "labels.csv").unlink()
    assert len(list(dicom_rows(str(scans)))) == 8  # predictions of both are asked for


def test_a_syntax_that_nothing_decodes_is_told_before_any_file_is_decoded(
    make: Make, save: Any, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make(np.zeros((16, 16), np.uint8))
    film.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    film.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    save(film, scans / "film")
    monkeypatch.setattr("acclimate_medical_imaging.reading.pixels.picture", None)  # would raise when called
    with pytest.raises(DataError, match=r"1 files: nothing decodes its transfer syntax, MPEG-4"):
        list(dicom_rows(str(scans), labels="folders"))


def test_each_frame_is_a_row_where_all_are_asked_for(make: Make, save: Any, tmp_path: Path) -> None:
    save(make(RNG.integers(0, 256, (3, 8, 8), dtype=np.uint8)), tmp_path / "cine.dcm")
    rows = list(dicom_rows(str(tmp_path), frame="all"))
    assert [row["id"].rpartition("#")[2] for row in rows] == ["0", "1", "2"]
    assert len({row["image"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"frame": "last"}, "frame is 'middle' or 'first' or 'all', found 'last'"),
        ({"window": "lungs"}, "no window 'lungs'"),
        ({"labels": "labels.xlsx"}, r"labels is a table, found 'labels\.xlsx'"),
    ],
)
def test_an_option_that_cannot_be_is_refused(scans: Path, options: dict[str, str], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        list(dicom_rows(str(scans), **options))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures"):
        list(dicom_rows(str(tmp_path)))


@pytest.mark.parametrize(
    ("age", "band"),
    [("043Y", "40-49"), ("006M", "0-9"), ("089Y", "80-89"), ("090Y", "90+"), ("101Y", "90+"), ("old", ""), ("", "")],
)
def test_ages_are_told_in_bands(age: str, band: str) -> None:
    assert age_band(age) == band
