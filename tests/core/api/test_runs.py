"""Whole runs on tiny data: what the report says is what the saved model does."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, evaluate, load
from sklearn import metrics as reference

METRICS = {"accuracy", "macro_f1", "mcc", "auroc"}
# The names that the command line promises with --json, and those that come on top of them.
PROMISED = {
    "preset",
    "method",
    "backbone",
    "output",
    "rows",
    "metrics",
    "baselines",
    "seconds",
    "parameters",
    "peak_memory_bytes",
    "findings",
}
ON_TOP = {"labels", "confusion", "settings", "history", "analysis", "task", "version", "created", "licences"}
RUNS = [
    ("text", "frozen", {"majority_class", "tfidf_svm"}),
    ("text", "lora", {"majority_class", "tfidf_svm", "frozen_linear"}),
    ("text", "full", {"majority_class", "tfidf_svm", "frozen_linear"}),
    ("image", "frozen", {"majority_class"}),
    ("image", "full", {"majority_class", "frozen_linear"}),
]
Finished = Callable[[str, str], Run]
Rows = Mapping[str, Mapping[str, tuple[str, str]]]
# A step of LoRA on images takes many seconds in float32.
SLOW = pytest.param("image", "lora", {"majority_class", "frozen_linear"}, marks=pytest.mark.slow, id="image-lora")
every_run = pytest.mark.parametrize(
    ("modality", "method", "baselines"), [*(pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in RUNS), SLOW]
)
trained = pytest.mark.parametrize(
    ("modality", "method"),
    [("text", "lora"), ("text", "full"), ("image", "full"), pytest.param("image", "lora", marks=pytest.mark.slow)],
)


@every_run
def test_the_report_has_the_promised_shape(
    finished: Finished, modality: str, method: str, baselines: set[str], document: Any
) -> None:
    run = finished(modality, method)
    report = run.report.to_dict()
    assert set(report) == PROMISED | ON_TOP
    assert report["preset"] == f"general/{modality}-classification"
    assert report["method"] == method
    assert report["backbone"].startswith("package:")
    assert Path(report["output"]) == run.output
    assert set(report["rows"]) == {"train", "validation", "test"}
    assert set(report["metrics"]) == METRICS
    assert set(report["baselines"]) == baselines
    for scores in (report["metrics"], *report["baselines"].values()):
        assert set(scores) == METRICS
        for score in scores.values():
            assert set(score) == {"value", "low", "high"}
            assert score["low"] <= score["value"] <= score["high"]
    assert set(report["seconds"]) == {"prepare", "train", "evaluate", "total"}
    spent = report["seconds"]
    assert spent["total"] >= spent["prepare"] + spent["train"] + spent["evaluate"] > 0
    assert set(report["parameters"]) == {"total", "trainable"}
    assert 0 < report["parameters"]["trainable"] <= report["parameters"]["total"]
    assert report["peak_memory_bytes"] > 100_000_000
    assert all(set(finding) == {"code", "message", "level", "details"} for finding in report["findings"])
    assert document(run, "report.json") == json.loads(json.dumps(report))


@every_run
def test_scores_are_those_of_the_saved_model_on_the_saved_test_rows(
    finished: Finished, modality: str, method: str, baselines: set[str], document: Any, rows_by_id: Rows
) -> None:
    run = finished(modality, method)
    ids = document(run, "rows.json")["test"]
    contents, truth = zip(*(rows_by_id[modality][id] for id in ids), strict=True)
    predictions = load(run.output).predict(list(contents))
    predicted = [prediction.label for prediction in predictions]
    labels = list(run.report.labels)
    probabilities = np.array([[p.probabilities[label] for label in labels] for p in predictions])
    expected = {
        "accuracy": reference.accuracy_score(truth, predicted),
        "macro_f1": reference.f1_score(truth, predicted, average="macro"),
        "mcc": reference.matthews_corrcoef(truth, predicted),
        "auroc": (
            reference.roc_auc_score([label == labels[1] for label in truth], probabilities[:, 1])
            if len(labels) == 2
            else reference.roc_auc_score(truth, probabilities, multi_class="ovr", labels=labels)
        ),
    }
    found = {name: score.value for name, score in run.report.metrics.items()}
    assert found == pytest.approx(expected, abs=1e-9)
    assert reference.confusion_matrix(truth, predicted, labels=labels).tolist() == [
        list(row) for row in run.report.confusion
    ]


@every_run
def test_parts_hold_each_row_once_and_each_label(
    finished: Finished, modality: str, method: str, baselines: set[str], document: Any, rows_by_id: Rows
) -> None:
    run = finished(modality, method)
    parts = document(run, "rows.json")
    assert {name: len(ids) for name, ids in parts.items()} == dict(run.report.rows)
    assert sorted(id for ids in parts.values() for id in ids) == sorted(rows_by_id[modality])
    for ids in parts.values():
        assert {rows_by_id[modality][id][1] for id in ids} == set(run.report.labels)


def test_majority_class_is_the_share_of_the_largest_training_class(
    finished: Finished, document: Any, rows_by_id: Rows
) -> None:
    run = finished("text", "frozen")
    labels = {name: [rows_by_id["text"][id][1] for id in ids] for name, ids in document(run, "rows.json").items()}
    largest = max(sorted(set(labels["train"])), key=labels["train"].count)
    share = labels["test"].count(largest) / len(labels["test"])
    assert run.report.baselines["majority_class"]["accuracy"].value == pytest.approx(share)
    assert run.report.baselines["majority_class"]["auroc"].value == pytest.approx(0.5)


@trained
def test_the_frozen_baseline_of_a_trained_run_is_the_frozen_run(
    finished: Finished, modality: str, method: str
) -> None:
    baseline = finished(modality, method).report.baselines["frozen_linear"]
    assert baseline == finished(modality, "frozen").report.metrics


@trained
def test_a_method_trains_the_parameters_it_says(finished: Finished, modality: str, method: str) -> None:
    frozen, counts = (finished(modality, name).report.parameters for name in ("frozen", method))
    width = {"text": 384, "image": 1280 + 2 * 512}[modality]
    head = len(finished(modality, "frozen").report.labels) * (width + 1)
    assert frozen["trainable"] == head
    if method == "full":
        assert counts["trainable"] == counts["total"] == frozen["total"]
    else:
        assert 0 < counts["total"] - frozen["total"] == counts["trainable"] - head


def test_the_rank_option_reaches_lora(
    small: Callable[[str], Run], texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    """The default rank is 8: updates of rank 4 hold half the numbers."""
    run = adapt(
        "general/text-classification",
        texts,
        method="lora",
        backbone=small_backbone,
        options={"rank": 4},
        max_steps=1,
        precision="float32",
        output=tmp_path / "run",
        shown=False,
    )
    head = 3 * (16 + 1)
    at_eight = small("lora").report.parameters["trainable"] - head
    assert run.report.parameters["trainable"] - head == at_eight // 2 > 0


def test_one_seed_gives_one_split_and_one_model(
    texts: Path, small_backbone: str, tmp_path: Path, document: Any
) -> None:
    def run(name: str, seed: int) -> Run:
        return adapt(
            "general/text-classification", texts, method="lora", backbone=small_backbone, max_steps=2, batch_size=8,
            precision="float32", seed=seed, output=tmp_path / name, shown=False,
        )  # fmt: skip

    first, again, other = run("first", 1), run("again", 1), run("other", 2)
    items = ["the judge heard the appeal", "a tulip in the soil"]
    expected = load(first.output).probabilities(items)
    assert document(again, "rows.json") == document(first, "rows.json")
    assert np.array_equal(load(again.output).probabilities(items), expected)
    assert document(other, "rows.json")["test"] != document(first, "rows.json")["test"]
    assert not np.array_equal(load(other.output).probabilities(items), expected)


def test_a_group_is_in_one_part_only(texts: Path, small_backbone: str, tmp_path: Path, document: Any) -> None:
    run = adapt(
        "general/text-classification",
        texts,
        method="frozen",
        backbone=small_backbone,
        group="client",
        precision="float32",
        output=tmp_path / "run",
        shown=False,
    )
    parts = document(run, "rows.json")
    clients = {name: {int(id[1:]) // 5 for id in ids} for name, ids in parts.items()}
    assert sum(len(each) for each in clients.values()) == len(set.union(*clients.values())) == 15
    assert all(clients.values())


def test_given_test_and_validation_files_are_honoured(
    texts: Path, small_backbone: str, tmp_path: Path, document: Any
) -> None:
    header, *lines = texts.read_text().splitlines()
    given = {"train": lines[:50], "validation": lines[50:60], "test": lines[60:]}
    for name, part in given.items():
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *part]))
    run = adapt(
        "general/text-classification",
        tmp_path / "train.csv",
        validation=tmp_path / "validation.csv",
        test=tmp_path / "test.csv",
        method="frozen",
        backbone=small_backbone,
        precision="float32",
        output=tmp_path / "run",
        shown=False,
    )
    expected = {name: [line.partition(",")[0] for line in part] for name, part in given.items()}
    assert document(run, "rows.json") == expected
    assert run.report.rows == {"train": 50, "validation": 10, "test": 15}


@pytest.mark.parametrize("modality", ["text", "image"])
def test_evaluate_repeats_the_scores_of_the_run_on_its_test_rows(
    finished: Finished, modality: str, document: Any, rows_by_id: Rows, tmp_path: Path
) -> None:
    run = finished(modality, "full")
    table = tmp_path / "test.jsonl"
    rows = (rows_by_id[modality][id] for id in document(run, "rows.json")["test"])
    table.write_text("\n".join(json.dumps({modality: content, "label": label}) for content, label in rows))
    report = evaluate(run.output, table)
    assert set(report.to_dict()) == PROMISED | ON_TOP
    assert report.rows == run.report.rows
    assert report.parameters == run.report.parameters
    assert report.confusion == run.report.confusion
    for name, score in run.report.metrics.items():
        assert report.metrics[name].value == pytest.approx(score.value, abs=1e-9), name
    ours, theirs = (each.baselines["majority_class"]["accuracy"].value for each in (report, run.report))
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("modality", "method"), [("text", "lora"), pytest.param("image", "full", marks=pytest.mark.slow)]
)
def test_a_saved_run_predicts_the_same_in_another_process(
    finished: Finished, modality: str, method: str, rows_by_id: Rows
) -> None:
    run = finished(modality, method)
    items = [content for content, _ in list(rows_by_id[modality].values())[:6]]
    code = (
        "import json, sys; from acclimate import load; "
        "print(json.dumps(load(sys.argv[1]).probabilities(sys.argv[2:]).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run.output), *items],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    there = np.array(json.loads(done.stdout))
    assert np.allclose(there, load(run.output).probabilities(items), atol=1e-6)
    assert there.shape == (6, len(run.report.labels))
