"""Questions from end to end: what is learned, saved, loaded again, measured and written."""

import json
from pathlib import Path
from typing import Any

from acclimate.api import Run, load

Place = tuple[int, int]


def asked(file: Path) -> list[dict[str, Any]]:
    """Return the text and the questions of each contract of a file."""
    data = json.loads(file.read_text("utf-8"))["data"]
    return [paragraph | {"title": each["title"]} for each in data for paragraph in each["paragraphs"]]


def places(question: dict[str, Any]) -> set[Place]:
    return {(each["answer_start"], each["answer_start"] + len(each["text"])) for each in question["answers"]}


def f1(truth: list[set[Place]], given: list[set[Place]]) -> float:
    """Return F1 of answers that are right in start and end, by its definition."""
    right = sum(len(a & b) for a, b in zip(truth, given, strict=True))
    return 2 * right / (sum(map(len, truth)) + sum(map(len, given)))


def test_what_can_be_learned_is_answered_in_unseen_contracts(found: Run, unseen: Path) -> None:
    rows = asked(unseen)
    predictions = load(found.output).predict([row["context"] for row in rows])
    truth, given = [], []
    for row, answers in zip(rows, predictions, strict=True):
        by_question = {each.question: each for each in answers}
        for question in row["qas"]:
            own = by_question[question["question"]]
            truth.append(places(question))
            given.append({(answer.start, answer.end) for answer in own.answers})
            for answer in own.candidates:
                assert answer.text == row["context"][answer.start : answer.end]
                assert 0 <= answer.probability <= 1
    assert f1(truth, given) > 0.9
