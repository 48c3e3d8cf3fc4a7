"""Hypotheses from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, DataError
from acclimate.plugins import default_host
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from .conftest import HYPOTHESES, LABELS, PRESET, SETTINGS

Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def documents(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["documents"]
    return found


def choices(rows: list[dict[str, Any]]) -> list[str]:
    """Return the labels of rows, one hypothesis after the other."""
    return [row["annotation_sets"][0]["annotations"][key]["choice"] for row in rows for key in HYPOTHESES]


def evidence(rows: list[dict[str, Any]]) -> list[set[tuple[int, int]]]:
    own = [(row, row["annotation_sets"][0]["annotations"][key]["spans"]) for row in rows for key in HYPOTHESES]
    return [{tuple(row["spans"][number]) for number in numbers} for row, numbers in own]


def said(folder: Path, rows: list[dict[str, Any]]) -> list[Any]:
    """Return the predictions of a run for each hypothesis of rows."""
    found = load(folder).predict([row["text"] for row in rows], list(HYPOTHESES.values()))
    return [each for some in found for each in some]


def test_what_can_be_learned_is_told_of_unseen_contracts_with_its_evidence(found: Run, unseen: Path) -> None:
    rows = documents(unseen)
    given, truth, true = said(found.output, rows), choices(rows), evidence(rows)
    right = [each.label == label for each, label in zip(given, truth, strict=True)]
    assert sum(right) / len(right) > 0.75
    texts = [row["text"] for row in rows for _ in HYPOTHESES]
    for each, text in zip(given, texts, strict=True):
        assert sum(each.probabilities.values()) == pytest.approx(1)
        assert each.label == max(each.probabilities, key=lambda label: each.probabilities[label])
        assert bool(each.evidence) == (each.label != "NotMentioned")
        assert each.evidence == each.candidates[: len(each.evidence)]
        assert all(text[passage.start : passage.end] == passage.text for passage in each.candidates)
    first = [
        (each.evidence[0].start, each.evidence[0].end) in own
        for each, own, sure in zip(given, true, right, strict=True)
        if sure and each.evidence
    ]
    assert sum(first) / len(first) > 0.9


def test_the_report_is_measured_by_definition_on_contracts_that_stay_whole(found: Run, contracts: Path) -> None:
    by_id = {str(row["id"]): row for row in documents(contracts)}
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    assert sorted(id for ids in parts.values() for id in ids) == sorted(by_id)
    rows = [by_id[id] for id in parts["test"]]
    truth, report = choices(rows), found.report
    labels = [each.label for each in said(found.output, rows)]
    assert report.metrics["accuracy"].value == pytest.approx(accuracy_score(truth, labels))
    assert report.metrics["macro_f1"].value == pytest.approx(f1_score(truth, labels, average="macro"))
    for label in LABELS[:2]:
        own = f1_score(truth, labels, labels=[label], average="macro")
        assert report.metrics[f"{label.lower()}_f1"].value == pytest.approx(own)
    score = report.metrics["accuracy"]
    assert score.low < score.value < score.high
    assert np.array(report.confusion).sum() == len(truth)
    told = report.analysis.hypotheses
    assert told is not None
    assert set(told.by_hypothesis) == set(HYPOTHESES.values())
    for place, each in enumerate(told.by_hypothesis.values()):
        assert each.texts == len(rows)
        assert each.labels == {label: truth[place::2].count(label) for label in LABELS}
        assert each.right == sum(a == b for a, b in zip(truth[place::2], labels[place::2], strict=True))


def test_baselines_see_no_passage_of_the_test_contracts(found: Run, contracts: Path) -> None:
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    by_id = {str(row["id"]): row for row in documents(contracts)}
    train, test = (choices([by_id[id] for id in parts[name]]) for name in ("train", "test"))
    majority = max(LABELS, key=train.count)
    baselines = found.report.baselines
    assert baselines["majority_class"]["accuracy"].value == pytest.approx(test.count(majority) / len(test))
    right = sum(test[k::2].count(max(LABELS, key=train[k::2].count)) for k in (0, 1))
    assert baselines["majority_of_hypothesis"]["accuracy"].value == pytest.approx(right / len(test))
    assert set(baselines) == {"majority_class", "majority_of_hypothesis", "tfidf_svm", "nearest_passage"}
    assert "evidence_map" not in baselines["tfidf_svm"]
    assert set(baselines["nearest_passage"]) == {"evidence_map", "evidence_precision_at_80_recall", "evidence_first"}


def test_a_saved_run_is_measured_on_new_contracts_as_by_definition(found: Run, unseen: Path) -> None:
    rows = documents(unseen)
    report = evaluate(found.output, unseen)
    truth = choices(rows)
    assert report.metrics["accuracy"].value == pytest.approx(
        accuracy_score(truth, [each.label for each in said(found.output, rows)])
    )
    assert report.rows["test"] == len(rows)
    assert np.array(report.confusion).sum() == len(truth)


def test_evidence_is_ranked_as_scikit_learn_has_it(found: Run, unseen: Path) -> None:
    rows, predictor = documents(unseen), load(found.output)
    values = []
    for row, own in zip([row for row in rows for _ in HYPOTHESES], evidence(rows), strict=True):
        values.append((row, own))
    texts = [row["text"] for row in rows]
    places = [tuple(map(tuple, row["spans"])) for row in rows]
    of_text = [number for number in range(len(rows)) for _ in HYPOTHESES]
    passages = predictor.passages(texts, places, of_text, list(HYPOTHESES.values()) * len(rows))
    precisions = []
    for (row, own), logits in zip(values, passages, strict=True):
        if own:
            odds = np.logaddexp(*logits[:, :2].T.astype(np.float64)) - logits[:, 2]
            marks = [tuple(span) in own for span in row["spans"]]
            precisions.append(average_precision_score(marks, odds))
    score = evaluate(found.output, unseen).metrics["evidence_map"].value
    assert score == pytest.approx(np.mean(precisions))


def test_page_and_card_show_the_hypotheses(found: Run, said_by_page: Callable[[str], str]) -> None:
    page = (found.output / "report.html").read_text("utf-8")
    told = found.report.analysis.hypotheses
    assert told is not None
    assert page.count('aria-label="Row ') == len(told.worst) > 0
    assert f'<th scope="row">{HYPOTHESES["h1"]}</th>' in page
    assert "majority_of_hypothesis says" in page
    assert all(text in said_by_page(page) for text in HYPOTHESES.values())
    card = (found.output / "README.md").read_text("utf-8")
    assert "# legal/entailment" in card


def test_answers_do_not_depend_on_their_neighbours(found: Run, unseen: Path) -> None:
    rows = documents(unseen)[:8]
    alone = [each for row in rows for each in said(found.output, [row])]
    for one, other in zip(said(found.output, rows), alone, strict=True):
        assert (one.label, [each.start for each in one.evidence]) == (
            other.label,
            [each.start for each in other.evidence],
        )
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_judgements_are_told_as_json_and_written_as_jsonl_and_csv(found: Run, unseen: Path, tmp_path: Path) -> None:
    rows, contracts = list(predict_rows(found.output, unseen)), documents(unseen)
    assert [row["id"] for row in rows] == [str(row["id"]) for row in contracts]
    for row, contract in zip(rows, contracts, strict=True):
        assert [each["id"] for each in row["hypotheses"]] == list(HYPOTHESES)
        for each in row["hypotheses"]:
            assert set(each["probabilities"]) == set(LABELS)
            for passage in each["evidence"]:
                assert [passage["start"], passage["end"]] in contract["spans"]
                assert contract["text"][passage["start"] : passage["end"]] == passage["text"]
    done = write_predictions(found.output, unseen, tmp_path / "found.jsonl")
    assert (done.rows, done.unreadable) == (len(rows), 0)
    assert [json.loads(line) for line in (tmp_path / "found.jsonl").read_text("utf-8").splitlines()] == rows
    write_predictions(found.output, unseen, tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    told = [(line["hypothesis_id"], int(line["start"])) for line in lines if line["start"]]
    assert told == [(each["id"], a["start"]) for row in rows for each in row["hypotheses"] for a in each["evidence"]]
    blank = [line["hypothesis_id"] for line in lines if not line["start"]]
    assert blank == [each["id"] for row in rows for each in row["hypotheses"] if each["label"] == "NotMentioned"]


def test_a_text_without_hypotheses_is_judged_by_those_of_the_run(found: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    own = {"text": "a loan.", "hypothesis": "the borrower may sell goods"}
    lines = [json.dumps({"text": "a loan. lender never shares papers."}), "not json", json.dumps(own)]
    file.write_text("\n".join(lines), "utf-8")
    rows = list(predict_rows(found.output, file))
    assert [each["hypothesis"] for each in rows[0]["hypotheses"]] == list(HYPOTHESES.values())
    assert [each["hypothesis"] for each in rows[2]["hypotheses"]] == [own["hypothesis"]]
    assert ["error" in row for row in rows] == [False, True, False]


def test_predict_refuses_what_is_no_list_and_runs_without_hypotheses(
    found: Run, tmp_path: Path, reseal: Reseal, refuses_no_list: Callable[[Any, str], None]
) -> None:
    refuses_no_list(load(found.output), "a loan")
    folder = shutil.copytree(found.output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["entailment"].update(hypotheses=[]))
    with pytest.raises(DataError, match="No hypothesis was given"):
        load(folder).predict(["a loan"])


METHODS = [
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
def test_every_method_that_offers_the_task_is_saved_proven_and_loaded(
    short: Callable[..., Run], unseen: Path, method: str
) -> None:
    run = short(method=method, max_steps=2)
    assert len(said(run.output, documents(unseen)[:3])) == 6
    trained, total = (run.report.parameters[name] for name in ("trainable", "total"))
    assert 0 < trained <= total
    assert "frozen_linear" in run.report.baselines


def test_only_what_was_trained_can_be_saved(short: Callable[..., Run], unseen: Path) -> None:
    run = short(method="lora", max_steps=2, weights="trained")
    assert len(said(run.output, documents(unseen)[:1])) == 2


def test_a_run_is_repeated_bit_for_bit(short: Callable[..., Run], tmp_path: Path) -> None:
    run = short(method="full", max_steps=4)
    again = repeat(run.output, output=tmp_path / "again", shown=False)
    assert again.run.report.metrics == run.report.metrics


@pytest.mark.slow
def test_methods_are_compared_on_the_same_hypotheses(contracts: Path, word_backbone: str, tmp_path: Path) -> None:
    table = compare(
        PRESET,
        contracts,
        methods=("frozen", "norm"),
        seeds=1,
        output=tmp_path / "compared",
        backbone=word_backbone,
        max_steps=2,
        host=default_host(),  # in this process
        **{name: value for name, value in SETTINGS.items() if name != "method"},
    )
    assert table.metric == "accuracy"
    reports = {path.parent.name: json.loads(path.read_text("utf-8")) for path in tmp_path.rglob("report.json")}
    for method in table.methods:
        assert not method.reason
        (report,) = [each for each in reports.values() if each["method"] == method.name]
        for name, score in method.metrics.items():
            assert score.value == pytest.approx(report["metrics"][name]["value"])


def test_a_damaged_manifest_is_refused(found: Run, tmp_path: Path, reseal: Reseal) -> None:
    for name, change in (
        ("entailment.threshold", lambda manifest: manifest["entailment"].update(threshold="much")),
        ("entailment.weight", lambda manifest: manifest["entailment"].update(weight=["x"])),
        ("entailment.hypotheses", lambda manifest: manifest["entailment"].update(hypotheses=[1])),
        ("spec.asserts", lambda manifest: manifest["spec"].update(asserts=1)),
    ):
        folder = shutil.copytree(found.output, tmp_path / name)
        reseal(folder, change)
        with pytest.raises(BundleError, match=f"'{name}'"):
            load(folder)
