"""The demo: files and labels as pydicom reads them without Acclimate, and a whole run with its pictures."""

import warnings
from collections import Counter, defaultdict
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pydicom
import pytest
from acclimate.api import demo
from acclimate_medical_imaging import diagnosis
from acclimate_medical_imaging.demo.files import read
from PIL import Image

FOLDERS = {"pydicom-data": "data_store/data", "pydicom": "pydicom/data/test_files"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    assert diagnosis.demo is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what pydicom says of odd headers must not reach a user
        return list(read(diagnosis.demo.source))


def test_each_image_of_the_packages_is_one_row_with_the_modality_of_its_header(rows: list[dict[str, Any]]) -> None:
    expected = dict[str, str]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package, inside in FOLDERS.items():
            for file in Path(str(distribution(package).locate_file(inside))).rglob("*.dcm"):
                header = pydicom.dcmread(file, force=True)
                sizes = (header.get("Rows") or 0, header.get("Columns") or 0)
                if "PixelData" in header and min(sizes) >= 60 and header.get("Modality") in ("US", "CT", "MR"):
                    expected[str(header.SOPInstanceUID)] = "ultrasound" if header.Modality == "US" else "CT or MR"
    assert Counter(row["label"] for row in rows) == Counter(expected.values())
    assert len({row["id"] for row in rows}) == len(rows) == 24


def test_the_modality_is_the_label_and_nothing_else(rows: list[dict[str, Any]]) -> None:
    assert all("modality" not in row for row in rows)


def test_no_patient_has_both_labels(rows: list[dict[str, Any]]) -> None:
    labels = defaultdict[str, set[str]](set)
    for row in rows:
        labels[row["patient"]].add(row["label"])
    assert all(len(found) == 1 for found in labels.values())


@pytest.mark.slow
def test_the_demo_saves_a_run_and_draws_what_was_read_and_what_came_of_it(tmp_path: Path) -> None:
    run = demo("medical-imaging", output=tmp_path / "run")
    assert [file.relative_to(tmp_path) for file in run.pictures] == [
        Path("run-pictures/read.png"),
        Path("run-pictures/result.png"),
    ]
    for file, rows in zip(run.pictures, (4, 1), strict=True):
        with Image.open(file) as image:
            assert image.width == 960
            assert image.height // 160 == rows
    assert "no diagnosis" in str(run.report.to_dict())
