"""A look at a folder: one record for every file, none skipped, and a sheet of what a model would see."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.cli.app import app
from acclimate.contracts import OutputError
from acclimate_medical_imaging.reading.preview import contact_sheet, look_at
from PIL import Image
from typer.testing import CliRunner

Make = Callable[..., Any]
SHARED = Path(__file__).parents[5] / "shared" / "data" / "medical_imaging" / "dicom"
# Two decoders may round the coefficients of lossy JPEG to grey levels that are one apart.
LOSSY = ("JPEG Baseline (Process 1)", "JPEG Extended (Process 2 and 4)")


@pytest.fixture
def folder(make: Make, save: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    rng = np.random.default_rng(8)
    save(make(rng.integers(-5, 300, (8, 9)).astype(np.int16)), folder / "a" / "whole")
    spoilt = make(np.zeros((8, 8), np.uint8))
    spoilt.Rows = 9
    save(spoilt, folder / "a" / "spoilt")
    report = make(np.zeros((8, 8), np.uint8))
    del report.PixelData
    save(report, folder / "report.dcm")
    (folder / "notes.txt").write_text("notes")
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / "photo.png")
    return folder


def test_every_file_has_a_record(folder: Path) -> None:
    seen = {each.path: each for each in look_at(folder)}
    assert {path: each.status for path, each in seen.items()} == {
        "notes.txt": "refused",
        "photo.png": "decoded",
        "report.dcm": "no-pixels",
        "a/spoilt": "refused",
        "a/whole": "decoded",
    }
    whole = seen["a/whole"]
    assert (whole.shape, whole.kind) == ((8, 9), "OT, Explicit VR Little Endian")
    assert whole.minimum is not None
    assert whole.minimum >= -5
    assert "not a DICOM file" in seen["notes.txt"].reason
    assert "malformed" in seen["a/spoilt"].reason


def test_the_command_prints_the_records_and_writes_the_sheet(folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    done = CliRunner().invoke(app, ["preview", str(folder), "--sheet", str(sheet), "--json"])
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(found["files"][0]) >= {"path", "status", "reason", "shape", "minimum", "maximum"}
    assert len(found["files"]) == 5
    assert Image.open(sheet).width == 2 * 160
    plain = CliRunner().invoke(app, ["preview", str(folder)]).stdout
    assert "refused: notes.txt: it is not a DICOM file" in plain
    assert "5 files: " in plain
    assert "text is in the pixels of 0 pictures by their header, and may be in those of 1 more" in plain


def test_a_sheet_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.png").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        contact_sheet(folder, tmp_path / "sheet.png")


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the DICOM files are not beside the checkout")
def test_real_files_are_decoded_to_the_known_values_or_refused_with_a_reason() -> None:
    with (SHARED / "manifest.csv").open(newline="") as file:
        known = {row["path"]: row for row in csv.DictReader(file)}
    seen = {each.path: each for each in look_at(SHARED)}
    assert set(known) <= set(seen)
    counts: Counter[str] = Counter()
    for path, row in known.items():
        found = seen[path]
        counts[found.status] += 1
        if row["decode"] == "ok":
            assert found.status == "decoded", (path, found.reason)
            assert found.shape is not None
            assert "x".join(map(str, found.shape)) == row["shape"], path
            assert found.minimum is not None
            assert found.maximum is not None
            near = 1 if row["ts"] in LOSSY else 0
            known_range = [float(row["min"]), float(row["max"])]
            assert [found.minimum, found.maximum] == pytest.approx(known_range, abs=near, rel=1e-7), path
        elif row["decode"]:
            assert found.status == "refused", path
            assert len(found.reason) > 10, path
        else:
            assert found.status == ("no-pixels" if row["parse"] == "ok" or row["sop"] else found.status), path
    assert counts["decoded"] == 157
