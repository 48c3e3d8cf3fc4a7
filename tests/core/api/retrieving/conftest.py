"""Queries about three trades with documents that answer them, and one run on them for all tests."""

import csv
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

PRESET = "general/sentence-similarity"
ASKED = ("judge", "appeal", "verdict", "rose", "soil", "tulip", "ship", "anchor", "cargo")
TOLD = ("plaintiff", "hearing", "counsel", "compost", "hedge", "seedling", "pier", "tide", "captain")
FILLER = ("the", "report", "says", "that", "on", "monday", "near")
SETTINGS: dict[str, Any] = {
    "method": "full",
    "split_by": "query",
    "epochs": 8,
    "batch_size": 12,
    "learning_rate": 1e-2,
    "precision": "float32",
    "shown": False,
}


def pair_rows(count: int = 81, seed: int = 7) -> list[dict[str, str]]:
    """Queries with one word that asks; the document that answers has another one, and no word of the query.

    What BM25 cannot find, pairs teach: which of nine words goes with which.
    """
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        query = [ASKED[number % 9], *rng.sample(FILLER, 3)]
        rng.shuffle(query)
        rows.append({"query": " ".join(query), "document": f"{TOLD[number % 9]} old town we", "asker": f"a{number}"})
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of 81 pairs: 9 documents answer the queries."""
    return write_rows(tmp_path_factory.mktemp("pairs") / "pairs.csv", pair_rows())


@pytest.fixture(scope="session")
def words_backbone(save_backbone: Callable[[Sequence[str]], str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the pairs."""
    return save_backbone([*ASKED, *TOLD, *FILLER, "old", "town", "we"])


@pytest.fixture(scope="session")
def searching(pairs: Path, words_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the pairs that has learned to find the documents."""
    output = tmp_path_factory.mktemp("searching") / "run"
    return adapt(PRESET, pairs, output=output, backbone=words_backbone, **SETTINGS)


@pytest.fixture
def short(pairs: Path, words_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt for two steps, with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "epochs": None, "max_steps": 2, "output": tmp_path / "run", **options}
        return adapt(PRESET, settings.pop("source", pairs), backbone=words_backbone, **settings)

    return run
