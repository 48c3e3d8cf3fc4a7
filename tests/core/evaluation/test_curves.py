"""What a report draws, against scikit-learn, the definition, and a simulation of what is promised."""

import numpy as np
import pytest
from acclimate.evaluation import (
    answer_threshold,
    answered,
    conformal,
    conformal_threshold,
    coverage,
    curve,
    reliability,
)
from acclimate.evaluation.proportions import wilson
from scipy.special import softmax
from scipy.stats import betabinom
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve


@pytest.mark.parametrize("rows", [30, 700])
def test_curves_lie_on_those_of_scikit_learn(rows: int) -> None:
    rng = np.random.default_rng(rows)
    positive = rng.random(rows) < 0.3
    score = np.round(positive + rng.normal(size=rows), 1)
    found = curve("x", positive, score)
    assert found is not None
    false, true, _ = roc_curve(positive, score, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(positive, score)
    assert set(found.roc) <= set(zip(false, true, strict=True))
    assert {(round(x, 9), round(y, 9)) for x, y in found.precision_recall} <= {
        (round(x, 9), round(y, 9)) for x, y in zip(recall, precision, strict=True)
    }
    assert found.roc[0] == (0, 0)
    assert found.roc[-1] == (1, 1)
    assert found.precision_recall[-1] == (1, positive.mean())
    x, y = np.array(found.roc).T
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(positive, score), abs=1e-9 if rows < 100 else 5e-3)
    assert len(found.roc) <= 101


def test_a_label_that_all_rows_have_has_no_curve() -> None:
    assert curve("x", np.array([True, True]), np.array([0.1, 0.2])) is None
    assert curve("x", np.array([False, False]), np.array([0.1, 0.2])) is None


def test_reliability_counts_equally_many_rows_in_each_bin() -> None:
    rng = np.random.default_rng(5)
    probabilities = softmax(rng.normal(size=(95, 3)) * 2, axis=1)
    truth = rng.integers(3, size=95)
    bins = reliability(truth, probabilities)
    assert sum(each.rows for each in bins) == 95
    assert {each.rows for each in bins} <= {10, 11}
    ranked = sorted(range(95), key=lambda row: probabilities[row].max())[: bins[0].rows]
    right = [probabilities[row].argmax() == truth[row] for row in ranked]
    assert bins[0].accuracy.value == pytest.approx(np.mean(right))
    assert bins[0].confidence == pytest.approx(np.mean([probabilities[row].max() for row in ranked]))
    assert (bins[0].accuracy.low, bins[0].accuracy.high) == pytest.approx(wilson(sum(right), len(right)))
    assert [each.confidence for each in bins] == sorted(each.confidence for each in bins)


def test_few_rows_are_one_bin() -> None:
    assert len(reliability(np.zeros(7, dtype=np.int64), np.full((7, 2), 0.5))) == 1


def test_accuracy_against_coverage_is_that_of_the_surest_rows() -> None:
    rng = np.random.default_rng(6)
    truth = rng.integers(2, size=50)
    sure = rng.uniform(0.5, 1.0, size=50)
    right = rng.random(50) < sure
    column = np.where(right, truth, 1 - truth)
    probabilities = np.where(np.arange(2) == column[:, None], sure[:, None], 1 - sure[:, None])
    points = coverage(truth, probabilities)
    assert [point.rows for point in points] == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    for point in points:
        kept = sure >= np.sort(sure)[::-1][point.rows - 1]
        assert point.accuracy.value == pytest.approx(right[kept].mean())
        assert point.confidence == pytest.approx(sure[kept].min())
    assert points[-1].coverage == 1


def test_groups_make_shares_less_certain() -> None:
    rng = np.random.default_rng(7)
    member = np.repeat(np.arange(15), 10)
    truth = np.zeros(150, dtype=np.int64)
    wrong = rng.random(15)[member] < rng.random(150)
    probabilities = np.where(wrong[:, None], (0.2, 0.8), (0.8, 0.2))
    alone = coverage(truth, probabilities)[-1].accuracy
    grouped = coverage(truth, probabilities, [str(each) for each in member])[-1].accuracy
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > 1.2 * (alone.high - alone.low)


@pytest.mark.parametrize("rows", [9, 20, 100])
def test_conformal_sets_hold_the_truth_as_often_as_promised(rows: int) -> None:
    """Over many calibrations, coverage on endless rows is beta distributed (Vovk 2012); its mean is at least 0.9."""
    rng = np.random.default_rng(rows)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.integers(4, size=count)
        logits = 1.5 * (np.arange(4) == truth[:, None]) + rng.normal(size=(count, 4))
        return truth, softmax(logits, axis=1)

    new_truth, new = draw(20_000)
    held = []
    for _ in range(400):
        threshold = conformal_threshold(*draw(rows))
        assert threshold is not None
        held.append(conformal(new_truth, new, threshold, rows=rows).coverage.value)
    wanted = int(np.ceil((rows + 1) * 0.9))
    expected = betabinom(20_000, wanted, rows + 1 - wanted)
    assert np.mean(held) >= 0.9 - 0.01
    assert np.mean(held) == pytest.approx(expected.mean() / 20_000, abs=0.015)


def test_too_few_rows_promise_nothing() -> None:
    truth, probabilities = np.zeros(8, dtype=np.int64), np.full((8, 2), 0.5)
    assert conformal_threshold(truth, probabilities) is None
    assert conformal_threshold(np.zeros(9, dtype=np.int64), np.full((9, 2), 0.5)) == 0.5


def test_sets_are_measured_by_size_and_by_what_they_hold() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.34, 0.33, 0.33], [0.9, 0.05, 0.05]])
    found = conformal(np.array([0, 1, 2, 1]), probabilities, 0.3, rows=50)
    assert found.coverage.value == 3 / 4
    assert found.size == (1 + 2 + 3 + 1) / 4
    assert found.single == 1 / 2
    assert found.rows == 50


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99])
def test_the_confidence_that_a_share_of_rows_reaches(share: float) -> None:
    rng = np.random.default_rng(8)
    probabilities = softmax(rng.normal(size=(37, 3)) * 2, axis=1).round(2)
    threshold = answer_threshold(probabilities, share)
    confidence = probabilities.max(axis=1)
    kept = (confidence >= threshold).sum()
    assert kept >= share * 37
    fewer = confidence >= confidence[confidence >= threshold].min() + 1e-9
    assert fewer.sum() < share * 37, "a higher one would answer too few"
    truth = rng.integers(3, size=37)
    found = answered(truth, probabilities, threshold)
    assert found is not None
    assert (found.rows, found.coverage) == (kept, kept / 37)
    right = probabilities.argmax(axis=1) == truth
    assert found.accuracy.value == pytest.approx(right[confidence >= threshold].mean())
    assert answered(truth, probabilities, 1.01) is None
