"""What questions refuse, before anything is computed, and what they say of rows that cannot be used."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, evaluate, export, merge, suspects, write_predictions
from acclimate.contracts import DataError, OptionError

from .conftest import PRESET

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "picture"}, "Questions are asked of texts"),
    ({"label": "answers"}, "Questions have answers, and no labels"),
    ({"decoder": "unet"}, "for masks, and not for question-answering"),
    ({"query": "question"}, "for a search, and not for question-answering"),
    ({"positive": "yes"}, "operating point"),
    ({"answer": 0.9}, "left to a person"),
    ({"slices": ("client",)}, "Subgroups"),
    ({"folds": 3}, "Cross-validation"),
    ({"method": "auto"}, "'auto' searches among methods for labels"),
    ({"method": "contrastive"}, r"'contrastive' does not do question-answering.*frozen, full"),
    ({"method": "memory-bank"}, "'memory-bank' does not do question-answering"),
    ({"max_tokens": 5}, "max_tokens is 5, of which 0 are special tokens"),
    ({"metrics": ("accuracy",)}, "'accuracy' is for text-classification"),
]


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a step is taken or answers are computed."""
    monkeypatch.setattr("acclimate.training.fit", None)
    monkeypatch.setattr("acclimate.models.find_answers", None)


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_questions_do_not_have_is_refused(
    short: Callable[..., Run], tmp_path: Path, untrained: None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=re.compile(message, re.DOTALL)):
        short(**options)
    assert not (tmp_path / "run").exists()


def changed(contracts: Path, folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> Path:
    """Return a copy of the contracts with their questions changed."""
    found = json.loads(contracts.read_text("utf-8"))
    for each in found["data"]:
        change(each["paragraphs"][0]["qas"])
    file = folder / "changed.json"
    file.write_text(json.dumps(found), "utf-8")
    return file


def test_answers_that_stand_elsewhere_stop_a_run_and_are_listed(
    short: Callable[..., Run], contracts: Path, tmp_path: Path, untrained: None
) -> None:
    def move(qas: list[dict[str, Any]]) -> None:
        for answer in qas[0]["answers"][:1]:
            answer["answer_start"] += 1

    with pytest.raises(DataError, match=r"(?s)questions of changed.json cannot be used.*is not at \d+"):
        short(source=changed(contracts, tmp_path, move))
    assert not (tmp_path / "run").exists()


def test_texts_that_answer_nothing_are_refused(
    short: Callable[..., Run], contracts: Path, tmp_path: Path, untrained: None
) -> None:
    def empty(qas: list[dict[str, Any]]) -> None:
        for each in qas:
            each.update(answers=[], is_impossible=True)

    with pytest.raises(DataError, match="training texts answers a question"):
        short(source=changed(contracts, tmp_path, empty))
    with pytest.raises(DataError, match=r"None of the 120 texts of .* has a question"):
        short(source=changed(contracts, tmp_path, list.clear))


def test_a_question_that_fills_a_window_is_refused(
    short: Callable[..., Run], contracts: Path, tmp_path: Path, untrained: None
) -> None:
    def lengthen(qas: list[dict[str, Any]]) -> None:
        qas[0]["question"] = "who pays " * 12

    with pytest.raises(DataError, match="less than half"):
        short(source=changed(contracts, tmp_path, lengthen))


def test_commands_for_labels_refuse_runs_that_answer(found: Run, contracts: Path, tmp_path: Path) -> None:
    for command in (merge, export):
        with pytest.raises(OptionError, match="gives answers, and a run that gives labels is needed"):
            command(found.output, tmp_path / "out")
    with pytest.raises(OptionError, match="questions are not judged"):
        suspects(PRESET, contracts)


def test_answers_are_written_to_files_that_can_hold_them(found: Run, contracts: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl; found .*found\.parquet"):
        write_predictions(found.output, contracts, tmp_path / "found.parquet")


@pytest.mark.parametrize("name", ["max_tokens", "positive", "decoder"])
def test_what_was_decided_is_not_asked_again(found: Run, contracts: Path, name: str) -> None:
    with pytest.raises(OptionError, match=name):
        evaluate(found.output, contracts, **{name: 64 if name == "max_tokens" else "x"})
