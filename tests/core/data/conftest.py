"""Small tables and images made for each test."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.data import Leak, PartedRows, Repeats
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


TRAIN, VALIDATION, TEST = range(3)


def parted(parts: Sequence[int], labels: Sequence[Any] | None = None, **given: Any) -> PartedRows:
    """Return rows r0, r1, … that repeat nothing unless `repeats` says so; a label is a name or several."""
    count = len(parts)
    sets = [(each,) if isinstance(each, str) else tuple(each) for each in labels or ["a"] * count]
    alone = Repeats(same=np.arange(count), near=np.zeros((0, 2), dtype=np.int64))
    return PartedRows(
        ids=[f"r{row}" for row in range(count)],
        lines=list(range(2, count + 2)),
        parts=np.array(parts, dtype=np.int64),
        labels=sets,
        **{"repeats": alone, **given},
    )


def repeats(same: Sequence[int], near: Sequence[tuple[int, int]] = ()) -> Repeats:
    return Repeats(same=np.array(same, dtype=np.int64), near=np.array(near, dtype=np.int64).reshape(-1, 2))


def only(leaks: Any) -> Leak:
    (leak,) = leaks
    assert isinstance(leak, Leak)
    return leak
