"""Whole runs on series of slices: a blob in a few slices is learned, and chance is not."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate import adapt, load
from acclimate.api import Run, predict_rows
from acclimate.contracts import DataError
from acclimate_medical_imaging import volume_series

Clinic = Callable[..., Path]
Write = Callable[..., None]
Noise = Callable[[int, bool, int], np.ndarray]


def run_on(folder: Path, output: Path, method: str = "frozen", **options: object) -> Run:
    return adapt(
        volume_series,
        folder,
        method=method,
        output=output,
        precision="float32",
        allow_leakage=True,  # fields of noise look alike
        reading={"window": "spine"},
        folds=0,
        shown=False,
        **options,
    )


@pytest.fixture(scope="module")
def run(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = clinic(tmp_path_factory.mktemp("clinic") / "scans")
    return run_on(folder, tmp_path_factory.mktemp("runs") / "run")


def test_a_blob_in_a_few_slices_is_learned_over_patients(run: Run) -> None:
    score = run.report.metrics["auroc"]
    assert score.value > 0.9
    assert len(set(run.test_rows.groups or ())) * 2 == run.report.rows["test"]
    assert not {"no-group"} & {finding.code for finding in run.report.findings}
    parts = json.loads((run.output / "rows.json").read_text())
    assert sum(len(ids) for ids in parts.values()) == 40


@pytest.mark.slow
def test_labels_at_random_are_not_learned(clinic: Clinic, tmp_path: Path) -> None:
    found = run_on(clinic(tmp_path / "scans", shuffled=True), tmp_path / "run")
    assert found.report.metrics["auroc"].low < 0.5


@pytest.mark.slow
def test_new_series_are_read_as_the_run_was_and_say_which_slices_mattered(
    run: Run, clinic: Clinic, tmp_path: Path, write: Write, noise: Noise
) -> None:
    folder = clinic(tmp_path / "new", 4, first=500)
    (folder / "labels.csv").unlink()
    write(folder / "gap", noise(9, True, 9), "x", "1.2.9", skip=(3,))
    code = (
        "import json, sys\nfrom acclimate.api import predict_rows\n"
        "print(json.dumps(list(predict_rows(sys.argv[1], sys.argv[2], reading={'ids': 'path'}))))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(run.output), str(folder)], capture_output=True, text=True, check=True
    )
    rows = {row["id"]: row for row in json.loads(told.stdout)}
    assert "missing: 1" in rows.pop("gap")["error"]
    for who in range(4):
        for visit in range(2):
            row = rows[f"p{who:02}/visit{visit}"]
            assert row["label"] == ("ill" if who % 2 else "well")
            depth = 8 + (2 * (500 + who) + visit) % 5
            assert list(row["slice_weights"]) == [str(number + 1) for number in range(depth)]
    with pytest.raises(Exception, match=r"read with window='spine', found window='lung'"):
        list(predict_rows(run.output, folder, reading={"window": "lung"}))


@pytest.mark.slow
def test_rows_that_were_measured_are_predicted_the_same(run: Run) -> None:
    source = json.loads((run.output / "manifest.json").read_text())["request"]["source"]
    found = {row["id"]: row for row in predict_rows(run.output, source)}
    for id, scores in zip(run.test_rows.ids, run.test_rows.scores, strict=True):
        chances = found[id]["probabilities"]
        odds = np.log(max(chances["well"], 1e-300) / max(chances["ill"], 1e-300))
        assert odds == pytest.approx(scores[1] - scores[0], abs=1e-3)


def test_series_that_are_no_volumes_stop_a_run_with_their_names(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic(tmp_path / "scans", 4)
    next((folder / "p01" / "visit0").glob("021.dcm")).unlink()
    with pytest.raises(DataError, match=r"series-[0-9a-f]{16}.*missing: 1"):
        run_on(folder, tmp_path / "run")


@pytest.mark.slow
def test_every_weight_trains(clinic: Clinic, tmp_path: Path) -> None:
    found = run_on(clinic(tmp_path / "scans", 10), tmp_path / "run", "full", epochs=1)
    assert found.report.history
    assert load(found.output).predict is not None
