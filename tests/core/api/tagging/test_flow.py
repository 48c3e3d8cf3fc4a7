"""Spans from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, OutputError
from acclimate.plugins import default_host

from .conftest import SETTINGS

Span = tuple[int, int, str]
Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def true_spans(row: dict[str, Any]) -> set[Span]:
    return {(span["start"], span["end"], span["label"]) for span in row["spans"]}


def given_spans(run: Run | Path, texts: Sequence[str]) -> list[set[Span]]:
    folder = run.output if isinstance(run, Run) else run
    return [{(s.start, s.end, s.label) for s in found.spans} for found in load(folder).predict(texts)]


def f1(truth: Sequence[set[Span]], given: Sequence[set[Span]]) -> float:
    """Return F1 by its definition."""
    right = sum(len(a & b) for a, b in zip(truth, given, strict=True))
    return 2 * right / (sum(map(len, truth)) + sum(map(len, given)))


def test_what_can_be_learned_is_found_in_unseen_texts(found: Run, unseen: Path) -> None:
    rows = rows_of(unseen)
    given = given_spans(found, [row["text"] for row in rows])
    assert f1([true_spans(row) for row in rows], given) > 0.95
    for row, prediction in zip(rows, load(found.output).predict([row["text"] for row in rows]), strict=True):
        for span in prediction.spans:
            assert span.text == row["text"][span.start : span.end]
            assert 0 < span.probability <= 1
            assert span.columns == {}


def test_the_report_is_measured_by_definition_on_the_test_rows(found: Run, marked: Path) -> None:
    by_id = {row["id"]: row for row in rows_of(marked)}
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    rows = [by_id[id] for id in parts["test"]]
    truth, given = [true_spans(row) for row in rows], given_spans(found, [row["text"] for row in rows])
    metrics = found.report.metrics
    assert metrics["span_f1"].value == pytest.approx(f1(truth, given))
    assert metrics["span_f1"].low <= metrics["span_f1"].value <= metrics["span_f1"].high
    labels = [
        f1([{s for s in row if s[2] == label} for row in truth], [{s for s in row if s[2] == label} for row in given])
        for label in ("firm", "person")
    ]
    assert metrics["span_macro_f1"].value == pytest.approx(np.mean(labels))
    spans = found.report.analysis.spans
    assert spans is not None
    assert spans.by_label["firm"].true == sum(s[2] == "firm" for row in truth for s in row)
    assert spans.by_label["firm"].given == sum(s[2] == "firm" for row in given for s in row)
    assert spans.by_label["person"].right == sum(
        s[2] == "person" for a, b in zip(truth, given, strict=True) for s in a & b
    )
    assert spans.by_label["firm"].scores["span_f1"].value == pytest.approx(labels[0])
    assert set(found.report.baselines) >= {"training_dictionary", "majority_tag", "frozen_linear"}


def test_the_share_of_words_in_no_span_is_told(found: Run, marked: Path) -> None:
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    rows = [row for row in rows_of(marked) if row["id"] in parts["train"]]
    words = sum(len(row["text"].split()) for row in rows)
    inside = sum(len(row["text"][a:b].split()) for row in rows for a, b, _ in true_spans(row))
    spans = found.report.analysis.spans
    assert spans is not None
    assert spans.outside_share == pytest.approx(1 - inside / words)
    (told,) = [finding for finding in found.report.findings if finding.code == "spans-chosen"]
    assert f"{1 - inside / words:.1%} of the training words are in no span" in told.message


def test_what_validation_chose_is_saved_and_followed(
    found: Run, unseen: Path, tmp_path: Path, reseal: Reseal
) -> None:
    saved = json.loads((found.output / "manifest.json").read_text("utf-8"))["spans"]
    spans = found.report.analysis.spans
    assert spans is not None
    assert saved == {"outside": spans.outside, "columns": "", "told": []}
    folder = shutil.copytree(found.output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["spans"].update(outside=5000.0))
    texts = [row["text"] for row in rows_of(unseen)]
    assert given_spans(folder, texts) == [set()] * len(texts)
    report = evaluate(folder, unseen)
    assert report.metrics["span_recall"].value == 0
    assert report.baselines["likeliest_tags"]["span_recall"].value > 0.9
    assert "label-never-found" in {finding.code for finding in report.findings}


def test_a_saved_run_is_measured_on_new_rows_as_by_definition(found: Run, unseen: Path) -> None:
    rows = rows_of(unseen)
    expected = f1([true_spans(row) for row in rows], given_spans(found, [row["text"] for row in rows]))
    assert evaluate(found.output, unseen).metrics["span_f1"].value == pytest.approx(expected)


def test_groups_are_drawn_whole_for_intervals(short: Callable[..., Run], unseen: Path) -> None:
    run = short(method="frozen", max_steps=None)
    alone = evaluate(run.output, unseen).metrics["span_recall"]
    grouped = evaluate(run.output, unseen, group="client").metrics["span_recall"]
    assert 0 < alone.value < 1
    assert grouped.value == alone.value
    assert (grouped.low, grouped.high) != (alone.low, alone.high)


def test_page_and_card_show_the_spans(short: Callable[..., Run]) -> None:
    run = short()
    page = (run.output / "report.html").read_text("utf-8")
    card = (run.output / "README.md").read_text("utf-8")
    spans = run.report.analysis.spans
    assert spans is not None
    assert page.count('aria-label="Row ') == len(spans.worst) > 0
    worst = spans.worst[0]
    for start, end, label in (*worst.true, *worst.given):
        assert f"{worst.text[start:end]} <small>{label}</small>" in page
    assert "<b>marked:</b>" in page
    assert "| firm |" in card
    assert "pipeline_tag: token-classification" in card
    hidden = short(show_rows=False, output=run.output.with_name("hidden"))
    assert 'aria-label="Row ' not in (hidden.output / "report.html").read_text("utf-8")


def test_long_texts_are_read_whole(found: Run, unseen: Path) -> None:
    rows = [row for row in rows_of(unseen) if row["spans"]]
    text = " ".join(row["text"] for row in rows)
    while len(text.split()) < 1_500:
        text = f"{text} {text}"
    (given,) = given_spans(found, [text])
    count = sum(text.count(row["text"]) and 1 for row in rows)
    assert count == len(rows)
    expected = set()
    at = 0
    for word in text.split():
        expected.add((at, word)) if word in ("Bob", "Carla", "Dieter", "Edna") else None
        at += len(word) + 1
    people = {(start, text[start:end]) for start, end, label in given if label == "person"}
    assert len(people ^ expected) <= 0.05 * len(expected)


def test_predictions_do_not_depend_on_their_neighbours(found: Run, unseen: Path) -> None:
    texts = [row["text"] for row in rows_of(unseen)]
    together = given_spans(found, texts)
    assert together == [given_spans(found, [text])[0] for text in texts]
    assert together == given_spans(found, texts[::-1])[::-1]


def test_rows_are_told_as_json_and_written_as_jsonl_and_csv(found: Run, unseen: Path, tmp_path: Path) -> None:
    rows = list(predict_rows(found.output, unseen))
    assert [row["id"] for row in rows] == [row["id"] for row in rows_of(unseen)]
    texts = {row["id"]: row["text"] for row in rows_of(unseen)}
    for row in rows:
        for span in row["spans"]:
            assert set(span) == {"start", "end", "label", "text", "probability"}
            assert texts[row["id"]][span["start"] : span["end"]] == span["text"]
    done = write_predictions(found.output, unseen, tmp_path / "found.jsonl")
    assert (done.rows, done.unreadable) == (len(rows), 0)
    assert rows_of(tmp_path / "found.jsonl") == rows
    write_predictions(found.output, unseen, tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0]) == ["id", "start", "end", "label", "text", "probability", "error"]
    assert {line["id"] for line in lines} == set(texts)
    told = [(line["id"], int(line["start"]), int(line["end"]), line["label"]) for line in lines if line["start"]]
    assert told == [(row["id"], s["start"], s["end"], s["label"]) for row in rows for s in row["spans"]]
    assert [line["id"] for line in lines if not line["start"]] == [row["id"] for row in rows if not row["spans"]]
    with pytest.raises(OutputError):
        write_predictions(found.output, unseen, tmp_path / "found.csv")


def test_a_row_that_cannot_be_read_is_told_and_stops_no_other(found: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Bob paid"}\nnot json\n{"text": ""}\n{"text": "of Acme Inc"}\n', "utf-8")
    rows = list(predict_rows(found.output, file))
    assert ["error" in row for row in rows] == [False, True, True, False]
    assert [span["text"] for span in rows[3]["spans"]] == ["Acme Inc"]
    done = write_predictions(found.output, file, tmp_path / "found.csv")
    assert (done.rows, done.unreadable) == (4, 2)


def test_tokens_are_predicted_as_the_text_they_make(found: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.conll"
    file.write_text("to\tO\nAcme\tO\nInc\tO\n", "utf-8")
    (row,) = predict_rows(found.output, file)
    assert [(span["start"], span["end"], span["label"]) for span in row["spans"]] == [(3, 11, "firm")]


def test_predict_refuses_what_is_no_list_of_texts(found: Run, refuses_no_list: Callable[[Any, str], None]) -> None:
    refuses_no_list(load(found.output), "Bob paid")


METHODS = [
    "frozen",
    "full",
    "partial",
    "lora",
    "prompt",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("layerwise", "adapters", "prefix", "ia3", "bitfit", "norm", "scratch", "qlora", "peft:IA3")
    ),
]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_offers_the_task_is_saved_and_loaded(
    short: Callable[..., Run], unseen: Path, method: str
) -> None:
    run = short(method=method, **({"max_steps": None} if method == "frozen" else {}))
    texts = [row["text"] for row in rows_of(unseen)[:5]]
    assert len(load(run.output).predict(texts)) == 5
    trained, total = (run.report.parameters[name] for name in ("trainable", "total"))
    assert 0 < trained <= total
    if method not in ("full", "layerwise", "scratch"):
        assert trained < total


def test_frozen_trains_the_head_alone_and_is_the_baseline_of_the_others(short: Callable[..., Run]) -> None:
    frozen = short(method="frozen", max_steps=None)
    assert frozen.report.history == ()
    assert "frozen_linear" not in frozen.report.baselines
    spans = frozen.report.analysis.spans
    assert spans is not None
    other = short(output=frozen.output.with_name("full"))
    even = frozen.report.metrics if spans.outside == 0 else frozen.report.baselines["likeliest_tags"]
    assert other.report.baselines["frozen_linear"]["span_f1"] == even["span_f1"]


def test_training_begins_at_the_probe_or_at_random(short: Callable[..., Run]) -> None:
    probe = short()
    random = short(head="random", output=probe.output.with_name("random"))
    assert probe.report.history[0]["loss"] < random.report.history[0]["loss"]


def test_a_run_is_repeated_bit_for_bit(found: Run, tmp_path: Path) -> None:
    again = repeat(found.output, output=tmp_path / "again", shown=False)
    assert again.run.report.metrics == found.report.metrics


def test_only_what_was_trained_can_be_saved(short: Callable[..., Run], unseen: Path) -> None:
    run = short(method="lora", weights="trained")
    assert (run.output / "weights.safetensors").stat().st_size < 60_000
    assert len(load(run.output).predict([rows_of(unseen)[0]["text"]])) == 1


def test_methods_are_compared_on_the_same_texts(marked: Path, word_backbone: str, tmp_path: Path) -> None:
    options = {name: value for name, value in SETTINGS.items() if name not in ("method", "epochs")}
    table = compare(
        "general/token-classification",
        marked,
        methods=("frozen", "norm"),
        seeds=1,
        output=tmp_path / "compared",
        backbone=word_backbone,
        max_steps=2,
        host=default_host(),  # in this process
        **options,
    )
    assert table.metric == "span_f1"
    reports = {path.parent.name: json.loads(path.read_text("utf-8")) for path in tmp_path.rglob("report.json")}
    assert len(reports) == 2
    for method in table.methods:
        assert not method.reason
        (report,) = [each for each in reports.values() if each["method"] == method.name]
        assert method.score is not None
        assert method.score.value == pytest.approx(report["metrics"]["span_f1"]["value"])
        macro = method.metrics["span_macro_f1"].value
        assert macro == pytest.approx(report["metrics"]["span_macro_f1"]["value"])


def test_a_damaged_manifest_is_refused(found: Run, tmp_path: Path, reseal: Reseal) -> None:
    for name, change in (
        ("spans.outside", lambda manifest: manifest["spans"].update(outside="much")),
        ("spec.units", lambda manifest: manifest["spec"].update(units="letters")),
    ):
        folder = shutil.copytree(found.output, tmp_path / name)
        reseal(folder, change)
        with pytest.raises(BundleError, match=f"'{name}'"):
            load(folder)
