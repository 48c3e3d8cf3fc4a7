"""Predictions of a run written as DICOM objects by one command, and read back voxel for voxel."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import adapt, load
from acclimate.api import predict_rows
from acclimate.cli.app import app
from acclimate.contracts import DataError, OptionError, OutputError
from acclimate_medical_imaging import diagnosis, volume_series
from acclimate_medical_imaging.commands.store import _checked
from acclimate_medical_imaging.reading.pixels import picture
from acclimate_medical_imaging.reading.pseudonyms import pseudonyms
from acclimate_medical_imaging.results import read_report, read_segmentation, write_results
from PIL import Image
from pydicom import Dataset, dcmread
from typer.testing import CliRunner

from .conftest import PATIENTS, Series


def command(*arguments: object) -> Any:
    """Return what the command line did."""
    return CliRunner().invoke(app, ["dicom-results", *map(str, arguments)])


@pytest.fixture(scope="module")
def series(scans: Path) -> dict[str, list[Dataset]]:
    """Return the images of each series."""
    found: dict[str, list[Dataset]] = defaultdict(list)
    for file in scans.rglob("*.dcm"):
        dataset = dcmread(file)
        if dataset.Modality == "CT":
            found[dataset.SeriesInstanceUID].append(dataset)
    return found


def test_segmentations_hold_what_is_predicted_voxel_for_voxel(
    run: Path, scans: Path, series: dict[str, list[Dataset]], tmp_path: Path
) -> None:
    done = command(run, scans, "--output", tmp_path / "results", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["written"] + len(told["empty"]) == PATIENTS
    assert not told["left_out"]
    files = _checked([tmp_path / "results"])  # what `dicom-store` takes
    assert len(files) == told["written"] > 0
    predictor, seen = load(run), 0
    for file in files:
        assert file.read_bytes()[128:132] == b"DICM"
        segmentation = dcmread(file)
        images = series[segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID]
        assert segmentation.StudyInstanceUID == images[0].StudyInstanceUID
        assert segmentation.DeviceSerialNumber == json.loads((run / "manifest.json").read_text())["sha256"]
        back = read_segmentation(segmentation, images)
        assert [segment.label for segment in back.segments] == ["organ", "tumour"]
        for image, mask in zip(images, back.masks, strict=True):
            predicted = predictor.predict([picture(image)])[0].mask
            np.testing.assert_array_equal(mask, np.stack([predicted == 1, predicted == 2], axis=-1))
            seen += int(mask.sum())
    assert seen


def test_a_series_with_a_slice_that_cannot_be_read_has_no_segmentation_and_is_told_of(
    run: Path, scans: Path, tmp_path: Path
) -> None:
    for number in (0, 1):
        (tmp_path / f"{number}").mkdir()
        for file in (scans / f"{number}").glob("[0-9].dcm"):
            (tmp_path / f"{number}" / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / "1" / "7.dcm"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-300])
    uid = dcmread(tmp_path / "1" / "0.dcm").SeriesInstanceUID
    done = command(run, tmp_path, "--output", tmp_path / "results")
    name = pseudonyms().of("series", uid)
    assert done.exit_code == 3
    assert f"{name}: of 4 slices 1 have no mask" in done.stdout
    assert not (tmp_path / "results" / f"seg-{name}.dcm").exists()


def test_what_a_run_does_not_give_is_refused_before_anything_is_read(run: Path, scans: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="image-segmentation is written as 'seg', found 'sr'"):
        write_results(run, scans, tmp_path / "results", kind="sr")
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputError):
        write_results(run, scans, tmp_path / "there")
    with pytest.raises(DataError, match="no DICOM images"):
        write_results(run, tmp_path / "there", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_reports_hold_what_is_predicted_of_each_image(
    scans: Path, series: dict[str, list[Dataset]], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    for number in range(24):
        name, level = ("ill", 190) if number % 2 else ("well", 60)
        (tmp_path / "pictures" / name).mkdir(parents=True, exist_ok=True)
        pixels = np.clip(random.normal(level, 25, (24, 24)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number:02}.png")
    run = adapt(
        diagnosis,
        tmp_path / "pictures",
        method="frozen",
        folds=0,
        allow_leakage=True,
        output=tmp_path / "run",
        shown=False,
    ).output
    source = scans / "1"  # four slices and a segmentation of them
    done = write_results(run, source, tmp_path / "results")
    images = next(each for each in series.values() if each[0].PatientID == "P1")
    rows = {row["id"]: row for row in predict_rows(run, source)}
    assert (done.kind, done.written, done.empty, done.left_out) == ("sr", len(images), (), ())
    for image in images:
        id = pseudonyms().of("image", image.SOPInstanceUID)
        report = read_report(tmp_path / "results" / f"sr-{id}.dcm")
        assert report.images == (image.SOPInstanceUID,)
        assert report.prediction.label == rows[id]["label"]
        assert report.prediction.probabilities == pytest.approx(rows[id]["probabilities"], abs=1e-9)
    with pytest.raises(OptionError, match="image-classification is written as 'sr', found 'seg'"):
        write_results(run, scans, tmp_path / "other", kind="seg")


@pytest.mark.slow
def test_reports_of_volumes_are_of_whole_series(tmp_path: Path) -> None:
    every = [Series(f"V{number}", seed=number, size=(24, 20)) for number in range(20)]
    for number, one in enumerate(every):
        one.save(tmp_path / "scans" / ("ill" if number % 2 else "well") / str(number))
    run = adapt(
        volume_series,
        tmp_path / "scans",
        reading={"labels": "folders"},
        folds=0,
        allow_leakage=True,
        output=tmp_path / "run",
        shown=False,
    ).output
    done = write_results(run, tmp_path / "scans" / "ill", tmp_path / "results")
    assert (done.written, done.left_out) == (10, ())
    for one in every[1::2]:
        uid = one.images[0].SeriesInstanceUID
        report = read_report(tmp_path / "results" / f"sr-{pseudonyms().of('series', uid)}.dcm")
        assert set(report.images) == {image.SOPInstanceUID for image in one.images}
