"""The commands on images with masks, as they are typed."""

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
def tiles(tmp_path: Path) -> Path:
    """Return a table of 16 images with a bright field each, three of four times."""
    random = np.random.default_rng(0)
    lines = ["picture,outline,mm"]
    for number in range(16):
        image, mask = random.normal(100, 20, (40, 48, 3)), np.zeros((40, 48))
        if number % 4:
            image[8:24, 8:24] += 80
            mask[8:24, 8:24] = 1
        for name, pixels in (("image", image), ("mask", mask)):
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(tmp_path / f"{name}{number}.png")
        lines.append(f'image{number}.png,mask{number}.png,"0.5,0.5"')
    (tmp_path / "tiles.csv").write_text("\n".join(lines))
    return tmp_path / "tiles.csv"


def test_masks_are_adapted_to_evaluated_and_written_by_commands(acclimate: Acclimate, tiles: Path) -> None:
    columns = ("--image", "picture", "--mask", "outline", "--spacing", "mm")
    done = acclimate(
        "adapt", "general/image-segmentation", tiles, *columns, "--classes", "good,scratch", "--method", "frozen",
        "--decoder", "fpn", "--image-size", 64, "--crop-size", 32, "--batch-size", 4, "--max-steps", 1,
        "--precision", "float32", "--allow-leakage", "--output", "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert {"hd95", "nsd_2mm"} <= set(report["metrics"])
    assert report["settings"]["decoder"] == "fpn"
    assert list(report["analysis"]["masks"]["by_class"]) == ["scratch"]

    measured = acclimate("evaluate", "run", tiles, *columns, "--json")
    assert measured.code == 0, measured.out
    assert json.loads(measured.out)["rows"]["test"] == 16

    shown = acclimate("predict", "run", tiles, "--image", "picture")
    table = list(csv.DictReader(io.StringIO(shown.out)))
    assert len(table) == 16
    assert all(float(row["good"]) + float(row["scratch"]) == pytest.approx(1, abs=1e-5) for row in table)

    written = acclimate("predict", "run", tiles, "--image", "picture", "--output", "found")
    assert written.code == 0, written.err
    assert len(list(Path("found/masks").iterdir())) == 16
    assert Image.open(next(Path("found/masks").iterdir())).size == (48, 40)

    refused = acclimate("predict", "run", tiles, "--image", "picture", "--output", "found.csv")
    assert (refused.code, "Masks are written into a folder" in refused.err) == (2, True)
