"""One rate held, the other read from the ROC curve: against scikit-learn's curve, weighted and not."""

import numpy as np
import pytest
from acclimate.evaluation import fixed_rates
from sklearn.metrics import roc_curve

SHARES = (90, 95)


def by_roc_curve(positive: np.ndarray, score: np.ndarray, weights: np.ndarray, share: int) -> tuple[float, float]:
    """Return sensitivity at the specificity, and specificity at the sensitivity, of `share` percent."""
    counted = weights > 0
    false, true, _ = roc_curve(
        positive[counted], score[counted], sample_weight=weights[counted], drop_intermediate=False
    )
    return true[false <= 1 - share / 100 + 1e-9].max(), 1 - false[true >= share / 100 - 1e-9].min()


@pytest.mark.parametrize("decimals", [1, 9], ids=["with ties", "without ties"])
@pytest.mark.parametrize("rows", [20, 400])
def test_both_rates_are_points_of_the_curve_of_scikit_learn_however_often_rows_count(
    rows: int, decimals: int
) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = np.arange(rows) % 4 // 3
        score = np.round(truth + rng.normal(size=rows), decimals)
        other = rng.normal(size=rows).round(decimals)
        scores = np.stack([other, score + other], axis=1)
        for weights in (np.ones(rows), np.bincount(rng.integers(rows, size=rows), minlength=rows).astype(float)):
            for share in SHARES:
                sensitivity, specificity = by_roc_curve(truth == 1, scores[:, 1] - scores[:, 0], weights, share)
                found = getattr(fixed_rates, f"sensitivity_at_specificity_{share}")(truth, scores, weights)
                assert found == pytest.approx(sensitivity, abs=1e-12)
                found = getattr(fixed_rates, f"specificity_at_sensitivity_{share}")(truth, scores, weights)
                assert found == pytest.approx(specificity, abs=1e-12)


def test_one_false_alarm_of_ten_is_a_specificity_of_ninety_percent() -> None:
    score = np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 8.5])
    positive = np.arange(11) == 10
    assert fixed_rates.sensitivity_at(score, positive, np.ones(11), 0.9) == 1
    assert fixed_rates.sensitivity_at(score, positive, np.ones(11), 0.91) == 0


def test_of_several_labels_it_is_the_mean_of_those_that_some_rows_have_and_some_have_not() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random((200, 4)) < (0.2, 0.5, 0.0, 1.0)).astype(np.int8)
    scores, weights = truth + rng.normal(size=(200, 4)), rng.integers(3, size=200).astype(float)
    expected = [by_roc_curve(truth[:, k] > 0, scores[:, k], weights, 95) for k in (0, 1)]
    sensitivity, specificity = np.mean(expected, axis=0)
    assert fixed_rates.labels_sensitivity_at_specificity_95(truth, scores, weights) == pytest.approx(sensitivity)
    assert fixed_rates.labels_specificity_at_sensitivity_95(truth, scores, weights) == pytest.approx(specificity)


def test_of_rows_of_one_kind_there_is_no_rate() -> None:
    assert np.isnan(fixed_rates.sensitivity_at(np.arange(3.0), np.ones(3, dtype=bool), np.ones(3), 0.9))
    assert np.isnan(fixed_rates.specificity_at(np.arange(3.0), np.zeros(3, dtype=bool), np.ones(3), 0.9))


def test_a_perfect_ranking_promises_no_more_than_the_rows_of_the_rarer_kind_bear() -> None:
    truth = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    scores = np.stack([np.zeros(8), truth + np.arange(8) / 100], axis=1)
    low, high = fixed_rates.perfect_interval(truth, scores) or (np.nan, np.nan)
    assert (low, high) == (pytest.approx(3 / (3 + 1.959964**2), abs=1e-6), 1)  # Wilson 1927 for 3 of 3
    low, _ = fixed_rates.perfect_interval(truth, scores, ["a", "a", "b", *"cdefg"]) or (np.nan, np.nan)
    assert low == pytest.approx(2 / (2 + 1.959964**2), abs=1e-6)


@pytest.mark.parametrize("score", [[0.0, 1, 2, 1], [2.0, 2, 1, 0], [3.0, 2, 0, 1]])
def test_a_ranking_with_a_mistake_or_a_tie_is_left_to_the_bootstrap(score: list[float]) -> None:
    scores = np.stack([np.zeros(4), np.array(score)], axis=1)
    assert fixed_rates.perfect_interval(np.array([0, 1, 0, 1]), scores) is None
