"""Small contracts with questions, longer than the model's window, and one run on them for all tests."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

FIRMS = ["Acme", "Borealis", "Cygnus", "Delta"]
PEOPLE = ["Bob", "Carla", "Dieter", "Edna"]
FILLER = [
    "this",
    "deed",
    "is",
    "to",
    "the",
    "office",
    "of",
    "on",
    "monday",
    "again",
    "and",
    "about",
    "a",
    "loan",
    "with",
]
CUES = {"who pays": ("payer", FIRMS), "who signs": ("signer", PEOPLE)}
WORDS = [*FIRMS, *PEOPLE, *FILLER, "Inc", "Ltd", "payer", "signer", "who", "pays", "signs"]
PRESET = "general/question-answering"
SETTINGS: dict[str, Any] = {
    "method": "full",
    "epochs": 16,
    "learning_rate": 5e-3,
    "batch_size": 16,
    "max_tokens": 32,
    "precision": "float32",
    "shown": False,
}


def contract(number: int, rng: random.Random) -> dict[str, Any]:
    """Return SQuAD's form of a contract of some 70 words, in which each question has no answer, one or two."""
    parts: list[tuple[str, str]] = []
    for question, (cue, names) in CUES.items():
        for _ in range(rng.choice([0, 1, 1, 2])):
            name = f"{rng.choice(names)} {rng.choice(['Inc', 'Ltd'])}" if names is FIRMS else rng.choice(names)
            parts.append((cue, ""))
            parts.append((name, question))
    pairs = [parts[at : at + 2] for at in range(0, len(parts), 2)]
    rng.shuffle(pairs)
    words = [(word, "") for word in rng.choices(FILLER, k=rng.randint(4, 20))]
    for pair in pairs:
        words += [*pair, *((word, "") for word in rng.choices(FILLER, k=rng.randint(4, 20)))]
    text = ""
    answers: dict[str, list[dict[str, Any]]] = {question: [] for question in CUES}
    for word, question in words:
        start = len(text) + bool(text)
        text = f"{text} {word}".strip()
        if question:
            answers[question].append({"text": word, "answer_start": start})
    qas = [
        {"id": f"c{number:03}_{question}", "question": question, "answers": own, "is_impossible": not own}
        for question, own in answers.items()
    ]
    return {"title": f"c{number:03}", "paragraphs": [{"context": text, "qas": qas}]}


def write_contracts(file: Path, count: int, seed: int) -> Path:
    rng = random.Random(seed)
    data = [contract(1000 * seed + number, rng) for number in range(count)]
    file.write_text(json.dumps({"version": "1", "data": data}), "utf-8")
    return file


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 120 contracts with questions."""
    return write_contracts(tmp_path_factory.mktemp("contracts") / "cuad.json", 120, seed=0)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 30 further contracts with questions."""
    return write_contracts(tmp_path_factory.mktemp("unseen") / "cuad.json", 30, seed=1)


@pytest.fixture(scope="session")
def word_backbone(save_backbone: Callable[..., str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the contracts."""
    return save_backbone(WORDS)


@pytest.fixture(scope="session")
def found(contracts: Path, word_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run that has learned to answer."""
    output = tmp_path_factory.mktemp("found") / "run"
    metrics = (
        "answer_f1",
        "answer_aupr",
        "cuad_aupr",
        "cuad_precision_at_80_recall",
        "squad_em",
        "squad_f1",
        "presence",
    )
    return adapt(PRESET, contracts, output=output, backbone=word_backbone, **{**SETTINGS, "metrics": metrics})


@pytest.fixture
def short(contracts: Path, word_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt for two steps, with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "epochs": None, "max_steps": 2, "output": tmp_path / "run", "backbone": word_backbone}
        settings.update(options)
        return adapt(PRESET, settings.pop("source", contracts), **settings)

    return run
