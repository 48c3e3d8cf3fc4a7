"""The preset for masks on DICOM series: from folders with segmentations to scores in millimetres."""

import shutil
from pathlib import Path

import pytest
from acclimate import evaluate, load
from acclimate.api import write_predictions
from acclimate.contracts import DataError
from pydicom import dcmread

from .conftest import PATIENTS


def test_a_run_on_series_is_measured_in_millimetres_with_patients_kept_apart(scans: Path, run: Path) -> None:
    report = evaluate(run, scans)
    assert {"hd95", "nsd_2mm"} <= set(report.metrics)
    assert not {"hd95_pixels", "nsd_2px"} & set(report.metrics)
    manifest = load(run).manifest
    assert manifest["request"]["options"]["spacing"] == "spacing"
    counts = {part: manifest["data"]["parts"][part]["count"] for part in ("train", "validation", "test")}
    assert sum(counts.values()) == 4 * PATIENTS
    assert all(count % 4 == 0 for count in counts.values())


def test_distances_are_in_pixels_where_that_is_asked_for_and_where_the_spacing_is_not_known(
    scans: Path, run: Path, tmp_path: Path
) -> None:
    with_spacing = evaluate(run, scans, metrics=("hd95", "hd95_pixels"))
    plain = evaluate(run, scans, metrics=("hd95_pixels",), spacing="none")
    assert plain.metrics["hd95_pixels"].value == with_spacing.metrics["hd95_pixels"].value
    assert with_spacing.metrics["hd95"].value != plain.metrics["hd95_pixels"].value
    shutil.copytree(scans, tmp_path / "scans")
    for file in (tmp_path / "scans" / "1").glob("[0-9].dcm"):
        dataset = dcmread(file)
        dataset.Modality = "DX"  # a projection without calibration
        dataset.save_as(file)
    with pytest.raises(DataError, match=r"known of 20 of 24 images, .*spacing='none'"):
        evaluate(run, tmp_path / "scans")


def test_masks_of_new_scans_are_predicted_without_any_mask_there(scans: Path, run: Path, tmp_path: Path) -> None:
    found = write_predictions(run, scans / "1", tmp_path / "found")
    assert (found.rows, found.unreadable) == (4, 0)
    assert len(list((tmp_path / "found" / "masks").glob("*.png"))) == 4
