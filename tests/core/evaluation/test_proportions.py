"""Intervals of proportions agree with scipy, with published numbers, and cover the truth."""

import numpy as np
import pytest
from acclimate.evaluation import accuracy
from acclimate.evaluation.intervals import score
from acclimate.evaluation.proportions import accuracy_interval, clopper_pearson, wilson
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
