"""Scores of rows with several labels are those of scikit-learn, and thresholds have the best F1."""

import numpy as np
import pytest
from acclimate.evaluation import best_thresholds, multilabel
from scipy.special import expit
from sklearn import metrics as reference

RANDOM = np.random.default_rng(0)
TRUTH = (RANDOM.random((80, 5)) < (0.1, 0.3, 0.5, 0.2, 0.4)).astype(np.int8)
SCORES = np.round(RANDOM.normal(size=(80, 5)) + TRUTH, 1)  # rounded, so that there are ties
WEIGHTS = RANDOM.integers(0, 4, 80).astype(np.float64)
GIVEN = SCORES >= 0


@pytest.mark.parametrize("weights", [np.ones(80), WEIGHTS], ids=["ones", "counts"])
def test_scores_are_those_of_scikit_learn(weights: np.ndarray) -> None:
    given = {"sample_weight": weights}
    expected = {
        "micro_f1": reference.f1_score(TRUTH, GIVEN, average="micro", **given),
        "macro_f1": reference.f1_score(TRUTH, GIVEN, average="macro", **given),
        "subset_accuracy": reference.accuracy_score(TRUTH, GIVEN, **given),
        "auroc": reference.roc_auc_score(TRUTH, SCORES, average="macro", **given),
        "average_precision": reference.average_precision_score(TRUTH, SCORES, average="macro", **given),
    }
    found = {name: getattr(multilabel, name)(TRUTH, SCORES, weights) for name in expected}
    assert found == pytest.approx(expected, abs=1e-12)


def test_labels_that_no_row_has_are_left_out_of_the_areas() -> None:
    truth, scores = np.pad(TRUTH, ((0, 0), (0, 1))), np.pad(SCORES, ((0, 0), (0, 1)))
    for metric in (multilabel.auroc, multilabel.average_precision):
        assert metric(truth, scores, WEIGHTS) == metric(TRUTH, SCORES, WEIGHTS)


def test_thresholds_have_the_best_f1_of_all() -> None:
    found = best_thresholds(TRUTH, SCORES)
    for label in range(5):
        tried = [reference.f1_score(TRUTH[:, label], SCORES[:, label] >= t) for t in np.arange(-4, 5, 0.05)]
        at = reference.f1_score(TRUTH[:, label], SCORES[:, label] >= found[label])
        assert at == pytest.approx(max(tried))
    assert best_thresholds(np.zeros((3, 1), np.int8), expit(np.ones((3, 1)))) == 0
