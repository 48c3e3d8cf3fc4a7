"""Intervals agree with a plain bootstrap, cover the truth, and respect groups."""

import math
import time

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import accuracy, auroc, macro_f1, mcc, score
from acclimate.evaluation.intervals import interval
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, roc_auc_score

METRICS = {"accuracy": accuracy, "macro_f1": macro_f1, "mcc": mcc, "auroc": auroc}


def simulate(rows, classes, *, seed=0, signal=1.5):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    scores = rng.normal(size=(rows, classes))
    scores[np.arange(rows), truth] += signal
    return truth, scores


def plain_bootstrap(truth, scores, resamples):
    """Rows drawn again, every metric by scikit-learn: [resamples, metrics]."""
    rng = np.random.default_rng(12345)
    draws = []
    for _ in range(resamples):
        rows = rng.choice(len(truth), size=len(truth))
        true, predicted = truth[rows], scores[rows].argmax(axis=1)
        draws.append(
            [
                accuracy_score(true, predicted),
                f1_score(true, predicted, average="macro"),
                matthews_corrcoef(true, predicted),
                roc_auc_score(true, scores[rows, 1] - scores[rows, 0]),
            ]
        )
    return np.array(draws)


def test_intervals_agree_with_a_plain_bootstrap_by_scikit_learn():
    truth, scores = simulate(150, 2)
    found = score(truth, scores, METRICS, resamples=2000)
    low, high = np.percentile(plain_bootstrap(truth, scores, 600), [2.5, 97.5], axis=0)
    widths = high - low
    for name, one_low, one_high, width in zip(METRICS, low, high, widths, strict=True):
        assert found[name].value == METRICS[name](truth, scores, np.ones(150))
        # Both ends carry the noise of 600 resamples: about a twentieth of the width.
        assert found[name].low == pytest.approx(one_low, abs=0.15 * width)
        assert found[name].high == pytest.approx(one_high, abs=0.15 * width)


def test_the_accuracy_interval_has_the_width_that_the_binomial_law_gives():
    truth = np.zeros(1000, dtype=np.int64)
    scores = np.zeros((1000, 2))
    scores[:200, 1] = 1.0  # 800 of 1,000 right
    found = score(truth, scores, {"accuracy": accuracy}, resamples=4000)["accuracy"]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 1000)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.003)
    assert found.high == pytest.approx(0.8 + half, abs=0.003)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    truth, scores = simulate(60, 3)
    first = score(truth, scores, METRICS, seed=7, resamples=200)
    assert score(truth, scores, METRICS, seed=7, resamples=200) == first
    assert score(truth, scores, METRICS, seed=8, resamples=200) != first


def test_an_interval_does_not_depend_on_which_other_metrics_are_asked_for():
    truth, scores = simulate(60, 3)
    together = score(truth, scores, METRICS, resamples=200)
    alone = score(truth, scores, {"auroc": auroc}, resamples=200)
    assert alone["auroc"] == together["auroc"]


def class_totals(truth: np.ndarray, resamples: int) -> np.ndarray:
    """How many rows of each class the resamples have: [resamples, classes]."""
    seen = []

    def remember(truth, scores, weights):
        seen.append(np.bincount(truth, weights))
        return 1.0

    score(truth, np.zeros((len(truth), truth.max() + 1)), {"remember": remember}, resamples=resamples)
    assert (seen[0] == np.bincount(truth)).all()
    return np.array(seen[1:])


def test_every_class_stays_in_every_resample():
    totals = class_totals(np.array([0] * 30 + [1]), 300)
    assert totals.min() == 1
    # A single row is not drawn in 36 of 100 resamples; then it is added to the others.
    assert set(totals.sum(axis=1)) == {31.0, 32.0}
    assert (totals.sum(axis=1) == 32).mean() == pytest.approx((30 / 31) ** 31, abs=0.1)


