"""Small texts with names and amounts in them, and one run on them for all tests."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

FIRMS = ["Acme", "Borealis", "Cygnus", "Delta"]
PEOPLE = ["Bob", "Carla", "Dieter", "Edna"]
FILLER = ["paid", "wrote", "to", "the", "office", "of", "on", "monday", "again", "and", "about", "a", "loan", "with"]
WORDS = [*FIRMS, *PEOPLE, *FILLER, "Inc", "Ltd", "said"]
SETTINGS: dict[str, Any] = {
    "method": "full",
    "epochs": 12,
    "learning_rate": 5e-3,
    "batch_size": 8,
    "precision": "float32",
    "shown": False,
}


def row(number: int, rng: random.Random) -> dict[str, Any]:
    """Return a text with up to three spans, some of two words: what follows "Inc" says whether a word is a firm."""
    words: list[tuple[str, str]] = []
    for _ in range(rng.randint(0, 3) if number % 4 else 0):
        words += [(word, "") for word in rng.choices(FILLER, k=rng.randint(1, 3))]
        if rng.random() < 0.5:
            words.append((f"{rng.choice(FIRMS)} {rng.choice(['Inc', 'Ltd'])}", "firm"))
        else:
            words.append((rng.choice(PEOPLE), "person"))
    words += [(word, "") for word in rng.choices(FILLER, k=rng.randint(2, 6))]
    text, spans = "", []
    for word, label in words:
        start = len(text) + bool(text)
        text = f"{text} {word}".strip()
        if label:
            spans.append({"start": start, "end": len(text), "label": label})
    return {"id": f"r{number:03}", "text": text, "client": f"c{number // 4}", "spans": spans}


def write_rows(file: Path, count: int, seed: int) -> Path:
    rng = random.Random(seed)
    file.write_text("".join(json.dumps(row(number, rng)) + "\n" for number in range(count)), "utf-8")
    return file


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 140 texts with spans."""
    return write_rows(tmp_path_factory.mktemp("marked") / "rows.jsonl", 140, seed=0)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 40 further texts with spans."""
    return write_rows(tmp_path_factory.mktemp("unseen") / "rows.jsonl", 40, seed=1)


@pytest.fixture(scope="session")
def word_backbone(save_backbone: Callable[..., str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the texts."""
    return save_backbone(WORDS)


@pytest.fixture(scope="session")
def found(marked: Path, word_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run that has learned to find them."""
    output = tmp_path_factory.mktemp("found") / "run"
    return adapt("general/token-classification", marked, output=output, backbone=word_backbone, **SETTINGS)


@pytest.fixture
def short(marked: Path, word_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt for two steps, with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "epochs": None, "max_steps": 2, "output": tmp_path / "run", "backbone": word_backbone}
        settings.update(options)
        return adapt("general/token-classification", settings.pop("source", marked), **settings)

    return run
