"""Small preferences, a tiny language model of bytes, and runs on them for all tests."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt
from acclimate.testing.writers import save_writer

THINGS = ["ship", "rose", "verdict", "anchor", "soil", "judge", "tide", "seed", "hedge", "pier"]
SETTINGS: dict[str, Any] = {
    "method": "lora",
    "epochs": 2,
    "learning_rate": 1e-2,
    "precision": "float32",
    "written_rows": 3,
    "max_new_tokens": 6,
    "shown": False,
}


def pair(number: int, draw: random.Random) -> dict[str, Any]:
    """Return a question about three things with a kind and an unkind reply of one length."""
    first, second, third = draw.sample(THINGS, 3)
    asked = f"Is {first} with {second} or {third} {number}?"
    return {
        "id": f"p{number}",
        "customer": f"k{number // 2}",
        "prompt": asked,
        "chosen": f"Thanks, {first}.",
        "rejected": f"No way, {first}!",
    }


def write_rows(file: Path, rows: Sequence[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def pairs_of(count: int, seed: int = 0) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [pair(number, draw) for number in range(count)]


def singles_of(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return rows of one reply each, two of three approved."""
    found = []
    for number, row in enumerate(pairs_of(count, seed)):
        approved = number % 3 > 0
        reply = row["chosen" if approved else "rejected"]
        found.append({"id": row["id"], "prompt": row["prompt"], "reply": reply, "approved": approved})
    return found


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 40 pairs."""
    return write_rows(tmp_path_factory.mktemp("pairs") / "pairs.jsonl", pairs_of(40))


@pytest.fixture(scope="session")
def singles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 40 single replies."""
    return write_rows(tmp_path_factory.mktemp("singles") / "singles.jsonl", singles_of(40))


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a tiny Llama with random weights."""
    return str(save_writer(tmp_path_factory.mktemp("llama")))


@pytest.fixture(scope="session")
def preferring(pairs: Path, writer: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the pairs."""
    general = tmp_path_factory.mktemp("general") / "general.txt"
    general.write_text("\n\n".join(f"The {thing} of the old town was quiet." for thing in THINGS[:4]))
    output = tmp_path_factory.mktemp("preferring") / "run"
    return adapt("preference", pairs, backbone=writer, output=output, general_text=str(general), **SETTINGS)