def test_the_mix_of_classes_varies_as_in_new_rows():
    totals = class_totals(np.repeat([0, 1, 2], [50, 30, 20]), 3000)
    assert (totals.sum(axis=1) == 100).all()
    expected = 100 * (np.diag([0.5, 0.3, 0.2]) - np.outer([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]))
    np.testing.assert_allclose(np.cov(totals.T), expected, atol=2)
    assert totals.mean(axis=0) == pytest.approx([50, 30, 20], abs=0.5)


def test_rows_of_a_class_are_drawn_alike():
    seen = np.zeros(12)

    def remember(truth, scores, weights):
        nonlocal seen
        seen = seen + weights
        return 1.0

    score(np.arange(12) % 3, np.zeros((12, 3)), {"remember": remember}, resamples=4000)
    assert seen / 4000 == pytest.approx(np.ones(12), abs=0.06)


@pytest.mark.parametrize("units", [2, 5, 12, 40, 1000])
def test_the_bounds_are_those_of_student_for_few_rows_or_groups(units):
    """A mean of normal draws: the interval is that of the t-test, whose variance is over units - 1."""
    draws = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    found = interval(0.0, (draws * math.sqrt((units - 1) / units)).tolist(), units)
    if units > 2:  # of two, Student's bounds lie beyond all resamples
        assert found.high == pytest.approx(student.ppf(0.975, units - 1), rel=2e-3)
    assert found.low == pytest.approx(-found.high)
    assert found.high > 1.95


def test_rows_of_a_group_are_drawn_together():
    truth, scores = simulate(40, 2)
    groups = [f"patient {row // 4}" for row in range(40)]
    seen = []

    def remember(truth, scores, weights):
        seen.append(weights.reshape(10, 4))
        return 1.0

    score(truth, scores, {"remember": remember}, groups=groups, resamples=100)
    assert all((drawn == drawn[:, :1]).all() and drawn[:, 0].sum() == 10 for drawn in seen)
    assert len({tuple(drawn[:, 0]) for drawn in seen}) > 90


def test_repeating_each_row_within_its_group_makes_nothing_more_certain():
    truth, scores = simulate(80, 2)
    one = score(truth, scores, METRICS, groups=[str(row) for row in range(80)])
    names = [str(row) for row in range(80) for _ in range(5)]
    repeated = truth.repeat(5), scores.repeat(5, axis=0)
    grouped = score(*repeated, METRICS, groups=names)
    ungrouped = score(*repeated, METRICS)
    for name in METRICS:
        assert grouped[name].low == pytest.approx(one[name].low, abs=1e-12)
        assert grouped[name].high == pytest.approx(one[name].high, abs=1e-12)
        width = ungrouped[name].high - ungrouped[name].low
        assert width < 0.7 * (grouped[name].high - grouped[name].low)


@pytest.mark.parametrize("right", [0, 1, 15, 29, 30])
def test_the_bounds_contain_the_value(right):
    truth, scores = np.zeros(30, dtype=np.int64), np.zeros((30, 2))
    truth[::2] = 1
    scores[np.arange(30), np.where(np.arange(30) < right, truth, 1 - truth)] = 1.0
    for found in score(truth, scores, METRICS, resamples=200).values():
        assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("whole", "resampled"), [(1.0, 0.0), (0.0, 1.0)])
def test_a_biased_metric_never_has_its_value_out_of_its_bounds(whole, resampled):
    def biased(truth, scores, weights):
        return whole if (weights == 1).all() else resampled

    truth, scores = simulate(50, 2)
    found = score(truth, scores, {"biased": biased}, resamples=50)["biased"]
    assert (found.low, found.value, found.high) == (0.0, whole, 1.0)


