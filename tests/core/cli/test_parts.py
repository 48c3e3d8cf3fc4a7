"""The commands on parts to inspect, as they are typed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Acclimate = Callable[..., Any]


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Return a folder of 16 noisy plates that are fine and 4 with a black field."""
    random = np.random.default_rng(0)
    for number in range(20):
        folder = tmp_path / "plates" / ("fine" if number < 16 else "hole")
        folder.mkdir(parents=True, exist_ok=True)
        image = random.normal(130, 25, (48, 56, 3))
        if number >= 16:
            image[10:26, 10:26] = 0
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(folder / f"{number:02}.png")
    return tmp_path / "plates"


def test_parts_are_inspected_evaluated_and_written_by_commands(acclimate: Acclimate, plates: Path) -> None:
    done = acclimate(
        "adapt", "general/anomaly-detection", plates, "--good", "fine", "--operate", "cost=50:2", "--prevalence", 0.1,
        "--image-size", 64, "--option", "most=200", "--output", "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    told = report["analysis"]["inspection"]
    assert (told["good"], told["rule"], told["prevalence"]) == ("fine", "cost=50:2", 0.1)
    assert told["cost_per_1000"]["value"] == pytest.approx(
        1000 * (0.1 * 50 * told["escape"]["value"] + 0.9 * 2 * told["overkill"]["value"])
    )
    assert report["settings"]["image_size"] == [64, 64]

    measured = acclimate("evaluate", "run", plates, "--html", "page.html", "--json")
    assert measured.code == 0, measured.out
    assert json.loads(measured.out)["rows"]["test"] == 20
    assert "The two errors on the test parts" in Path("page.html").read_text("utf-8")

    shown = acclimate("predict", "run", plates)
    table = list(csv.DictReader(io.StringIO(shown.out)))
    assert len(table) == 20
    assert {row["rejected"] for row in table} <= {"true", "false"}
    written = acclimate("predict", "run", plates, "--output", "found")
    assert written.code == 0, written.err
    assert len(list(Path("found/heat-maps").iterdir())) == 20

    refused = acclimate("adapt", "general/anomaly-detection", plates, "--method", "lora", "--output", "other")
    assert refused.code == 2
    assert "memory-bank, padim" in refused.err


def test_auto_goes_on_from_good_parts_and_prints_both_runs(acclimate: Acclimate, plates: Path) -> None:
    random = np.random.default_rng(1)
    for number in range(5):
        image = random.normal(130, 25, (48, 56, 3))
        image[30:40] = 250
        (plates / "line").mkdir(exist_ok=True)
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(plates / "line" / f"{number:02}.png")
    (plates / "hole").rename(plates.parent / "hole")
    climbed = acclimate(
        "adapt", "general/anomaly-detection", plates, "--good", "fine", "--image-size", 64, "--option", "most=50",
        "--method", "auto", "--budget", 0.001, "--output", "far", "--json",
    )  # fmt: skip
    assert climbed.code == 0, climbed.out
    document = json.loads(climbed.out)
    assert (document["method"], document["earlier"]["method"]) == ("frozen", "memory-bank")
    assert document["earlier"]["preset"] == "general/anomaly-detection"
    assert "earlier" not in document["earlier"]


@pytest.mark.slow
def test_an_inspection_is_exported_and_timed_by_commands(acclimate: Acclimate, plates: Path) -> None:
    pytest.importorskip("onnxruntime")
    done = acclimate(
        "adapt", "general/anomaly-detection", plates, "--good", "fine", "--image-size", 64, "--option", "most=50",
        "--output", "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    written = acclimate("export", "run", "--output", "parts.onnx", "--images", plates, "--json")
    assert written.code == 0, written.out
    told = json.loads(written.out)
    assert (told["inputs"], told["compared"]) == (["pixels"], 10)
    assert told["score_difference"] <= 1e-3
    timed = acclimate("latency", "run", plates, "--onnx", "parts.onnx", "--repeats", 20, "--batch", 2, "--json")
    assert timed.code == 0, timed.out
    assert [each["what"] for each in json.loads(timed.out)["timed"]] == ["run", "parts.onnx"]
    shown = acclimate("latency", "run", plates, "--repeats", 20, "--batch", 2)
    assert "p99 ms" in shown.out
    assert "a second in batches of 2" in shown.out
    assert acclimate("latency", "run", plates, "--repeats", 3).code == 2
    assert acclimate("merge", "run", "--output", "plain").code == 2
