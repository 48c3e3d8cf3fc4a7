"""Small pictures of cloudy parts with dark spots and bright lines, with masks, and one run on them for all tests."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, adapt
from PIL import Image

PRESET = "general/anomaly-detection"
SIDE = 48


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute in one thread: several processes of tests get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def part(random: np.random.Generator, defect: str = "", size: tuple[int, int] = (SIDE, SIDE)) -> tuple[Any, Any]:
    """Return an image [height, width, 3] and its mask, 255 on a spot or a line where there is one."""
    height, width = size
    clouds = Image.fromarray(random.normal(0, 1, (6, 6)).astype(np.float32))
    grey = 130 + 18 * np.asarray(clouds.resize((width, height), Image.Resampling.BICUBIC))
    image = grey[..., None] * np.array([1, 0.95, 0.9]) + random.normal(0, 4, (height, width, 3))
    mask = np.zeros(size, dtype=np.uint8)
    if defect:
        tall, wide = (12, 12) if defect == "spot" else (5, 22)
        top, left = int(random.integers(0, height - tall)), int(random.integers(0, width - wide))
        box = slice(top, top + tall), slice(left, left + wide)
        image[box] = (15, 15, 15) if defect == "spot" else (250, 250, 60)
        mask[box] = 255
    return np.clip(image, 0, 255).astype(np.uint8), mask


def write_parts(
    folder: Path, *, train: int = 40, good: int = 12, defective: int = 8, seed: int = 0, masks: bool = True
) -> Path:
    """Write the layout with train, test and ground_truth, and return its folder."""
    random = np.random.default_rng(seed)
    for place, count, defect in (
        ("train/good", train, ""),
        ("test/good", good, ""),
        ("test/spot", defective, "spot"),
        ("test/line", defective, "line"),
    ):
        (folder / place).mkdir(parents=True)
        if defect and masks:
            (folder / "ground_truth" / defect).mkdir(parents=True)
        for number in range(count):
            image, mask = part(random, defect)
            Image.fromarray(image).save(folder / place / f"{number:03}.png")
            if defect and masks:
                Image.fromarray(mask).save(folder / "ground_truth" / defect / f"{number:03}_mask.png")
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_backbone: Callable[[str], Path]) -> str:
    """Return the folder of a tiny random convolutional network."""
    return str(tiny_backbone("efficientnet"))


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 40 good parts to learn from, and 12 good and 16 defective ones to test on."""
    return write_parts(tmp_path_factory.mktemp("parts") / "plates")


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of further parts in the same layout, with no train."""
    return write_parts(tmp_path_factory.mktemp("unseen") / "plates", train=0, seed=1)


@pytest.fixture(scope="session")
def inspect(tiny: str) -> Callable[..., Run]:
    """Adapt with the tiny network: `inspect(source, output=…)`."""
    return partial(_inspect, backbone=tiny)


def _inspect(source: Path, **options: Any) -> Run:
    return adapt(PRESET, source, **{"shown": False, **options})


@pytest.fixture(scope="session")
def inspected(parts: Path, inspect: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the parts by the memory bank."""
    return inspect(parts, output=tmp_path_factory.mktemp("inspected") / "run")
