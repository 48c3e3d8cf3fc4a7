"""Small pictures of reddish discs on noise, with their masks, and one run on them for all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt
from PIL import Image

SETTINGS: dict[str, Any] = {
    "method": "frozen",
    "epochs": 12,
    "batch_size": 4,
    "learning_rate": 5e-3,
    "crop_size": 32,
    "precision": "float32",
    "shown": False,
}


def disc(number: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return an image [height, width, 3] and its mask, 255 on a disc that three of four images have."""
    height, width = (int(side) for side in random.integers(40, 64, 2))
    image = random.normal(110, 25, (height, width, 3))
    rows, columns = np.mgrid[:height, :width]
    row, column, radius = random.integers(14, height - 14), random.integers(14, width - 14), random.integers(6, 11)
    inside = ((rows - row) ** 2 + (columns - column) ** 2 <= radius**2) & (number % 4 != 0)
    image[inside] += (70, -60, -60)
    return np.clip(image, 0, 255).astype(np.uint8), (255 * inside).astype(np.uint8)


def write_discs(folder: Path, count: int, seed: int) -> Path:
    random = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        image, mask = disc(number, random)
        Image.fromarray(image).save(folder / "images" / f"{number:02}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 28 images in `images` and their masks in `masks`."""
    return write_discs(tmp_path_factory.mktemp("discs") / "rows", 28, seed=0)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 12 further images with masks."""
    return write_discs(tmp_path_factory.mktemp("unseen") / "rows", 12, seed=1)


@pytest.fixture(scope="session")
def outlined(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the discs that has learned to find them."""
    output = tmp_path_factory.mktemp("outlined") / "run"
    return adapt("general/image-segmentation", discs, output=output, **SETTINGS)


@pytest.fixture
def short(discs: Path, tmp_path: Path) -> Callable[..., Run]:
    """Adapt for two steps, with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "epochs": None, "max_steps": 2, "output": tmp_path / "run", **options}
        return adapt("general/image-segmentation", settings.pop("source", discs), **settings)

    return run
