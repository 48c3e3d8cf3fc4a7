"""Tiny rows for whole runs on a GPU."""

import csv
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WORDS = {"court": ["judge", "appeal", "verdict", "plaintiff"], "harbour": ["ship", "anchor", "cargo", "pier"]}
FILLER = ["the", "report", "says", "that", "on", "monday", "near", "our", "old", "town"]
COLOURS = {"amber": (215, 150, 20), "teal": (20, 130, 140)}
ROWS = {"train": 48, "test": 16}


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep features and measurements of these tests apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCLIMATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Path]]:
    """Return tables of texts and folders of pictures, "train" and "test", in two classes; a few labels are wrong."""
    folder = tmp_path_factory.mktemp("rows")
    return {
        "text": {part: _texts(folder / f"{part}.csv", part) for part in ROWS},
        "image": {part: _pictures(folder / part, part) for part in ROWS},
    }


@pytest.fixture(scope="session")
def items(sources: Mapping[str, Mapping[str, Path]]) -> Mapping[str, list[str]]:
    """Return some rows of each kind, as `predict` takes them."""
    with sources["text"]["test"].open(newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    return {"text": texts, "image": [str(path) for path in sorted(sources["image"]["test"].glob("*/*.png"))]}


def _texts(path: Path, part: str) -> Path:
    draw = random.Random(part)
    labels = sorted(WORDS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(ROWS[part]):
            label = labels[number % 2]
            words = [*draw.sample(WORDS[label], 2), *draw.sample(FILLER, 5)]
            draw.shuffle(words)
            writer.writerow([" ".join(words), draw.choice(labels) if number % 8 < 2 else label])
    return path


def _pictures(folder: Path, part: str) -> Path:
    draw = np.random.default_rng(len(part))
    labels = sorted(COLOURS)
    for number in range(ROWS[part]):
        label = labels[number % 2]
        told = labels[draw.integers(2)] if number % 8 < 2 else label
        pixels = np.clip(np.array(COLOURS[label]) + draw.normal(0, 40, (48, 40, 3)), 0, 255).astype(np.uint8)
        (folder / told).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / told / f"{number:02}.png")
    return folder
