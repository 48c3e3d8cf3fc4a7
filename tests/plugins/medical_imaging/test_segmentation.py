"""The preset for masks: patients stay in one part, and nothing is mirrored."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import adapt
from acclimate.models import MaskExamples
from acclimate_medical_imaging import segmentation
from PIL import Image


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table of 24 pictures of 12 patients, each with a bright square to find."""
    rng = np.random.default_rng(2)
    rows = []
    for number in range(24):
        image, mask = rng.normal(90, 20, (40, 40)), np.zeros((40, 40), dtype=np.uint8)
        top, left = rng.integers(4, 20, 2)
        image[top : top + 14, left : left + 14] += 100
        mask[top : top + 14, left : left + 14] = 255
        names = [tmp_path / f"{kind}-{number:02}.png" for kind in ("image", "mask")]
        for name, pixels in zip(names, (np.clip(image, 0, 255).astype(np.uint8), mask), strict=True):
            Image.fromarray(pixels).save(name)
        rows.append([*map(str, names), f"p{number // 2:02}"])
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["image", "mask", "patient"], *rows])
    return path


def test_patients_stay_in_one_part_and_nothing_is_mirrored(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored: list[bool] = []
    begin: Callable[..., None] = MaskExamples.__init__

    def noted(self: MaskExamples, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        mirrored.append(self.mirrored)

    monkeypatch.setattr(MaskExamples, "__init__", noted)
    run = adapt(
        segmentation,
        table,
        classes="background,lesion",
        method="frozen",
        crop_size=32,
        max_steps=1,
        output=tmp_path / "run",
        precision="float32",
        allow_leakage=True,
        shown=False,
    )
    assert mirrored
    assert not any(mirrored)
    assert sum(run.report.rows.values()) == 24
    assert all(count % 2 == 0 for count in run.report.rows.values())  # two pictures of each patient
    assert "no-spacing" in {finding.code for finding in run.report.findings}  # the table has no such column
    assert "hd95_pixels" in run.report.metrics
    assert "no-group" not in {finding.code for finding in run.report.findings}
    assert "lesion" in run.report.analysis.masks.by_class
