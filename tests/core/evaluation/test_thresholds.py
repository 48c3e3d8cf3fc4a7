"""Thresholds of an inspection keep what they promise, and shares have the bounds that scipy gives."""

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.evaluation.thresholds import (
    Costs,
    cheapest_threshold,
    claimable,
    good_parts_needed,
    inspect,
    overkill_range,
    parts_to_claim,
    promised_threshold,
)
from scipy.stats import beta, binom, binomtest


@pytest.mark.parametrize(("overkill", "parts"), [(0.01, 99), (0.05, 19), (0.1, 9), (0.5, 1), (0.003, 333)])
def test_a_promise_takes_so_many_good_parts_and_no_fewer(overkill: float, parts: int) -> None:
    assert good_parts_needed(overkill) == parts
    scores = np.random.default_rng(0).normal(size=parts)
    assert promised_threshold(scores, overkill) == scores.max()
    with pytest.raises(DataError, match=rf"takes {parts} good parts that trained nothing, found {parts - 1}"):
        promised_threshold(scores[1:], overkill)


@pytest.mark.parametrize(("parts", "overkill"), [(99, 0.01), (50, 0.05), (237, 0.02), (40, 0.1)])
def test_the_promise_is_kept_over_repeated_splits(parts: int, overkill: float) -> None:
    random, splits = np.random.default_rng(parts), 4000
    rejected = 0
    for _ in range(splits):
        scores = random.lognormal(size=parts + 1)
        rejected += scores[-1] > promised_threshold(scores[:-1], overkill)
    # Of exchangeable scores without ties exactly this share is rejected, on average.
    share = 1 - np.ceil((parts + 1) * (1 - overkill) - 1e-9) / (parts + 1)
    assert share <= overkill + 1e-12
    low, high = binom.ppf([0.0005, 0.9995], splits, share)
    assert low <= rejected <= high


def test_it_is_the_kth_score_and_equal_scores_are_not_rejected() -> None:
    scores = np.repeat([1.0, 2.0, 3.0], [10, 85, 5])
    assert promised_threshold(scores, 0.05) == 3.0  # the 96th of 100
    assert promised_threshold(scores, 0.06) == 2.0
    assert (scores > promised_threshold(scores, 0.06)).mean() == 0.05


def test_how_far_one_draw_may_be_off_is_a_beta_distribution() -> None:
    random = np.random.default_rng(0)
    low, high = overkill_range(99, 0.05)
    assert (low, high) == pytest.approx(beta.ppf([0.025, 0.975], 5, 95))
    real = np.array([1 - promised_threshold(random.random(99), 0.05) for _ in range(3000)])
    assert ((low <= real) & (real <= high)).mean() == pytest.approx(0.95, abs=0.015)


def test_the_cheapest_threshold_is_that_of_all_there_are() -> None:
    random = np.random.default_rng(0)
    defective = np.arange(120) < 30
    scores = random.normal(size=120) + 1.5 * defective
    costs = Costs(escape=40.0, overkill=2.5, prevalence=0.03)

    def expected(above: float) -> float:
        escape, overkill = (scores[defective] <= above).mean(), (scores[~defective] > above).mean()
        return float(0.03 * 40.0 * escape + 0.97 * 2.5 * overkill)

    found = cheapest_threshold(scores, defective, costs)
    least = min(expected(above) for above in [-np.inf, *scores])
    assert expected(found) == pytest.approx(least)
    cost = inspect(scores, defective, found, costs).cost_per_1000
    assert cost is not None
    assert cost.value == pytest.approx(1000 * least)
    assert cost.low < cost.value < cost.high


def test_shares_have_exact_bounds_and_the_cost_is_that_of_bounds_at_half_the_doubt() -> None:
    defective = np.arange(250) < 50
    scores = np.where(defective, 2.0, 0.0)
    scores[:3], scores[50:57] = 1.0, 1.5  # 3 escape, 7 are rejected for nothing
    costs = Costs(escape=100.0, overkill=5.0, prevalence=0.02)
    found = inspect(scores, defective, 1.0, costs)
    for share, wrong, parts in ((found.escape, 3, 50), (found.overkill, 7, 200)):
        exact = binomtest(wrong, parts).proportion_ci(method="exact")
        assert (share.value, share.low, share.high) == pytest.approx((wrong / parts, exact.low, exact.high))
    wide = [binomtest(*each).proportion_ci(0.975, "exact") for each in ((3, 50), (7, 200))]
    assert found.cost_per_1000 is not None
    for bound in ("low", "high"):
        expected = 1000 * (0.02 * 100 * getattr(wide[0], bound) + 0.98 * 5 * getattr(wide[1], bound))
        assert getattr(found.cost_per_1000, bound) == pytest.approx(expected)


def test_without_defective_parts_nothing_is_said_of_escape_and_cost() -> None:
    costs = Costs(escape=10.0, overkill=1.0, prevalence=0.1)
    found = inspect(np.arange(5.0), np.zeros(5, dtype=bool), 3.0, costs)
    assert np.isnan(found.escape.value)
    assert found.overkill.value == pytest.approx(0.2)
    assert found.cost_per_1000 is None
    with pytest.raises(DataError, match="found 0 defective of 5"):
        cheapest_threshold(np.arange(5.0), np.zeros(5, dtype=bool), costs)


def test_how_many_parts_a_claim_takes() -> None:
    assert parts_to_claim(0.01) == 299  # 0.99 ** 299 < 0.05 < 0.99 ** 298
    assert claimable(0, 300) == pytest.approx(3 / 300, rel=0.01)
    for share, errors, level in [(0.01, 2, 0.95), (0.2, 1, 0.9), (0.5, 0, 0.5), (0.03, 0, 0.99)]:
        parts = parts_to_claim(share, errors=errors, level=level)
        assert binom.cdf(errors, parts, share) <= 1 - level
        assert binom.cdf(errors, parts - 1, share) > 1 - level
    assert claimable(4, 4) == 1.0


def test_what_is_no_share_or_no_cost_is_refused() -> None:
    with pytest.raises(OptionError, match=r"between 0 and 1, found 1\.0"):
        promised_threshold(np.arange(200.0), 1.0)
    with pytest.raises(OptionError, match=r"found 0.0, 1.0 and 0\.5"):
        Costs(escape=0.0, overkill=1.0, prevalence=0.5)
    with pytest.raises(DataError, match="finite"):
        promised_threshold(np.append(np.arange(200.0), np.nan), 0.1)


def test_where_parts_are_in_groups_bounds_are_those_of_whole_groups() -> None:
    defective = np.arange(80) < 40
    scores = np.where(defective, 2.0, 0.0)
    scores[:8] = 1.0  # one group of eight escapes
    groups = [str(number // 8) for number in range(80)]
    alone, together = inspect(scores, defective, 1.0), inspect(scores, defective, 1.0, groups=groups)
    assert together.escape.value == alone.escape.value == pytest.approx(0.2)
    assert together.escape.high - together.escape.low > alone.escape.high - alone.escape.low
