"""DeLong's areas, variances and differences agree with their definition, with a bootstrap, and cover the truth."""

import math
from dataclasses import replace

import numpy as np
import pytest
from acclimate.evaluation.delong import (
    area_interval,
    auroc_difference_interval,
    auroc_group_interval,
    auroc_interval,
    delong,
    difference_interval,
    grouped_area_interval,
)
from acclimate.evaluation.metrics import auroc
from acclimate.evaluation.paired import ScoredRows, paired
from acclimate.evaluation.proportions import wilson
from scipy.special import expit, logit
from scipy.stats import norm, t
from sklearn.metrics import roc_auc_score


def simulate(rows: int, *, shift: float, seed: int, curves: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """positive [rows], a third of them, and scores [curves, rows] that share what is hard about a row."""
    rng = np.random.default_rng(seed)
    positive = np.arange(rows) % 3 == 0
    shared = rng.normal(size=rows)
    return positive, shift * positive + 0.8 * shared + 0.6 * rng.normal(size=(curves, rows))


def by_definition(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Areas and covariance by equations 4 to 7 of DeLong et al. 1988, pair by pair."""
    above = scores[:, positive][:, :, None] - scores[:, ~positive][:, None, :]
    wins = (above > 0) + 0.5 * (above == 0)
    of_members, of_others = wins.mean(axis=2), wins.mean(axis=1)
    count, rest = positive.sum(), (~positive).sum()
    covariance = np.cov(of_members, ddof=1) / count + np.cov(of_others, ddof=1) / rest
    return wins.mean(axis=(1, 2)), np.atleast_2d(covariance)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_and_covariance_are_those_of_the_definition(ties: bool) -> None:
    positive, scores = simulate(90, shift=1.0, seed=1, curves=3)
    if ties:
        scores = scores.round()
    found = delong(positive, scores)
    values, covariance = by_definition(positive, scores)
    assert found.values == pytest.approx(values)
    assert found.values == pytest.approx([roc_auc_score(positive, each) for each in scores])
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9, atol=1e-15)


def test_the_interval_covers_the_true_area_in_95_of_100_samples() -> None:
    true = float(norm.cdf(1.5 / math.sqrt(2)))
    covered = 0
    for seed in range(1000):
        positive, scores = simulate(120, shift=1.5, seed=seed)
        low, high = area_interval(positive, scores[0])
        covered += low <= true <= high
    assert 0.93 <= covered / 1000 <= 0.97


def test_the_interval_of_a_difference_covers_no_difference_in_95_of_100_samples() -> None:
    covered = 0
    for seed in range(1000):
        _, low, high = difference_interval(*simulate(120, shift=1.0, seed=seed, curves=2))
        covered += low <= 0 <= high
    assert 0.93 <= covered / 1000 <= 0.97


def test_a_comparison_with_one_seed_has_this_interval() -> None:
    positive, scores = simulate(120, shift=1.0, seed=3, curves=2)
    ids, truth = [str(row) for row in range(len(positive))], positive.astype(np.int64)
    runs = {
        name: {0: ScoredRows(ids=ids, truth=truth, groups=None, scores=np.stack([-each, each], axis=1))}
        for name, each in zip(("one", "other"), scores, strict=True)
    }
    found = paired(runs, {"auroc": auroc}, formula=auroc_difference_interval)
    worse = next(iter(found.differences))
    order = [1, 0] if worse == "other" else [0, 1]
    value, low, high = difference_interval(positive, scores[order])
    difference = found.differences[worse]
    assert (difference.value, difference.low, difference.high) == pytest.approx((value, low, high))
    grouped = {name: {0: replace(by_seed[0], groups=ids)} for name, by_seed in runs.items()}
    resampled = paired(grouped, {"auroc": auroc}, formula=auroc_difference_interval).differences[worse]
    assert (resampled.low, resampled.high) != pytest.approx((low, high), rel=1e-6)


def test_a_paired_difference_is_surer_than_one_of_two_samples() -> None:
    positive, scores = simulate(300, shift=1.0, seed=2, curves=2)
    value, low, high = difference_interval(positive, scores)
    found = delong(positive, scores)
    assert value == pytest.approx(found.values[0] - found.values[1])
    apart = 1.96 * math.sqrt(found.covariance[0, 0] + found.covariance[1, 1])
    assert (high - low) / 2 < 0.8 * apart


def test_classes_that_do_not_overlap_leave_room_for_those_not_seen() -> None:
    positive = np.array([True] * 12 + [False] * 40)
    assert area_interval(positive, positive.astype(float)) == pytest.approx(wilson(12, 12))
    assert area_interval(positive, -positive.astype(float)) == pytest.approx(wilson(0, 12))


def test_it_is_for_two_classes_that_both_occur() -> None:
    two, three = np.zeros((6, 2)), np.zeros((6, 3))
    assert auroc_interval(np.array([0, 1, 2, 0, 1, 2]), three) is None
    assert auroc_interval(np.zeros(6, dtype=np.int64), two) is None
    scores = np.array([[0.0, 1], [0, 3], [0, 2], [0, 4], [0, 0], [0, 5]])
    truth = np.array([0, 1, 0, 1, 0, 0])
    assert auroc_interval(truth, scores) == pytest.approx(area_interval(truth == 1, scores[:, 1]))


def test_with_one_row_of_a_class_there_is_no_interval() -> None:
    truth, scores = np.array([1, 0, 0, 0]), np.array([[0.0, 1], [0, 2], [0, 0], [0, 0.5]])
    assert np.isnan(auroc_interval(truth, scores)).all()


def test_the_width_is_students_for_the_rows_of_the_rarer_class() -> None:
    positive, scores = simulate(18, shift=0.5, seed=5)
    found = delong(positive, scores)
    value, spread = found.values[0], math.sqrt(found.covariance[0, 0])
    half = t.ppf(0.975, 6 - 1) * spread / (value * (1 - value))
    assert area_interval(positive, scores[0]) == pytest.approx(expit([logit(value) - half, logit(value) + half]))


def clustered(groups: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """positive and score [10 * groups], and the group of each row; rows of a group share half of what is hard."""
    rng = np.random.default_rng(seed)
    positive, member = rng.random(10 * groups) < 0.3, np.repeat(np.arange(groups), 10)
    noise = math.sqrt(0.5) * (rng.normal(size=10 * groups) + rng.normal(size=groups)[member])
    return positive, 2 * positive + noise, [f"g{each}" for each in member]


def test_the_variance_in_groups_is_obuchowskis() -> None:
    positive, score, groups = clustered(12, seed=3)
    above = (score[positive][:, None] > score[~positive][None, :]).astype(float)
    value, count, rest, names = above.mean(), positive.sum(), (~positive).sum(), sorted(set(groups))
    mine = np.array(groups)
    ten = np.array([(above.mean(axis=1)[mine[positive] == each] - value).sum() for each in names])
    one = np.array([(above.mean(axis=0)[mine[~positive] == each] - value).sum() for each in names])
    # Obuchowski 1997, equations 3 to 6; all groups have rows of both classes here.
    assert all(positive[mine == each].any() and not positive[mine == each].all() for each in names)
    share = len(names) / (len(names) - 1)
    variance = share * (ten @ ten / count**2 + one @ one / rest**2 + 2 * ten @ one / (count * rest))
    half = t.ppf(0.975, 11) * math.sqrt(variance) / (value * (1 - value))
    expected = expit([logit(value) - half, logit(value) + half])
    assert grouped_area_interval(positive, score, groups) == pytest.approx(expected)


def test_fifteen_groups_cover_the_true_area_in_more_than_91_of_100_samples_and_single_rows_do_not() -> None:
    true, grouped, single = float(norm.cdf(2 / math.sqrt(2))), 0, 0
    for seed in range(600):
        positive, score, groups = clustered(15, seed)
        low, high = grouped_area_interval(positive, score, groups)
        grouped += low <= true <= high
        low, high = area_interval(positive, score)
        single += low <= true <= high
    assert single / 600 < 0.9 < 0.91 < grouped / 600 < 0.97


def test_in_groups_classes_that_do_not_overlap_count_each_group_once() -> None:
    positive = np.array([True] * 12 + [False] * 40)
    groups = [str(row // 4) for row in range(52)]
    assert grouped_area_interval(positive, positive.astype(float), groups) == pytest.approx(wilson(3, 3))
    assert np.isnan(grouped_area_interval(positive, np.arange(52.0), ["a"] * 52)).all()
    truth = positive.astype(np.int64)
    assert auroc_group_interval(truth, np.zeros((52, 3)), groups) is None
    assert auroc_group_interval(np.zeros(52, dtype=np.int64), np.zeros((52, 2)), groups) is None
