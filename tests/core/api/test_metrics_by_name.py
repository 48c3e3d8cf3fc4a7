"""Metrics in place of the preset's: asked for by name, for a new run and for a saved one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate.api import Run, adapt, compare, evaluate, load
from acclimate.contracts import OptionError, UnknownNameError
from acclimate.evaluation.proportions import wilson
from datasets import Dataset
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss, roc_curve

NAMES = ("balanced_accuracy", "brier", "log_loss", "ece", "accuracy")
Finished = Callable[[str, str], Run]


def test_a_saved_run_is_measured_by_the_metrics_that_are_named(finished: Finished, texts: Path) -> None:
    run = finished("text", "frozen")
    report = evaluate(run.output, texts, metrics=NAMES)
    rows = Dataset.from_csv(str(texts)).to_list()
    predictions = load(run.output).predict([row["text"] for row in rows])
    labels = list(report.labels)
    probabilities = np.array([[each.probabilities[label] for label in labels] for each in predictions])
    truth, predicted = [row["label"] for row in rows], [each.label for each in predictions]
    assert tuple(report.metrics) == NAMES
    assert report.metrics["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert report.metrics["brier"].value == pytest.approx(
        brier_score_loss(truth, probabilities, labels=labels), abs=1e-6
    )
    assert report.metrics["log_loss"].value == pytest.approx(log_loss(truth, probabilities, labels=labels), abs=1e-6)
    assert 0 <= report.metrics["ece"].value <= 1
    accuracy = report.metrics["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx(wilson(accuracy.value * len(rows), len(rows)))
    assert report.baselines["majority_class"]["log_loss"].value > report.metrics["log_loss"].value


def test_a_new_run_reports_the_metrics_that_are_named_and_keeps_them(
    texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    run = adapt(
        "general/text-classification",
        texts,
        method="frozen",
        backbone=small_backbone,
        metrics=["brier", "macro_f1"],
        output=tmp_path / "run",
        shown=False,
    )
    assert list(run.report.metrics) == ["brier", "macro_f1"]
    # Decision values of a support vector machine are no probabilities.
    assert np.isnan(run.report.baselines["tfidf_svm"]["brier"].value)
    assert 0 < run.report.baselines["majority_class"]["brier"].value <= 2
    assert list(evaluate(run.output, texts).metrics) == ["brier", "macro_f1"]


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        (("brier", "brier"), OptionError, "metrics are different names"),
        ((3,), OptionError, "metrics are different names"),
        (("acuracy",), UnknownNameError, "acuracy"),
        (
            ("dice",),
            OptionError,
            "'dice' is for image-segmentation, not for text-classification. Fitting: accuracy, ",
        ),
    ],
)
def test_names_are_checked_before_anything_is_computed(
    metrics: tuple[object, ...], error: type[Exception], message: str, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        adapt("general/text-classification", texts, method="frozen", metrics=metrics, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_rate_at_a_held_rate_is_of_the_label_that_is_looked_for(
    texts: Path, pictures: Path, tmp_path: Path
) -> None:
    names = ("sensitivity_at_specificity_90", "specificity_at_sensitivity_95")
    for modality, source, positive in (("text", texts, "garden"), ("image", pictures, "amber")):
        preset = f"general/{modality}-classification"
        run = adapt(
            preset,
            source,
            method="frozen",
            metrics=names,
            positive=positive,
            output=tmp_path / modality,
            shown=False,
        )
        assert tuple(run.report.metrics) == names
        report = evaluate(run.output, source)
        rows = Dataset.from_csv(str(texts))["text"] if modality == "text" else sorted(map(str, pictures.glob("*/*")))
        told = load(run.output).predict(list(rows))
        truth = (
            Dataset.from_csv(str(texts))["label"] if modality == "text" else [Path(row).parent.name for row in rows]
        )
        wanted = np.array([label == positive for label in truth])
        false, true, _ = roc_curve(wanted, [each.probabilities[positive] for each in told], drop_intermediate=False)
        assert report.metrics[names[0]].value == pytest.approx(true[false <= 0.1 + 1e-9].max())
        assert report.metrics[names[1]].value == pytest.approx(1 - false[true >= 0.95 - 1e-9].min())


def test_a_rate_of_no_label_in_particular_is_refused(texts: Path, tmp_path: Path) -> None:
    names = ("accuracy", "sensitivity_at_specificity_95")
    needed = "'sensitivity_at_specificity_95' needs the label that is looked for.*'court', 'garden', 'harbour'"
    with pytest.raises(OptionError, match=needed):
        adapt("general/text-classification", texts, method="frozen", metrics=names, output=tmp_path / "run")
    with pytest.raises(OptionError, match=needed):
        compare("general/text-classification", texts, methods=["frozen"], metrics=names, output=tmp_path / "two")
    assert not list(tmp_path.iterdir())