def test_resamples_that_lost_a_class_are_left_out():
    # Ten groups, one of which holds all positives: about 0.35 of the resamples lack it.
    truth = np.array([1, 1] + [0] * 18)
    scores = np.random.default_rng(0).normal(size=(20, 2))
    found = score(truth, scores, METRICS, groups=[str(row // 2) for row in range(20)])["auroc"]
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("finite_in", [3, 5])
def test_bounds_are_unknown_when_most_resamples_are_not_finite(finite_in):
    calls = []

    def sometimes(truth, scores, weights):
        calls.append(1)
        return 0.5 if len(calls) % 10 in range(1, finite_in + 1) else math.nan

    truth, scores = simulate(20, 2)
    found = score(truth, scores, {"sometimes": sometimes}, resamples=100)["sometimes"]
    assert found.value == 0.5
    assert math.isnan(found.low) == math.isnan(found.high) == (finite_in == 3)


def test_one_class_has_no_auroc_but_has_an_accuracy():
    truth, scores = np.zeros(20, dtype=np.int64), simulate(20, 2)[1]
    found = score(truth, scores, METRICS, resamples=50)
    assert all(math.isnan(part) for part in (found["auroc"].value, found["auroc"].low, found["auroc"].high))
    assert math.isfinite(found["accuracy"].low)


def test_a_single_group_gives_no_interval():
    truth, scores = simulate(20, 2)
    found = score(truth, scores, METRICS, groups=["only"] * 20)["accuracy"]
    assert math.isfinite(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(
    ("truth", "scores", "groups", "message"),
    [
        ([], np.zeros((0, 2)), None, r"at least one row, found \[0\] and \[0, 2\]"),
        ([0, 1], np.zeros((3, 2)), None, r"found \[2\] and \[3, 2\]"),
        ([0, 1], np.zeros(2), None, r"found \[2\] and \[2\]"),
        ([0, 2], np.zeros((2, 2)), None, "from 0 to 1, found 0 to 2"),
        ([-1, 1], np.zeros((2, 2)), None, "from 0 to 1, found -1 to 1"),
        ([0, 1], np.zeros((2, 2)), ["a"], "each of 2 rows, found 1"),
        ([0, 1], np.array([[0, 1], [math.nan, 0]]), None, "1 of 2 rows"),
    ],
)
def test_rows_that_cannot_be_scored_are_named(truth, scores, groups, message):
    with pytest.raises(DataError, match=message):
        score(np.array(truth, dtype=np.int64), scores, METRICS, groups=groups)


def test_four_metrics_on_656_rows_take_under_two_seconds():
    truth, scores = simulate(656, 2)
    started = time.process_time()
    score(truth, scores, METRICS)
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_four_metrics_on_3080_rows_of_77_classes_take_under_a_minute():
    truth, scores = simulate(3080, 77)
    started = time.process_time()
    score(truth, scores, METRICS)
    assert time.process_time() - started < 60


@pytest.mark.slow
def test_the_interval_covers_the_true_accuracy_as_often_as_it_says():
    rng = np.random.default_rng(2)
    truth = np.arange(150) % 3
    covered = 0
    for seed in range(200):
        predicted = np.where(rng.random(150) < 0.8, truth, (truth + 1) % 3)
        found = score(truth, np.eye(3)[predicted], {"accuracy": accuracy}, seed=seed)["accuracy"]
        covered += found.low <= 0.8 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


@pytest.mark.slow
def test_with_dependent_rows_only_the_grouped_interval_covers():
    rng = np.random.default_rng(3)
    truth, groups = np.zeros(300, dtype=np.int64), [str(row // 10) for row in range(300)]
    covered = {"grouped": 0, "ungrouped": 0}
    for seed in range(200):
        wrong = (rng.random(30) < 0.3).repeat(10)  # all rows of a group are right, or none
        scores = np.eye(2)[wrong.astype(int)]
        for name, given in (("grouped", groups), ("ungrouped", None)):
            found = score(truth, scores, {"accuracy": accuracy}, groups=given, seed=seed, resamples=400)
            covered[name] += found["accuracy"].low <= 0.7 <= found["accuracy"].high
    assert covered["grouped"] / 200 >= 0.88
    assert covered["ungrouped"] / 200 < 0.7
