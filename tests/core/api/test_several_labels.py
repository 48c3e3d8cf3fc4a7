"""Whole runs on rows with several labels: what the report says is what the saved model gives."""

import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, compare, evaluate, load
from acclimate.api.predicting import predict_rows
from acclimate.api.predictor import Predictor
from acclimate.contracts import DataError, OptionError
from acclimate.plugins import Host
from PIL import Image
from sklearn import metrics as reference

WORDS = {
    "court": ["judge", "appeal", "verdict", "plaintiff"],
    "garden": ["rose", "soil", "tulip", "compost"],
    "harbour": ["ship", "anchor", "cargo", "pier"],
}
FILLER = ["the", "report", "says", "that", "on", "monday", "near", "our", "old", "town"]
COLOURS = {"amber": (215, 150, 20), "teal": (20, 130, 140)}
METRICS = {"macro_f1", "micro_f1", "subset_accuracy", "auroc", "average_precision"}
# An identifier of a run: modality, and what stands behind its method.
RUNS = [("text", "frozen"), ("text", "frozen:solver=torch"), ("text", "lora"), ("image", "frozen")]
every_run = pytest.mark.parametrize(("modality", "method"), RUNS)
# What comes out of a saved run does not depend on what solved its head.
once_each = pytest.mark.parametrize(
    ("modality", "method"), [pytest.param(*run, marks=[pytest.mark.slow] if ":" in run[1] else []) for run in RUNS]
)
Done = Callable[[str, str], Run]
Truth = Mapping[str, tuple[str, list[str]]]


def drawn(rng: random.Random, names: Any) -> list[str]:
    return [name for name in names if rng.random() < 0.4]


def text_rows(count: int = 90) -> list[dict[str, Any]]:
    """Rows whose words decide the labels, but for one label in eight."""
    rng = random.Random(7)
    rows = []
    for number in range(count):
        names = drawn(rng, WORDS)
        words = [word for name in names for word in rng.sample(WORDS[name], 2)] + rng.sample(FILLER, 4)
        rng.shuffle(words)
        told = [name for name in WORDS if (name in names) != (rng.random() < 1 / 8)]
        rows.append({"id": f"t{number:02}", "text": " ".join(words), "label": told, "client": f"c{number // 5}"})
    return rows


def image_rows(folder: Path, count: int = 40) -> list[dict[str, Any]]:
    """Pictures with a square of each of their colours on noise, but for one label in eight."""
    rng, noise = random.Random(3), np.random.default_rng(3)
    rows = []
    for number in range(count):
        names = drawn(rng, COLOURS)
        pixels = noise.normal(128, 30, (48, 48, 3))
        for place, (name, colour) in enumerate(COLOURS.items()):
            if name in names:
                pixels[24 * place : 24 * place + 24, :24] = colour
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number:02}.png")
        told = [name for name in COLOURS if (name in names) != (rng.random() < 1 / 8)]
        rows.append({"id": f"i{number:02}", "image": f"{number:02}.png", "label": told})
    return rows


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("several")
    found = {}
    for modality, rows in {"text": text_rows(), "image": image_rows(folder)}.items():
        found[modality] = folder / f"{modality}.jsonl"
        found[modality].write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return found


@pytest.fixture(scope="session")
def truth(tables: dict[str, Path]) -> dict[str, Truth]:
    """Return (content, labels) of each row by its id, read here and not by Acclimate."""
    found = {}
    for modality, path in tables.items():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        content = {row["id"]: str(path.parent / row["image"]) if "image" in row else row["text"] for row in rows}
        found[modality] = {row["id"]: (content[row["id"]], row["label"]) for row in rows}
    return found


