"""Small chats, a tiny language model of bytes, and one run on them for all tests."""

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


def chat(number: int, draw: random.Random) -> dict[str, Any]:
    """Return a chat of one or two questions, each about three things."""
    messages = []
    for turn in range(1 + number % 2):
        first, second, third = draw.sample(THINGS, 3)
        messages.append({"role": "user", "content": f"Is {first} with {second} or {third} {number} {turn}?"})
        messages.append({"role": "assistant", "content": f"{first}."})
    return {"id": f"c{number}", "customer": f"k{number // 2}", "messages": messages}


def write_chats(file: Path, count: int, seed: int = 0) -> Path:
    draw = random.Random(seed)
    return write_rows(file, [chat(number, draw) for number in range(count)])


def write_rows(file: Path, rows: Sequence[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture(scope="session")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 30 chats."""
    return write_chats(tmp_path_factory.mktemp("chats") / "chats.jsonl", 30)


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a tiny Llama with random weights."""
    return str(save_writer(tmp_path_factory.mktemp("llama")))


@pytest.fixture(scope="session")
def general(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of four general texts."""
    file = tmp_path_factory.mktemp("general") / "general.txt"
    file.write_text("\n\n".join(f"The {thing} of the old town was quiet." for thing in THINGS[:4]))
    return file


@pytest.fixture(scope="session")
def answering(chats: Path, writer: str, general: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on the chats."""
    output = tmp_path_factory.mktemp("answering") / "run"
    return adapt("text-generation", chats, backbone=writer, output=output, general_text=str(general), **SETTINGS)
