"""Distances between two samples, against formulas written out and against what chance gives."""

import math

import numpy as np
import pytest
from acclimate import evaluation
from scipy import stats


def test_the_stability_index_is_the_sum_written_out() -> None:
    before, after = np.array([100, 100, 100, 0]), np.array([40, 90, 150, 7])
    expected = 0.0
    for old, new in zip(before, after, strict=True):
        b, a = (old + 0.5) / (300 + 2), (new + 0.5) / (287 + 2)
        expected += (a - b) * math.log(a / b)
    assert evaluation.stability(before, after)[0] == pytest.approx(expected, rel=1e-12)


def test_one_pair_in_a_hundred_of_one_source_exceeds_what_chance_gives() -> None:
    random = np.random.default_rng(0)
    beyond, pairs = 0, 3000
    for _ in range(pairs):
        old, new = random.normal(size=400), random.normal(size=250)
        edges = evaluation.bin_edges(old, 10)
        index, by_chance = evaluation.stability(evaluation.binned(old, edges), evaluation.binned(new, edges))
        beyond += index > by_chance
    low, high = stats.binomtest(beyond, pairs).proportion_ci(0.999)
    assert low <= 0.01 <= high, beyond / pairs


def test_bins_hold_equally_many_and_every_score_lies_in_one() -> None:
    scores = np.random.default_rng(1).permutation(1000).astype(float)
    edges = evaluation.bin_edges(scores, 10)
    assert evaluation.binned(scores, edges).tolist() == [100] * 10
    new = np.array([-5.0, edges[0], np.nextafter(edges[0], 9999), 1e9])
    assert evaluation.binned(new, edges).tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("repeated", [1.0, 0.5])
def test_scores_that_repeat_make_fewer_bins(repeated: float) -> None:
    scores = np.array([repeated] * 90 + [0.1, 0.2, 0.3, 0.9, 0.95] * 2)
    edges = evaluation.bin_edges(scores, 10)
    assert len(edges) == len(set(edges)) < 9
    assert evaluation.binned(scores, edges).sum() == 100


def test_the_distance_is_the_largest_difference_of_the_two_functions() -> None:
    random = np.random.default_rng(2)
    old, new = random.normal(size=130), random.normal(0.4, 1.2, size=90)
    points = np.concatenate([old, new])
    by_hand = max(abs((old <= x).mean() - (new <= x).mean()) for x in points)
    found = evaluation.ks_distance(old, new)
    assert found.distance.value == pytest.approx(by_hand, abs=1e-12)
    assert found.p == stats.ks_2samp(old, new).pvalue


def test_the_interval_of_the_distance_holds_the_true_one() -> None:
    true = 2 * stats.norm.cdf(0.25) - 1  # of two normals half a deviation apart
    random = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        found = evaluation.ks_distance(random.normal(size=120), random.normal(0.5, size=200)).distance
        held += found.low <= true <= found.high
    assert held / 400 >= 0.95


def test_rows_show_the_distance_they_are_said_to_show() -> None:
    old = np.arange(400) / 400
    seen = evaluation.ks_distance(old, old).seen_from
    for shift, significant in ((seen + 0.01, True), (seen - 0.01, False)):
        moved = old + math.ceil(shift * 400) / 400 if significant else old + math.floor(shift * 400) / 400
        assert (stats.ks_2samp(old, moved, method="asymp").pvalue < 0.01) == significant


def test_the_difference_of_shares_is_that_of_newcombe() -> None:
    """Newcombe 1998, table II, method 10: 56 of 70 less 48 of 80, and 10 of 10 less 0 of 20."""
    found, p = evaluation.share_difference((48, 80), (56, 70))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert p == stats.fisher_exact([[48, 32], [56, 14]]).pvalue
    whole, _ = evaluation.share_difference((0, 20), (10, 10))
    assert (whole.low, whole.high) == pytest.approx((0.6791, 1.0), abs=5e-5)


def test_a_share_has_exact_bounds() -> None:
    share = evaluation.exact_share(3, 50)
    exact = stats.binomtest(3, 50).proportion_ci(0.95, method="exact")
    assert (share.value, share.low, share.high) == pytest.approx((0.06, exact.low, exact.high), abs=1e-9)
