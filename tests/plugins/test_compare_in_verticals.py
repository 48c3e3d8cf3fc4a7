"""`compare` runs in every vertical, on its texts or images, through the shared engine."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate import compare
from acclimate.plugins import Host
from PIL import Image

ROWS = 40
pytestmark = pytest.mark.usefixtures("brief")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / "cache"))


def clauses(folder: Path) -> Path:
    words = (["licence", "grant", "royalty"], ["warranty", "disclaim", "merchantable"])
    path = folder / "clauses.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(ROWS):
            said = words[number % 2]
            label = ("grant", "warranty")[number % 2]
            writer.writerow([f"Clause {number}: the {said[number % 3]} and {said[number // 3 % 3]} apply.", label])
    return path


def parts(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    for number in range(ROWS):
        pixels = draw.integers(90, 130, (48, 48, 3), dtype=np.uint8)
        label = ("good", "scratched")[number % 2]
        if label == "scratched":
            pixels[number % 40 : number % 40 + 4] = 250
        target = folder / "parts" / label
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target / f"{number}.png")
    return folder / "parts"


@pytest.mark.parametrize(("preset", "rows"), [("legal/clauses", clauses), ("manufacturing/defects", parts)])
def test_methods_are_compared(preset: str, rows: Callable[[Path], Path], tmp_path: Path) -> None:
    found = compare(
        preset,
        rows(tmp_path),
        methods=("frozen", "lora:rank=2"),
        seeds=1,
        max_steps=1,
        batch_size=2,
        output=tmp_path / "comparison",
        host=Host(),
        shown=False,
    )
    by_name = {method.name: method for method in found.methods}
    assert set(by_name) == {"frozen", "lora:rank=2"}
    assert all(method.score is not None for method in found.methods), found
    assert by_name["frozen"].parameters["trainable"] < by_name["lora:rank=2"].parameters["trainable"]
    assert (tmp_path / "comparison" / "comparison.svg").is_file()
