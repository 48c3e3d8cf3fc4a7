"""Metrics agree with scikit-learn, with worked examples, and whatever the range of the scores."""

import math
import warnings

import numpy as np
import pytest
from acclimate.evaluation import accuracy, auroc, confusion, macro_f1, mcc
from acclimate.evaluation.metrics import balanced_accuracy, quadratic_kappa, weighted_f1
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
    roc_auc_score,
)

RANGES = [(0.0, 1.0), (20.0, 40.0), (-1e6, 1e6)]
METRICS = [accuracy, macro_f1, weighted_f1, balanced_accuracy, quadratic_kappa, mcc, auroc]


@st.composite
def evaluations(draw, fewest=2, most=5):
    """truth [rows], scores [rows, classes] with many ties, weights [rows] of which some are zero."""
    width, rows = draw(st.integers(fewest, most)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low, high = draw(st.sampled_from(RANGES))
    levels = np.linspace(low, high, draw(st.integers(2, 30)))
    weights = rng.choice(draw(st.sampled_from([[1.0], [0.0, 1.0, 2.0, 3.0], [0.0, 0.3, 1.7]])), size=rows)
    weights[rng.integers(rows)] = 1.0
    return rng.integers(width, size=rows), rng.choice(levels, size=(rows, width)), weights


def counted(truth, scores, weights):
    """The rows that count, with their predicted class; scikit-learn lets rows of weight zero name classes."""
    kept = weights > 0
    return truth[kept], scores[kept], scores[kept].argmax(axis=1), weights[kept]


@given(evaluations())
def test_accuracy_agrees_with_scikit_learn(evaluation):
    truth, _, predicted, weights = counted(*evaluation)
    expected = accuracy_score(truth, predicted, sample_weight=weights)
    assert accuracy(*evaluation) == pytest.approx(expected, abs=1e-12)


@given(evaluations())
def test_macro_f1_agrees_with_scikit_learn(evaluation):
    truth, _, predicted, weights = counted(*evaluation)
    expected = f1_score(truth, predicted, average="macro", sample_weight=weights, zero_division=0)
    assert macro_f1(*evaluation) == pytest.approx(expected, abs=1e-12)


@given(evaluations())
def test_weighted_f1_agrees_with_scikit_learn(evaluation):
    truth, _, predicted, weights = counted(*evaluation)
    expected = f1_score(truth, predicted, average="weighted", sample_weight=weights, zero_division=0)
    assert weighted_f1(*evaluation) == pytest.approx(expected, abs=1e-12)


@given(evaluations())
def test_balanced_accuracy_agrees_with_scikit_learn(evaluation):
    truth, _, predicted, weights = counted(*evaluation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class that is predicted and does not occur
        expected = balanced_accuracy_score(truth, predicted, sample_weight=weights)
    assert balanced_accuracy(*evaluation) == pytest.approx(expected, abs=1e-12)


@given(evaluations())
def test_quadratic_kappa_agrees_with_scikit_learn(evaluation):
    truth, scores, predicted, weights = counted(*evaluation)
    if len({*truth, *predicted}) == 1:
        assert quadratic_kappa(*evaluation) == 0.0
        return
    classes = list(range(scores.shape[1]))
    expected = cohen_kappa_score(truth, predicted, weights="quadratic", labels=classes, sample_weight=weights)
    assert quadratic_kappa(*evaluation) == pytest.approx(expected, abs=1e-9)


@given(evaluations())
def test_mcc_agrees_with_scikit_learn(evaluation):
    truth, _, predicted, weights = counted(*evaluation)
    one_sided = len(np.unique(truth)) == 1 or len(np.unique(predicted)) == 1
    expected = 0.0 if one_sided else matthews_corrcoef(truth, predicted, sample_weight=weights)
    assert mcc(*evaluation) == pytest.approx(expected, abs=1e-9)


@given(evaluations(most=2))
def test_auroc_of_two_classes_agrees_with_scikit_learn(evaluation):
    truth, scores, _, weights = counted(*evaluation)
    if len(np.unique(truth)) == 1:
        assert math.isnan(auroc(*evaluation))
        return
    expected = roc_auc_score(truth, scores[:, 1] - scores[:, 0], sample_weight=weights)
    assert auroc(*evaluation) == pytest.approx(expected, abs=1e-9)


@given(evaluations(fewest=3))
def test_auroc_of_many_classes_is_the_mean_over_the_classes_present(evaluation):
    truth, scores, _, weights = counted(*evaluation)
    present = np.unique(truth)
    if len(present) == 1:
        assert math.isnan(auroc(*evaluation))
        return
    areas = [roc_auc_score(truth == index, scores[:, index], sample_weight=weights) for index in present]
    assert auroc(*evaluation) == pytest.approx(np.mean(areas), abs=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("bounds", RANGES, ids=str)
def test_auroc_does_not_depend_on_the_range_of_the_scores(bounds, classes):
    rng = np.random.default_rng(0)
    truth, unit = rng.integers(classes, size=200), rng.integers(9, size=(200, classes)) / 8
    low, high = bounds
    scaled = low + unit * (high - low)
    assert auroc(truth, scaled, np.ones(200)) == auroc(truth, unit, np.ones(200))


@given(evaluations(), st.randoms(use_true_random=False))
def test_integer_weights_count_like_repeated_rows(evaluation, random):
    truth, scores, _ = evaluation
    counts = np.array([random.randint(0, 3) for _ in truth])
    counts[0] = 1
    repeated = truth.repeat(counts), scores.repeat(counts, axis=0), np.ones(counts.sum())
    for metric in METRICS:
        weighted = metric(truth, scores, counts.astype(np.float64))
        assert weighted == pytest.approx(metric(*repeated), abs=1e-9, nan_ok=True)


@given(evaluations(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(evaluation, random):
    order = list(range(len(evaluation[0])))
    random.shuffle(order)
    for metric in METRICS:
        shuffled = metric(*(part[order] for part in evaluation))
        assert shuffled == pytest.approx(metric(*evaluation), abs=1e-9, nan_ok=True)


# Six rows worked by hand: the predictions are 0 0 1 1 1 2, so the confusion is [[2, 1, 0], [0, 1, 0], [0, 1, 1]].
TRUTH = np.array([0, 0, 0, 1, 2, 2])
SCORES = np.array([[9, 1, 1], [5, 5, 0], [1, 2, 0], [0, 3, 1], [0, 3, 2], [0, 1, 7]], dtype=np.float64)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (accuracy, 4 / 6),
        (macro_f1, (4 / 5 + 2 / 4 + 2 / 3) / 3),
        # (correct·rows - Σ true·predicted) / √((rows² - Σ true²)(rows² - Σ predicted²)), Gorodkin 2004
        (mcc, (4 * 6 - (3 * 2 + 1 * 3 + 2 * 1)) / math.sqrt((36 - 14) * (36 - 14))),
        # Class 1 scores 3 where the rest has 1, 5, 2, 3 and 1; the other classes outrank all others.
        (auroc, (1 + (3 + 0.5) / 5 + 1) / 3),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_six_rows_worked_by_hand(metric, expected):
    assert metric(TRUTH, SCORES, np.ones(6)) == pytest.approx(expected, abs=1e-12)


def test_confusion_has_a_row_per_true_class_and_a_column_per_prediction():
    table = confusion(TRUTH, SCORES, 3)
    assert table.tolist() == [[2, 1, 0], [0, 1, 0], [0, 1, 1]]
    assert table.dtype == np.int64
    np.testing.assert_array_equal(table, confusion_matrix(TRUTH, SCORES.argmax(axis=1), labels=range(3)))


def test_a_tie_is_predicted_as_the_lowest_class():
    tied = np.zeros((4, 3))
    assert accuracy(np.array([0, 0, 1, 2]), tied, np.ones(4)) == 0.5


def test_macro_f1_leaves_out_classes_that_do_not_occur():
    truth, scores = np.array([0, 1]), np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    assert macro_f1(truth, scores, np.ones(2)) == 1.0


def test_macro_f1_counts_a_class_that_is_only_predicted_as_zero():
    truth, scores = np.array([0, 0]), np.array([[1.0, 0], [0, 1.0]])
    assert macro_f1(truth, scores, np.ones(2)) == pytest.approx((2 / 3 + 0) / 2)


def test_adding_the_same_number_to_both_scores_of_a_row_changes_nothing():
    rng = np.random.default_rng(1)
    truth, scores = rng.integers(2, size=50), rng.integers(10, size=(50, 2)).astype(np.float64)
    shifted = scores + rng.integers(100, size=(50, 1))
    for metric in METRICS:
        assert metric(truth, shifted, np.ones(50)) == metric(truth, scores, np.ones(50))