@pytest.fixture(scope="session")
def done(tables: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Done:
    runs: dict[tuple[str, str], Run] = {}

    def run(modality: str, method: str) -> Run:
        if (modality, method) not in runs:
            output = tmp_path_factory.mktemp(modality) / "run"
            steps = {} if method.startswith("frozen") else {"max_steps": 2, "batch_size": 8}
            runs[modality, method] = adapted(tables[modality], modality, method, output, seed=1, **steps)
        return runs[modality, method]

    return run


def adapted(source: Path, modality: str, method: str, output: Path, **more: Any) -> Run:
    given = {"precision": "float32", "shown": False, **more}
    return adapt(f"general/{modality}-classification", source, method=method, output=output, **given)


@cache
def loaded(folder: Path) -> Predictor:
    return load(folder)


def shares(run: Run, contents: list[str]) -> np.ndarray:
    """Return the probabilities [rows, labels] of what a saved run predicts."""
    predictions = loaded(run.output).predict(contents)
    return np.array([[each.probabilities[label] for label in run.report.labels] for each in predictions])


@every_run
def test_scores_are_those_of_scikit_learn_on_what_the_saved_run_predicts(
    done: Done, modality: str, method: str, truth: dict[str, Truth], document: Any
) -> None:
    run = done(modality, method)
    contents, sets = zip(*(truth[modality][id] for id in document(run, "rows.json")["test"]), strict=True)
    labels = run.report.labels
    true = np.array([[label in names for label in labels] for names in sets])
    given = np.array([[label in each.labels for label in labels] for each in loaded(run.output).predict(contents)])
    # AUROC and average precision rank each label by itself: thresholds shift a label's scores and order none anew.
    ranks = shares(run, list(contents))
    seen = true.any(axis=0)
    varied = seen & ~true.all(axis=0)
    expected = {
        "macro_f1": reference.f1_score(true, given, average="macro"),
        "micro_f1": reference.f1_score(true, given, average="micro"),
        "subset_accuracy": reference.accuracy_score(true, given),
        "auroc": reference.roc_auc_score(true[:, varied], ranks[:, varied]),
        "average_precision": reference.average_precision_score(true[:, seen], ranks[:, seen]),
    }
    assert {name: score.value for name, score in run.report.metrics.items()} == pytest.approx(expected, abs=1e-6)
    for label, (cells, column) in zip(labels, zip(true.T, given.T, strict=True), strict=True):
        (tn, fp), (fn, tp) = reference.confusion_matrix(cells, column, labels=[False, True])
        counted = run.report.by_label[label]
        assert [counted[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]


@once_each
def test_saved_thresholds_are_those_with_the_best_f1_on_the_validation_rows(
    done: Done, modality: str, method: str, truth: dict[str, Truth], document: Any
) -> None:
    run = done(modality, method)
    contents, sets = zip(*(truth[modality][id] for id in document(run, "rows.json")["validation"]), strict=True)
    ranks = shares(run, list(contents))
    for number, label in enumerate(run.report.labels):
        true = [label in names for names in sets]
        threshold = run.report.by_label[label]["threshold"]
        at = reference.f1_score(true, ranks[:, number] >= threshold, zero_division=0)
        tried = [reference.f1_score(true, ranks[:, number] >= each, zero_division=0) for each in ranks[:, number]]
        assert at == pytest.approx(max(tried))
        assert 1 / (1 + np.exp(-loaded(run.output).thresholds[number])) == pytest.approx(threshold)


@once_each
def test_evaluate_on_the_test_rows_gives_the_scores_of_the_report(
    done: Done, modality: str, method: str, tables: dict[str, Path], tmp_path: Path, document: Any
) -> None:
    run = done(modality, method)
    ids = set(document(run, "rows.json")["test"])
    lines = [line for line in tables[modality].read_text("utf-8").splitlines() if json.loads(line)["id"] in ids]
    test = tables[modality].parent / f"test-{tmp_path.name}.jsonl"
    test.write_text("\n".join(lines), encoding="utf-8")
    report = evaluate(run.output, test, seed=1)
    assert {name: score.value for name, score in report.metrics.items()} == pytest.approx(
        {name: score.value for name, score in run.report.metrics.items()}, abs=1e-6
    )
    assert report.by_label == run.report.by_label
    assert report.baselines["label_prior"] == run.report.baselines["label_prior"]
    predicted = list(predict_rows(run.output, test))
    assert {row["id"] for row in predicted} == ids
    for row in predicted:
        above = {name for name, cells in report.by_label.items() if row["probabilities"][name] >= cells["threshold"]}
        assert set(row["labels"]) == above


@once_each
def test_the_report_tells_of_labels_and_of_no_confusion(
    done: Done, modality: str, method: str, document: Any
) -> None:
    run = done(modality, method)
    report = run.report.to_dict()
    assert "confusion" not in report
    assert set(report["metrics"]) == METRICS
    expected = {"label_prior", *(["tfidf_svm"] if modality == "text" else [])}
    assert set(report["baselines"]) == expected | ({"frozen_linear"} if method == "lora" else set())
    assert all(set(scores) == METRICS for scores in report["baselines"].values())
    assert document(run, "report.json") == json.loads(json.dumps(report))


def test_both_heads_are_the_same_model_on_easy_rows(done: Done, truth: dict[str, Truth]) -> None:
    contents = [content for content, _ in truth["text"].values()]
    one, other = (shares(done("text", method), contents) for method in ("frozen", "frozen:solver=torch"))
    np.testing.assert_allclose(one, other, atol=0.02)


def test_the_frozen_baseline_of_a_trained_run_is_the_frozen_run(done: Done) -> None:
    assert done("text", "lora").report.baselines["frozen_linear"] == done("text", "frozen").report.metrics


def test_a_group_is_in_one_part_only(
    tables: dict[str, Path], small_backbone: str, tmp_path: Path, document: Any
) -> None:
    run = adapted(tables["text"], "text", "frozen", tmp_path / "run", group="client", backbone=small_backbone)
    owners = [{int(id[1:]) // 5 for id in ids} for ids in document(run, "rows.json").values()]
    assert sum(map(len, owners)) == 18


def test_compare_judges_methods_on_label_sets(tables: dict[str, Path], small_backbone: str, tmp_path: Path) -> None:
    compared = compare(
        "general/text-classification", tables["text"], methods=["norm", "frozen:solver=torch"], seeds=1,
        output=tmp_path / "here", max_steps=2, batch_size=8, max_rows=60, precision="float32", shown=False,
        host=Host(discover=False), backbone=small_backbone,
    )  # fmt: skip
    assert [method.seeds[0].status for method in compared.methods] == ["measured", "measured"]
    assert set(compared.methods[0].seeds[0].metrics) == METRICS
    assert compared.methods[0].metrics["macro_f1"].value == pytest.approx(
        compared.methods[0].seeds[0].metrics["macro_f1"]
    )


def test_auto_keeps_frozen_within_a_tiny_budget(tables: dict[str, Path], small_backbone: str, tmp_path: Path) -> None:
    run = adapted(tables["text"], "text", "auto", tmp_path / "run", budget=0.00001, backbone=small_backbone)
    outcomes = {each["method"]: each["outcome"] for each in run.report.settings["auto"]["methods"]}
    assert run.report.method == "frozen"
    assert outcomes["frozen"] == "first"
    assert set(outcomes.values()) == {"first", "not-started"}


def test_contrastive_refuses_rows_of_several_labels(tables: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match=r"'contrastive' pairs rows by their one label; these rows may carry several"
    ):
        adapted(tables["text"], "text", "contrastive", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_and_rows_must_agree_on_how_many_labels_there_are(
    done: Done, finished: Done, texts: Path, tables: dict[str, Path]
) -> None:
    with pytest.raises(DataError, match=r"carry one label each, and .* may give several"):
        evaluate(done("text", "frozen").output, texts)
    with pytest.raises(DataError, match=r"may carry several labels, and .* gives each row one"):
        evaluate(finished("text", "frozen").output, tables["text"])
