"""What others make of the objects: a validator of DICOM, and images of many makers."""

import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from acclimate.contracts import DataError, Prediction
from acclimate_medical_imaging.results import (
    ModelIdentity,
    Segment,
    read_report,
    read_segmentation,
    write_report,
    write_segmentation,
)
from pydicom import Dataset, dcmread

PREDICTION = Prediction(label="a", probabilities={"a": 0.75, "b": 0.25}, labels=("a",))


def _complaints(file: Path) -> list[str]:
    """Return the errors that dciodvfy of dicom3tools finds in a file."""
    if not shutil.which("dciodvfy"):
        pytest.skip("the validator dciodvfy is not installed: apt-get install dicom3tools")
    done = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert "Segmentation\n" in said or "ComprehensiveSR\n" in said, said
    return [line for line in said.splitlines() if line.startswith("Error")]


def test_a_validator_finds_no_error(series: list[Dataset], model: ModelIdentity, tmp_path: Path) -> None:
    masks = np.random.default_rng(0).integers(0, 3, (5, 128, 128))
    segments = [Segment(label="one"), Segment(label="two")]
    segmentation = write_segmentation(series, masks, segments, model=model, output=tmp_path / "s.dcm")
    write_report(series, PREDICTION, model=model, segmentation=segmentation, output=tmp_path / "r.dcm")
    assert _complaints(tmp_path / "s.dcm") == []
    assert _complaints(tmp_path / "r.dcm") == []


def test_the_validator_would_find_one(series: list[Dataset], model: ModelIdentity, tmp_path: Path) -> None:
    report = write_report(series, PREDICTION, model=model)
    report.VerificationFlag = "PERHAPS"
    report.save_as(tmp_path / "r.dcm", enforce_file_format=True)
    assert _complaints(tmp_path / "r.dcm") != []


def _small_images() -> list[Dataset]:
    """Return the images among the files that pydicom installs: many kinds, makers, syntaxes and mistakes."""
    files = sorted((Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm"))
    found = [dcmread(file, force=True) for file in files if file.stat().st_size < 2_000_000]
    return [image for image in found if image.get("Rows") and image.get("Columns") and "PixelData" in image]


@pytest.mark.slow
def test_images_of_many_kinds_come_back_whole_or_are_refused(model: ModelIdentity) -> None:
    whole = 0
    warnings.simplefilter("ignore")  # about the mistakes
    for image in _small_images():
        frames = str(image.get("NumberOfFrames") or 1)
        masks = np.zeros((int(frames) if frames.isdigit() else 1, image.Rows, image.Columns), int)
        masks[:, : image.Rows // 2] = 1
        try:
            segmentation = write_segmentation([image], masks, [Segment(label="half")], model=model)
            report = write_report([image], PREDICTION, model=model, segmentation=segmentation)
        except DataError:
            continue
        np.testing.assert_array_equal(read_segmentation(segmentation, [image]).masks[..., 0], masks == 1)
        assert read_report(report).prediction == PREDICTION
        whole += 1
    assert whole >= 20
