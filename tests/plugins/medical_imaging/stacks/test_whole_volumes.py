"""Series of slices that a network of three dimensions sees whole, read as it was trained to see them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate import adapt, load
from acclimate.api import Run, predict_rows
from acclimate.cli.app import app
from acclimate.testing.volume_folders import save_network
from acclimate_medical_imaging import volume_series
from typer.testing import CliRunner

pytest.importorskip("monai", reason="the extra acclimate[volumes3d] is not installed")
pytestmark = pytest.mark.slow  # tests/core/api/test_volumes.py is quick
Clinic = Callable[..., Path]
Write = Callable[..., None]
Noise = Callable[[int, bool, int], np.ndarray]


@pytest.fixture(scope="module")
def scans(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic(tmp_path_factory.mktemp("clinic") / "scans")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny network for 32 x 32 x 64 voxels of 1 x 1 x 0.5 millimetres, seen through one window."""
    folder = tmp_path_factory.mktemp("backbones") / "network"
    return save_network("resnet-3d", folder, spacing="1x1x0.5", window="spine")


def run_on(scans: Path, network: Path, output: Path, method: str = "scratch", **options: object) -> Run:
    return adapt(
        volume_series,
        scans,
        backbone=str(network),
        method=method,
        output=output,
        precision="float32",
        allow_leakage=True,  # fields of noise look alike
        folds=0,
        shown=False,
        **options,
    )


@pytest.fixture(scope="module")
def run(scans: Path, network: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_on(scans, network, tmp_path_factory.mktemp("runs") / "run", epochs=10, learning_rate=3e-3)


def test_a_blob_is_learned_over_patients(run: Run) -> None:
    assert run.report.metrics["auroc"].value > 0.8
    assert len(set(run.test_rows.groups or ())) * 2 == run.report.rows["test"]


def test_volumes_are_read_with_what_the_network_was_trained_with(run: Run) -> None:
    manifest = json.loads((run.output / "manifest.json").read_text())
    reading = manifest["request"]["options"]["reading"]
    assert reading == {"slices": "512", "spacing": "1x1x0.5", "window": "spine"}
    preprocessing = load(run.output).preprocessing
    assert preprocessing.placed
    assert preprocessing.size == (32, 32, 64)


def test_new_series_are_read_as_the_run_was(
    run: Run, scans: Path, tmp_path: Path, write: Write, noise: Noise
) -> None:
    write(tmp_path / "new", noise(500, True, 10), "SOMEBODY", "1.2.3.9999")
    (row,) = predict_rows(run.output, tmp_path / "new")
    assert set(row["probabilities"]) == {"ill", "well"}
    again = {row["id"]: row["probabilities"]["ill"] for row in predict_rows(run.output, scans)}
    scores = dict(zip(run.test_rows.ids, run.test_rows.scores, strict=True))
    for id, (ill, well) in ((id, scores[id]) for id in scores):
        assert np.log(again[id] / (1 - again[id])) == pytest.approx(ill - well, abs=1e-3)


def test_what_is_cut_off_is_told(run: Run) -> None:
    # 48 pixels of 0.7 mm are 34 rows of 1 mm, of which 32 are seen, and 67 columns of 0.5 mm, of which 64 are.
    (told,) = (each.message for each in run.report.findings if each.code == "volumes-cut")
    assert told.startswith("40 of 40 volumes are larger than 32 x 32 x 64 voxels at their spacing")


def test_a_user_may_read_otherwise_and_is_told(scans: Path, network: Path, tmp_path: Path) -> None:
    reading = {"spacing": "", "window": "lung", "slices": "8"}
    found = run_on(scans, network, tmp_path / "run", "frozen", reading=reading)
    assert sorted(each.message for each in found.report.findings if each.code == "volumes-otherwise") == [
        "The backbone was trained with spacing 1x1x0.5; rows are read with the volumes' own.",
        "The backbone was trained with window spine; rows are read with lung.",
    ]
    assert not load(found.output).preprocessing.placed


def test_the_command_line_does_the_same(scans: Path, network: Path, tmp_path: Path) -> None:
    runner, output = CliRunner(), tmp_path / "run"
    asked = ["adapt", "medical-imaging/volumes", str(scans), "--backbone", str(network), "--method", "lora"]
    asked += ["--max-steps", "2", "--allow-leakage", "--folds", "0", "--output", str(output)]
    adapted = runner.invoke(app, asked)
    assert adapted.exit_code == 0, adapted.output
    table = tmp_path / "predictions.csv"
    predicted = runner.invoke(app, ["predict", str(output), str(scans), "--output", str(table)])
    assert predicted.exit_code == 0, predicted.output
    assert len(table.read_text().splitlines()) == 41
    refused = runner.invoke(app, [*asked[:3], "--backbone", "monai:resnet18", "--output", str(tmp_path / "no")])
    assert refused.exit_code != 0
    assert "random weights" in refused.output
