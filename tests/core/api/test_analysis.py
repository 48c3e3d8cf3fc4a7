"""What a run decides on validation rows, keeps, and tells about its test rows: one run end to end, then its laws."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, evaluate, load, merge, predict_rows
from acclimate.api.deciding import choosing, decide
from acclimate.api.inputs import Part
from acclimate.contracts import DataError, OptionError, Settings, UnknownNameError
from acclimate.evaluation.proportions import clopper_pearson
from datasets import Dataset

PRESET = "general/text-classification"
Document = Callable[[Run | Path, str], Any]


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def run(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return adapt(
        PRESET,
        texts,
        method="frozen",
        positive="harbour",
        operate="sensitivity=0.8",
        prevalence=0.1,
        answer=0.7,
        slices=["client"],
        seed=1,
        output=tmp_path_factory.mktemp("analysis") / "run",
        shown=False,
    )


def test_the_threshold_is_what_the_validation_rows_give_and_the_counts_are_those_of_the_test_rows(
    run: Run, texts: Path, document: Document
) -> None:
    point = run.report.analysis.operating
    assert point is not None
    rows, parts = rows_of(texts), document(run, "rows.json")
    model = run.load()

    def flags(part: str) -> tuple[np.ndarray, np.ndarray]:
        told = model.predict([rows[id]["text"] for id in parts[part]])
        positive = np.array([rows[id]["label"] == "harbour" for id in parts[part]])
        return positive, np.array([each.probabilities["harbour"] for each in told])

    positive, probability = flags("validation")
    assert (probability[positive] >= point.threshold).mean() >= 0.8
    higher = probability[probability > point.threshold].min()
    assert (probability[positive] > higher).mean() < 0.8, "a higher threshold would not do"
    assert point.validation["positives"] == positive.sum()
    positive, probability = flags("test")
    flagged = probability >= point.threshold
    assert point.counts == {
        "tp": (positive & flagged).sum(),
        "fp": (~positive & flagged).sum(),
        "fn": (positive & ~flagged).sum(),
        "tn": (~positive & ~flagged).sum(),
    }
    sensitivity = point.scores["sensitivity"]
    assert (sensitivity.low, sensitivity.high) == clopper_pearson(point.counts["tp"], int(positive.sum()))
    assert point.at_prevalence["ppv"].value != point.scores["ppv"].value


def test_the_decision_curve_is_that_of_the_test_rows_in_the_mix_of_use(
    run: Run, texts: Path, document: Document
) -> None:
    (curve,) = run.report.analysis.decision_curves
    rows, parts = rows_of(texts), document(run, "rows.json")
    told = run.load().predict([rows[id]["text"] for id in parts["test"]])
    positive = np.array([rows[id]["label"] == "harbour" for id in parts["test"]])
    probability = np.array([each.probabilities["harbour"] for each in told])
    share = np.mean([rows[id]["label"] == "harbour" for id in parts["validation"]])
    odds = probability / (1 - probability) * (0.1 / 0.9) / (share / (1 - share))
    assert (curve.label, curve.share) == ("harbour", 0.1)
    assert curve.points[-1].threshold == pytest.approx(0.99)
    for point in curve.points[::7]:
        price = point.threshold / (1 - point.threshold)
        flagged = odds >= price
        found = 0.1 * flagged[positive].mean() - 0.9 * flagged[~positive].mean() * price
        assert point.model.value == pytest.approx(found, abs=1e-9)
    assert document(run, "report.json")["analysis"]["decision_curves"][0]["points"][0]["all"] == pytest.approx(
        0.1 - 0.9 * 0.01 / 0.99
    )
    again = evaluate(run.output, texts).analysis.decision_curves
    assert [each.share for each in again] == [0.1], "the mix of use is saved with the run"


def test_without_a_label_that_is_looked_for_there_is_no_decision_curve(finished: Callable[[str, str], Run]) -> None:
    assert finished("text", "frozen").report.analysis.decision_curves == ()


def test_a_loaded_run_flags_by_the_frozen_threshold_and_gives_sets(run: Run, texts: Path) -> None:
    point, sets = run.report.analysis.operating, run.report.analysis.conformal
    kept = run.report.analysis.answered
    assert point is not None
    assert kept is not None
    items = [row["text"] for row in rows_of(texts).values()]
    for each in load(run.output).predict(items):
        assert each.flagged is (each.probabilities["harbour"] >= point.threshold)
        assert each.answered is (each.probability >= kept.confidence)
        assert each.label_set is None if sets is None else each.label_set is not None
    assert all({"flagged", "answered"} <= set(row) for row in predict_rows(run.output, texts))


def test_sets_and_coverage_are_those_of_the_probabilities(finished: Callable[[str, str], Run], texts: Path) -> None:
    wide = evaluate(finished("text", "frozen").output, texts)
    told = load(wide.output).predict([row["text"] for row in rows_of(texts).values()])
    right = np.array([each.label == row["label"] for each, row in zip(told, rows_of(texts).values(), strict=True)])
    sure = np.array([each.probability for each in told])
    tenth = wide.analysis.coverage[0]
    assert tenth.rows == round(len(right) / 10)
    assert tenth.accuracy.value == pytest.approx(right[(-sure).argsort()[: tenth.rows]].mean())
    assert wide.analysis.coverage[-1].accuracy.value == pytest.approx(right.mean())
    assert sum(each.rows for each in wide.analysis.reliability["after"]) == len(right)


def test_a_saved_run_is_measured_at_its_own_threshold(run: Run, texts: Path) -> None:
    point = run.report.analysis.operating
    again = evaluate(run.output, texts, slices=["client"]).analysis
    assert point is not None
    assert again.operating is not None
    assert again.operating.threshold == point.threshold
    assert sum(again.operating.counts.values()) == len(rows_of(texts))
    assert "client" in again.slices
    with pytest.raises(OptionError, match="operate was decided by the validation rows of the run"):
        evaluate(run.output, texts, operate="sensitivity=0.99")


def test_the_threshold_stands_beside_a_plain_model(run: Run, tmp_path: Path) -> None:
    point = run.report.analysis.operating
    assert point is not None
    merge(run.output, tmp_path / "plain")
    told = (tmp_path / "plain" / "README.md").read_text(encoding="utf-8")
    assert f"flagged as harbour from a probability of {point.threshold:.6f} on (sensitivity=0.8" in told


def test_slices_are_the_rows_of_one_value(texts: Path, small_backbone: str, tmp_path: Path) -> None:
    rows = list(rows_of(texts).values())
    for number, row in enumerate(rows):
        row["site"] = "rare" if number % 25 == 0 else f"s{number % 2}"
        row["length"] = str(len(row["text"]) + number / 100)
        row["day"] = f"2026-{1 + number % 2:02}-{1 + number % 28:02}"
    path = tmp_path / "sites.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = adapt(PRESET, path, method="frozen", backbone=small_backbone, output=tmp_path / "run", shown=False)
    names = ("site", "length", "day")
    report = evaluate(done.output, path, slices=names)
    told = {row["id"]: row["label"] for row in predict_rows(done.output, path)}
    sites = {each.value: each for each in report.analysis.slices["site"]}
    assert set(sites) == {"s0", "s1"}, "three rows are not scored by themselves"
    for value, found in sites.items():
        own = [row for row in rows if row["site"] == value]
        assert found.rows == len(own)
        expected = np.mean([told[row["id"]] == row["label"] for row in own])
        assert found.scores["accuracy"].value == pytest.approx(expected)
    assert any(finding.code == "slices-left-out" and "3 test rows" in finding.message for finding in report.findings)
    assert [each.value for each in report.analysis.slices["day"]] == ["2026-01", "2026-02"]
    assert len(report.analysis.slices["length"]) == 4
    assert sum(each.rows for each in report.analysis.slices["length"]) == len(rows)


def test_mistakes_are_the_wrong_rows_the_surest_first(run: Run, texts: Path, document: Document) -> None:
    rows, ids = rows_of(texts), document(run, "rows.json")["test"]
    told = run.load().predict([rows[id]["text"] for id in ids])
    wrong = {id: each for id, each in zip(ids, told, strict=True) if each.label != rows[id]["label"]}
    shown = run.report.analysis.mistakes
    assert wrong, "the rows were made so that no model is always right"
    assert {each.id for each in shown} == set(wrong)
    sure = [each.probability for each in shown]
    assert sure == sorted(sure, reverse=True)
    for each in shown:
        assert each.probability == pytest.approx(wrong[each.id].probability, abs=1e-5)
        assert each.truth == (rows[each.id]["label"],)
        assert each.text == rows[each.id]["text"]
        assert all(0 <= start < end <= len(each.text) and 0 < weight <= 1 for start, end, weight in each.marks)


def test_mistakes_of_images_are_pictures(finished: Callable[[str, str], Run], pictures: Path) -> None:
    analysis = evaluate(finished("image", "frozen").output, pictures).analysis
    assert analysis.mistakes
    for each in analysis.mistakes:
        assert each.image.startswith("data:image/jpeg;base64,")
        assert each.saliency.startswith("data:image/jpeg;base64,")
        assert each.saliency != each.image
    hidden = evaluate(finished("image", "frozen").output, pictures, show_rows=False).analysis
    assert hidden.mistakes == ()


def part(name: str, truth: np.ndarray) -> Part:
    ids = [str(number) for number in range(len(truth))]
    return Part(name=name, rows=Dataset.from_dict({"id": ids}), truth=truth, groups=None)


def test_test_rows_choose_nothing() -> None:
    truth = np.arange(40) % 2
    logits = np.stack([1.0 - truth, truth], axis=1).astype(np.float64)
    settings = Settings(positive="b", operate="precision=0.5")
    decisions, _ = decide(part("validation", truth), logits, ("a", "b"), settings)
    assert decisions.threshold is not None
    for choose in (choosing, lambda rows: decide(rows, logits, ("a", "b"), settings)):
        with pytest.raises(DataError, match="Test rows choose nothing"):
            choose(part("test", truth))


def test_what_few_rows_promise_is_said_and_what_none_reaches_is_a_problem() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(60) < 0.2).astype(np.int64)
    logits = np.stack([np.zeros(60), rng.normal(size=60) + 2 * truth - 2], axis=1)
    decisions, findings = decide(
        part("validation", truth), logits, ("a", "b"), Settings(positive="b", operate="sensitivity=0.9")
    )
    assert decisions.reached["sensitivity"] >= 0.9
    assert [finding.code for finding in findings] == ["few-rows-chose"]
    none, findings = decide(
        part("validation", np.zeros(60, dtype=np.int64)), logits, ("a", "b"), Settings(positive="b")
    )
    assert (none.threshold, none.reached["sensitivity"], none.reached["positives"]) == (0.0, None, 0)
    shuffled = np.stack([np.zeros(60), np.where(truth, -9.0, 9.0)], axis=1)
    decisions, findings = decide(
        part("validation", truth), shuffled, ("a", "b"), Settings(positive="b", operate="precision=0.9")
    )
    assert decisions.threshold is None
    assert [(finding.code, finding.level) for finding in findings] == [("rule-not-reached", "problem")]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"operate": "sensitivity=0.9"}, OptionError, "needs the label that is looked for"),
        ({"prevalence": 0.1}, OptionError, "needs the label that is looked for"),
        ({"positive": "harbor"}, OptionError, "no label 'harbor'.*harbour"),
        ({"positive": "harbour", "operate": "recall=0.9"}, OptionError, "sensitivity=0.95"),
        ({"positive": "harbour", "prevalence": 1.5}, OptionError, "between 0 and 1"),
        ({"answer": 1}, OptionError, "answer is a share between 0 and 1"),
        ({"slices": ["clinet"]}, UnknownNameError, "no column 'clinet'.*client"),
        ({"slices": ["client", "client"]}, OptionError, "slices are different names"),
        ({"show_rows": "no"}, OptionError, "True or False"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_computed(
    options: dict[str, Any], error: type[Exception], message: str, texts: Path, tmp_path: Path
) -> None:
    import acclimate.models

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acclimate.models, "resolve", lambda *_, **__: pytest.fail("a model was loaded"))
        with pytest.raises(error, match=message):
            adapt(PRESET, texts, method="frozen", output=tmp_path / "run", shown=False, **options)
    assert not (tmp_path / "run").exists()
