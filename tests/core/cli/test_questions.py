"""The commands on contracts with questions, as they are typed, on pretrained weights."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Acclimate = Callable[..., Any]
LAWS = ("Ohio", "Utah", "Iowa")


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """Return SQuAD's form of 24 contracts, longer than a window of 64 tokens, two of three with a law."""
    data = []
    for number in range(24):
        law = LAWS[number % 3]
        text = f"Contract {number}, made in spring." + " The parties agree on the terms of a loan." * (8 + number % 5)
        text += f" The law of {law} governs." if number % 3 else " No more was said."
        answers = [{"text": law, "answer_start": text.index(law)}] if number % 3 else []
        qas = [
            {"id": f"q{number}", "question": "Which law governs?", "answers": answers, "is_impossible": not answers}
        ]
        data.append({"title": f"c{number}", "paragraphs": [{"context": text, "qas": qas}]})
    (tmp_path / "cuad.json").write_text(json.dumps({"data": data}), "utf-8")
    return tmp_path / "cuad.json"


@pytest.mark.slow
def test_questions_are_adapted_to_evaluated_and_answered_by_commands(acclimate: Acclimate, contracts: Path) -> None:
    done = acclimate(
        "adapt", "general/question-answering", contracts, "--backbone", "minilm-l6", "--precision", "float32",
        "--max-tokens", "64", "--max-steps", "24", "--learning-rate", "3e-4", "--allow-leakage", "--output", "run",
        "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert list(report["analysis"]["answers"]["by_question"]) == ["Which law governs?"]
    assert report["baselines"]["nearest_passage"]["answer_f1"]["value"] is not None

    measured = acclimate("evaluate", "run", contracts, "--json")
    assert measured.code == 0, measured.out
    assert json.loads(measured.out)["rows"]["test"] == 24
    assert json.loads(measured.out)["metrics"]["answer_f1"]["value"] > 0.8

    shown = acclimate("predict", "run", contracts)
    table = list(csv.DictReader(io.StringIO(shown.out)))
    assert [row["question_id"] for row in table if not row["start"]]
    assert {row["id"] for row in table} == {f"c{number}" for number in range(24)}
    assert set(LAWS[1:]) <= {row["text"] for row in table}

    written = acclimate("predict", "run", contracts, "--output", "found.csv")
    assert written.code == 0, written.err
    assert Path("found.csv").read_text("utf-8").splitlines() == shown.out.splitlines()

    whole = acclimate("predict", "run", contracts, "--json")
    rows = json.loads(whole.out)["predictions"]
    assert [each["present"] for row in rows for each in row["questions"]].count(False) == sum(
        not row["start"] for row in table
    )
