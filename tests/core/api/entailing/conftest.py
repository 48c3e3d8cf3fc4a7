"""Small contracts with hypotheses, longer than the model's window, and one run on them for all tests."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

FILLER = ["this", "deed", "is", "about", "the", "office", "of", "monday", "again", "and", "a", "loan", "with", "to"]
HYPOTHESES = {"h1": "the lender may share papers", "h2": "the borrower may sell goods"}
SAID = {
    "h1": {"Entailment": "lender shares papers freely", "Contradiction": "lender never shares papers"},
    "h2": {"Entailment": "borrower sells goods freely", "Contradiction": "borrower never sells goods"},
}
WORDS = sorted(
    {*FILLER, ".", *" ".join([*HYPOTHESES.values(), *(s for x in SAID.values() for s in x.values())]).split()}
)
LABELS = ("Entailment", "Contradiction", "NotMentioned")
PRESET = "legal/entailment"
SETTINGS: dict[str, Any] = {"method": "frozen", "max_tokens": 24, "precision": "float32", "shown": False}


def contract(number: int, rng: random.Random) -> dict[str, Any]:
    """Return ContractNLI's form of a contract of eight to twelve sentences; some of them say something."""
    choices = {key: rng.choice(LABELS) for key in HYPOTHESES}
    sentences = [(" ".join(rng.choices(FILLER, k=rng.randint(4, 7))), "") for _ in range(rng.randint(8, 12))]
    for key, choice in choices.items():
        if choice != "NotMentioned":
            sentences.insert(rng.randint(0, len(sentences)), (SAID[key][choice], key))
    text, spans = "", []
    for sentence, _ in sentences:
        start = len(text) + bool(text)
        text = f"{text} {sentence}.".strip()
        spans.append([start, len(text)])
    annotations = {
        key: {"choice": choice, "spans": [row for row, (_, own) in enumerate(sentences) if own == key]}
        for key, choice in choices.items()
    }
    return {
        "id": number,
        "file_name": f"c{number}.pdf",
        "text": text,
        "spans": spans,
        "annotation_sets": [{"annotations": annotations}],
    }


def write_contracts(file: Path, count: int, seed: int) -> Path:
    rng = random.Random(seed)
    labels = {key: {"short_description": key, "hypothesis": text} for key, text in HYPOTHESES.items()}
    documents = [contract(1000 * seed + number, rng) for number in range(count)]
    file.write_text(json.dumps({"documents": documents, "labels": labels}), "utf-8")
    return file


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 90 contracts with hypotheses."""
    return write_contracts(tmp_path_factory.mktemp("contracts") / "nli.json", 90, seed=0)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 30 further contracts with hypotheses."""
    return write_contracts(tmp_path_factory.mktemp("unseen") / "nli.json", 30, seed=1)


@pytest.fixture(scope="session")
def word_backbone(save_backbone: Callable[..., str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the contracts."""
    return save_backbone(WORDS)


@pytest.fixture(scope="session")
def found(contracts: Path, word_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run that has learned to judge."""
    output = tmp_path_factory.mktemp("found") / "run"
    return adapt(PRESET, contracts, output=output, backbone=word_backbone, **SETTINGS)


@pytest.fixture
def short(contracts: Path, word_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "output": tmp_path / "run", "backbone": word_backbone, **options}
        return adapt(PRESET, settings.pop("source", contracts), **settings)

    return run
