"""Queries about three trades with documents that answer them, and one run on them for all tests."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

from ..conftest import FILLER, WORDS, write_table

PRESET = "general/sentence-similarity"
SETTINGS: dict[str, Any] = {
    "method": "full",
    "split_by": "query",
    "epochs": 8,
    "batch_size": 12,
    "learning_rate": 1e-2,
    "precision": "float32",
    "shown": False,
}


def pair_rows(count: int = 81) -> list[dict[str, str]]:
    """Queries with one word of a trade; the document that answers has another one, and no word of the query.

    What BM25 cannot find, pairs teach: the first three words of a trade ask, the last three answer.
    """
    rng = random.Random(7)
    trades = sorted(WORDS)
    rows = []
    for number in range(count):
        words, place = WORDS[trades[number % 3]], (number // 3) % 3
        query = [words[place], *rng.sample(FILLER[:7], 3)]
        rng.shuffle(query)
        document = " ".join([words[3 + place], *FILLER[7 + place : 10 + place]])
        rows.append({"query": " ".join(query), "document": document, "asker": f"a{number // 2}"})
    return rows


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of 81 pairs: 9 documents answer the queries."""
    return write_table(tmp_path_factory.mktemp("pairs") / "pairs.csv", pair_rows())


@pytest.fixture(scope="session")
def searching(pairs: Path, small_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the pairs that has learned to find the documents."""
    output = tmp_path_factory.mktemp("searching") / "run"
    return adapt(PRESET, pairs, output=output, backbone=small_backbone, **SETTINGS)


@pytest.fixture
def short(pairs: Path, small_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt for two steps, with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "epochs": None, "max_steps": 2, "output": tmp_path / "run", **options}
        return adapt(PRESET, settings.pop("source", pairs), backbone=small_backbone, **settings)

    return run
