"""Intervals of proportions agree with scipy, with published numbers, and cover the truth."""

import numpy as np
import pytest
from acclimate.evaluation import accuracy
from acclimate.evaluation.intervals import score
from acclimate.evaluation.metrics import balanced_accuracy
from acclimate.evaluation.proportions import (
    accuracy_interval,
    balanced_accuracy_interval,
    clopper_pearson,
    wilson,
)
from scipy.stats import binom, binomtest


@pytest.mark.parametrize(("right", "rows"), [(0, 10), (1, 10), (81, 263), (148, 148), (15, 148), (1, 29)])
def test_both_agree_with_scipy(right: int, rows: int) -> None:
    test = binomtest(right, rows)
    exact, score_based = test.proportion_ci(method="exact"), test.proportion_ci(method="wilson")
    assert clopper_pearson(right, rows) == pytest.approx((exact.low, exact.high))
    assert wilson(right, rows) == pytest.approx((score_based.low, score_based.high))


def test_the_numbers_of_newcombe() -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I: 81 of 263, 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert clopper_pearson(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert clopper_pearson(0, 20) == pytest.approx((0.0, 0.1684), abs=5e-5)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_wilson_covers_at_its_level_on_average_and_the_exact_interval_at_least(share: float) -> None:
    counts = range(20, 220)
    covered: dict[str, list[float]] = {"wilson": [], "exact": []}
    for rows in counts:
        chance = binom.pmf(np.arange(rows + 1), rows, share)
        for name, interval in (("wilson", wilson), ("exact", clopper_pearson)):
            bounds = np.array([interval(right, rows) for right in range(rows + 1)])
            covered[name].append(chance[(bounds[:, 0] <= share) & (share <= bounds[:, 1])].sum())
    assert np.mean(covered["wilson"]) == pytest.approx(0.95, abs=0.01)
    assert min(covered["exact"]) >= 0.95


def test_an_accuracy_of_one_has_an_interval() -> None:
    truth, scores = np.zeros(20, dtype=np.int64), np.tile([1.0, 0.0], (20, 1))
    plain = score(truth, scores, {"accuracy": accuracy})["accuracy"]
    assert (plain.low, plain.high) == (1.0, 1.0)
    found = score(truth, scores, {"accuracy": accuracy}, formulas={"accuracy": accuracy_interval})["accuracy"]
    assert (found.value, found.low, found.high) == (1.0, *wilson(20, 20))


def test_rows_in_groups_are_not_independent_and_get_a_bootstrap() -> None:
    truth, scores = np.zeros(40, dtype=np.int64), np.tile([1.0, 0.0], (40, 1))
    scores[:20] = [0.0, 1.0]
    groups = [str(number // 10) for number in range(40)]
    formulas = {"accuracy": accuracy_interval}
    grouped = score(truth, scores, {"accuracy": accuracy}, groups=groups, formulas=formulas)["accuracy"]
    assert grouped.high - grouped.low > 2 * (wilson(20, 40)[1] - wilson(20, 40)[0])


def test_balanced_accuracy_of_one_class_in_doubt_has_the_width_that_its_share_has() -> None:
    truth = np.array([0] * 10 + [1] * 100_000)
    scores = np.eye(2)[truth]
    scores[:2] = (0.0, 1.0)
    low, high = wilson(8, 10)
    found = balanced_accuracy_interval(truth, scores)
    assert found == pytest.approx(((1 + low) / 2, (1 + high) / 2), abs=1e-4)


def test_balanced_accuracy_of_equal_classes_has_the_width_of_newcombe_for_two_proportions() -> None:
    # Newcombe 1998, method 10 for the difference 56/70 - 48/80: 0.0524 to 0.3339. That of the mean of the one share
    # and what the other leaves is half as wide.
    truth = np.repeat([0, 1], [70, 80])
    given = np.concatenate([np.repeat([0, 1], [56, 14]), np.repeat([0, 1], [48, 32])])
    low, high = balanced_accuracy_interval(truth, np.eye(2)[given])
    assert (2 * low - 1, 2 * high - 1) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_balanced_accuracy_with_ten_rare_rows_covers_in_95_of_100_samples() -> None:
    rng, covered = np.random.default_rng(0), 0
    truth = np.repeat([0, 1], [90, 10])
    for _ in range(1000):
        wrong = rng.random(100) < np.where(truth == 1, 0.1, 0.2)
        scores = np.eye(2)[np.where(wrong, 1 - truth, truth)]
        low, high = balanced_accuracy_interval(truth, scores)
        covered += low <= 0.85 <= high
        assert low <= balanced_accuracy(truth, scores, np.ones(100)) <= high
    assert 0.93 <= covered / 1000 <= 0.985
