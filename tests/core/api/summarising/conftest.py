"""Small reports with summaries, longer than the model's window, and one run on them for all tests."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt

FILLER = ["this", "call", "is", "about", "the", "office", "of", "monday", "again", "and", "a", "garden", "with", "to"]
NEWS = ["profit rose by", "revenue fell to", "guidance stays at"]
WORDS = sorted({*FILLER, ".", "percent", *" ".join(NEWS).split(), *map(str, range(10, 100))})
PRESET = "general/summarization"
SETTINGS: dict[str, Any] = {
    "method": "frozen",
    "max_tokens": 24,
    "precision": "float32",
    "shown": False,
    "allow_leakage": True,
}


def report(number: int, rng: random.Random) -> dict[str, Any]:
    """Return a text of ten sentences, two of which have news, and the news in short."""
    sentences = [" ".join(rng.choices(FILLER, k=rng.randint(4, 7))) + "." for _ in range(8)]
    news = [f"the {each} {rng.randint(10, 99)} percent again." for each in rng.sample(NEWS, 2)]
    for each in news:
        sentences.insert(rng.randint(0, len(sentences)), each)
    told = [each.replace("the ", "").replace(" again", "") for each in sentences if each in news]
    return {"id": f"r{number}", "transcript": " ".join(sentences), "summary": told, "company": f"c{number // 2}"}


def write_reports(file: Path, count: int, seed: int) -> Path:
    rng = random.Random(seed)
    rows = [report(1000 * seed + number, rng) for number in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 60 reports with summaries."""
    return write_reports(tmp_path_factory.mktemp("reports") / "reports.jsonl", 60, seed=0)


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 12 further reports with summaries."""
    return write_reports(tmp_path_factory.mktemp("unseen") / "reports.jsonl", 12, seed=1)


@pytest.fixture(scope="session")
def word_backbone(save_backbone: Callable[..., str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of the reports."""
    return save_backbone(WORDS)


@pytest.fixture(scope="session")
def found(reports: Path, word_backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run that has learned to summarise."""
    output = tmp_path_factory.mktemp("found") / "run"
    return adapt(PRESET, reports, output=output, backbone=word_backbone, group="company", **SETTINGS)


@pytest.fixture
def short(reports: Path, word_backbone: str, tmp_path: Path) -> Callable[..., Run]:
    """Adapt with any options."""

    def run(**options: Any) -> Run:
        settings = {**SETTINGS, "output": tmp_path / "run", "backbone": word_backbone, **options}
        return adapt(PRESET, settings.pop("source", reports), **settings)

    return run
