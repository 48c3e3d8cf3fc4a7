"""Summaries from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.evaluation import picked_sentences
from acclimate.testing.writers import save_writer

from .conftest import PRESET, SETTINGS


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def rouge_1(reference: str, given: str) -> float:
    """Return F1 of shared words, counted by hand."""
    one, other = (text.replace(".", " ").split() for text in (reference, given))
    shared = sum(min(one.count(word), other.count(word)) for word in set(one))
    return 2 * shared / (len(one) + len(other))


def summaries(folder: Path, rows: list[dict[str, Any]]) -> list[str]:
    return [each.text for each in load(folder).predict([row["transcript"] for row in rows])]


def test_the_sentences_with_news_are_found_in_unseen_reports_at_their_place(found: Run, unseen: Path) -> None:
    rows = rows_of(unseen)
    given = load(found.output).predict([row["transcript"] for row in rows])
    told = [each for some in given for each in some.sentences]
    assert np.mean(["percent" in each.text for each in told]) > 0.9
    for row, some in zip(rows, given, strict=True):
        assert len(some.sentences) == 2  # as many as have news, which validation texts said
        assert some.text == "\n".join(each.text for each in some.sentences)
        assert [row["transcript"][each.start : each.end] for each in some.sentences] == some.text.split("\n")
        assert [each.start for each in some.sentences] == sorted(each.start for each in some.sentences)
        assert all(0 < each.probability < 1 for each in some.sentences)


def test_the_number_of_sentences_can_be_asked_for(found: Run, unseen: Path) -> None:
    text = rows_of(unseen)[0]["transcript"]
    model = load(found.output)
    (one,), (three,) = (model.predict([text], sentences=count) for count in (1, 3))
    assert len(one.sentences) == 1
    assert len(three.sentences) == 3
    assert {each.start for each in one.sentences} < {each.start for each in three.sentences}


def test_the_report_is_measured_by_definition_beside_simpler_summaries(found: Run, reports: Path) -> None:
    by_id = {row["id"]: row for row in rows_of(reports)}
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    assert sorted(id for ids in parts.values() for id in ids) == sorted(by_id)
    companies = [{by_id[id]["company"] for id in ids} for ids in parts.values()]
    assert not companies[0] & companies[1] | companies[0] & companies[2] | companies[1] & companies[2]
    rows = [by_id[id] for id in parts["test"]]
    references = ["\n".join(row["summary"]) for row in rows]
    given = summaries(found.output, rows)
    scores = [rouge_1(*pair) for pair in zip(references, given, strict=True)]
    report = found.report
    assert report.metrics["rouge_1"].value == pytest.approx(np.mean(scores))
    numbers = [{word for word in text.split() if word.isdigit()} for text in references]
    known = sum(len({w for w in text.split() if w.isdigit()} & own) for text, own in zip(given, numbers, strict=True))
    assert report.metrics["number_recall"].value == pytest.approx(known / sum(map(len, numbers)))
    assert report.metrics["number_faithfulness"].value == 1  # sentences of the text have no other numbers
    told = report.analysis.summaries
    assert told is not None
    assert told.sentences == 2
    assert told.reference_words == pytest.approx(np.mean([len(text.split()) for text in references]))
    best = told.ceiling["rouge_1"].value
    assert set(report.baselines) == {"lead", "nearest_words"}
    assert report.baselines["lead"]["rouge_1"].value < report.metrics["rouge_1"].value <= best
    assert [each.score for each in told.worst] == pytest.approx(sorted(scores)[: len(told.worst)])


def test_a_saved_run_is_measured_on_new_reports(found: Run, unseen: Path) -> None:
    rows = rows_of(unseen)
    report = evaluate(found.output, unseen)
    pairs = zip(rows, summaries(found.output, rows), strict=True)
    scores = [rouge_1("\n".join(row["summary"]), given) for row, given in pairs]
    assert report.metrics["rouge_1"].value == pytest.approx(np.mean(scores))
    assert report.rows["test"] == len(rows)


def test_summaries_of_a_file_are_written_as_lines_and_as_sentences(found: Run, unseen: Path, tmp_path: Path) -> None:
    rows = rows_of(unseen)
    given = load(found.output).predict([row["transcript"] for row in rows])
    write_predictions(found.output, unseen, tmp_path / "out.jsonl")
    lines = rows_of(tmp_path / "out.jsonl")
    assert [(line["id"], line["summary"], line["reference"]) for line in lines] == [
        (row["id"], each.text, "\n".join(row["summary"])) for row, each in zip(rows, given, strict=True)
    ]
    write_predictions(found.output, unseen, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        sentences = list(csv.DictReader(file))
    assert [each["text"] for each in sentences] == [each.text for some in given for each in some.sentences]
    # A row without its summary, and one without a text.
    file = tmp_path / "new.jsonl"
    file.write_text(json.dumps({"id": "a", "text": rows[0]["transcript"]}) + "\n" + json.dumps({"id": "b"}) + "\n")
    first, second = predict_rows(found.output, file)
    assert first["summary"] == given[0].text
    assert "reference" not in first
    assert second == {
        "id": "b",
        "error": "it has no column text or document or article or transcript or report or source",
    }


def test_page_and_card_show_the_summaries(found: Run, said_by_page: Callable[[str], str]) -> None:
    page = (found.output / "report.html").read_text("utf-8")
    told = found.report.analysis.summaries
    assert told is not None
    assert page.count('aria-label="Row ') == len(told.worst) > 0
    assert "A summary is 2 sentences of its text" in page
    assert "lead takes the first sentences" in page
    assert said_by_page(page).strip() == "a text"
    assert "# general/summarization" in (found.output / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_training_learns_and_stands_beside_the_frozen_run(reports: Path, word_backbone: str, tmp_path: Path) -> None:
    given = {**SETTINGS, "backbone": word_backbone, "epochs": 2}
    del given["method"], given["shown"]
    compared = compare(PRESET, reports, methods=("frozen", "lora"), seeds=1, output=tmp_path / "compared", **given)
    scores = {each.name: each.score for each in compared.methods}
    assert all(score is not None and score.value > 0.4 for score in scores.values())


@pytest.mark.slow
def test_a_trained_run_says_how_much_training_gave_and_is_repeated(short: Callable[..., Run], tmp_path: Path) -> None:
    run = short(method="full", epochs=1)
    assert "frozen_linear" in run.report.baselines
    again = repeat(run.output, output=tmp_path / "again", shown=False)
    assert again.run.report.metrics == run.report.metrics
    assert again.logits_difference == 0


@pytest.mark.slow
def test_what_is_picked_can_be_written_in_other_words(found: Run, reports: Path, tmp_path: Path) -> None:
    write_predictions(found.output, reports, tmp_path / "picked.jsonl")
    run = adapt(
        "text-generation",
        tmp_path / "picked.jsonl",
        backbone=str(save_writer(tmp_path / "tiny-llama")),
        prompt="summary",
        response="reference",
        system="Write the news in short.",
        epochs=1,
        written_rows=2,
        max_new_tokens=8,
        metrics=("cross_entropy", "rouge_1", "number_precision", "number_recall"),
        allow_leakage=True,
        output=tmp_path / "writer",
        shown=False,
    )
    assert run.report.rows["train"] > 30
    assert run.report.metrics["cross_entropy"].value < run.report.baselines["untuned"]["cross_entropy"].value


def test_sentences_that_repeat_are_passed_over() -> None:
    sentences = ["profit rose by 5 percent.", "so profit rose by 5 percent.", "costs fell."]
    assert picked_sentences([0.9, 0.8, 0.1], sentences, 2) == [0, 2]
    assert picked_sentences([0.5, 0.5, 0.5], sentences, 1) == [0]
