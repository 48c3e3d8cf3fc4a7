"""Small tables and images made for each test."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from PIL import Image


@pytest.fixture
def table() -> Callable[..., Dataset]:
    """Build a loaded table: `table(["a", "b"], group=[…])` with one label per row."""

    def build(labels: Sequence[str], **columns: Sequence[str]) -> Dataset:
        count = len(labels)
        ids = columns.pop("id", [f"r{number}" for number in range(count)])
        return Dataset.from_dict({"id": ids, "label": list(labels), "line": list(range(2, count + 2)), **columns})

    return build


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """Write a small image with noise in it: `photo("cat/1.png", size=(9, 7))`."""

    def write(name: str, size: tuple[int, int] = (16, 12)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(len(name)).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
        return path

    return write
