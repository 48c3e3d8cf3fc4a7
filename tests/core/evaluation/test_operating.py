"""Thresholds do what their rule says and no more, against every threshold tried; rates against the definition."""

import itertools

import numpy as np
import pytest
from acclimate.contracts import OptionError, Score
from acclimate.evaluation import (
    Rule,
    at_prevalence,
    cost_per_1000,
    label_thresholds,
    outcomes,
    rates,
    read_rule,
    threshold,
)
from acclimate.evaluation.multilabel import best_thresholds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import precision_score, recall_score

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=30)


def tried(positive: np.ndarray, score: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Every way to cut: (lowest score flagged, sensitivity, specificity, precision)."""
    found = []
    for cut in [*sorted(set(score)), np.inf]:
        flagged = score >= cut
        precision = (positive & flagged).sum() / flagged.sum() if flagged.any() else 0.0
        sensitivity = (positive & flagged).sum() / positive.sum()
        found.append((cut, sensitivity, (~positive & ~flagged).sum() / (~positive).sum(), precision))
    return found


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from([0.3, 0.5, 0.8, 0.95]), st.sampled_from(["sensitivity", "specificity", "precision"]))
def test_of_all_thresholds_that_reach_the_share_the_one_that_costs_least_is_taken(
    rows: list[tuple[bool, int]], target: float, kind: str
) -> None:
    positive = np.array([row[0] for row in rows])
    score = np.array([float(row[1]) for row in rows])
    found = threshold(Rule(kind=kind, target=target), positive, score)  # type: ignore[arg-type]
    if positive.all() or not positive.any():
        assert found is None
        return
    column = {"sensitivity": 1, "specificity": 2, "precision": 3}[kind]
    reaching = [cut for cut in tried(positive, score) if cut[column] >= target]
    if not reaching:
        assert found is None
        return
    assert found is not None
    # Of those the highest for sensitivity: fewest false alarms. Else the lowest: most positive rows found.
    best = max(reaching)[0] if kind == "sensitivity" else min(reaching)[0]
    np.testing.assert_array_equal(score >= found, score >= best)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from([0.5, 3.0, 20.0]), st.sampled_from([None, 0.01, 0.4]))
def test_the_threshold_of_a_cost_is_the_cheapest(
    rows: list[tuple[bool, int]], ratio: float, prevalence: float | None
) -> None:
    positive = np.array([row[0] for row in rows])
    score = np.array([float(row[1]) for row in rows])
    if positive.all() or not positive.any():
        return
    share = positive.mean() if prevalence is None else prevalence

    def cost(sensitivity: float, specificity: float) -> float:
        return float(ratio * share * (1 - sensitivity) + (1 - share) * (1 - specificity))

    found = threshold(Rule(kind="cost", target=ratio), positive, score, prevalence=prevalence)
    flagged = score >= found
    ours = cost((positive & flagged).sum() / positive.sum(), (~positive & ~flagged).sum() / (~positive).sum())
    assert ours == pytest.approx(min(cost(cut[1], cut[2]) for cut in tried(positive, score)))


def test_thresholds_lie_between_scores() -> None:
    positive, score = np.array([True, True, False, False]), np.array([4.0, 2.0, 1.0, 0.0])
    assert threshold(Rule(kind="sensitivity", target=0.9), positive, score) == 1.5
    assert threshold(Rule(kind="sensitivity", target=0.5), positive, score) == 3.0
    assert threshold(Rule(kind="specificity", target=0.4), positive, score) == 0.5


def test_rates_are_those_of_scikit_learn_with_exact_intervals() -> None:
    rng = np.random.default_rng(1)
    positive, flagged = rng.random(80) < 0.3, rng.random(80) < 0.4
    found = rates(positive, flagged)
    assert found["sensitivity"].value == pytest.approx(recall_score(positive, flagged))
    assert found["specificity"].value == pytest.approx(recall_score(~positive, ~flagged))
    assert found["ppv"].value == pytest.approx(precision_score(positive, flagged))
    assert found["npv"].value == pytest.approx(precision_score(~positive, ~flagged))
    assert found["flagged"].value == pytest.approx(flagged.mean())
    cells = outcomes(positive, flagged)
    exact = binomtest(cells["tp"], cells["tp"] + cells["fn"]).proportion_ci(method="exact")
    assert (found["sensitivity"].low, found["sensitivity"].high) == pytest.approx((exact.low, exact.high))
    assert sum(cells.values()) == 80


def test_rates_of_groups_are_less_certain_than_those_of_rows() -> None:
    rng = np.random.default_rng(2)
    member = np.repeat(np.arange(20), 10)
    skill = rng.choice([0.05, 0.95], size=20)
    positive = np.arange(200) % 2 == 0
    flagged = np.where(rng.random(200) < skill[member], positive, ~positive)
    alone, grouped = rates(positive, flagged), rates(positive, flagged, groups=[f"p{each}" for each in member])
    width = {name: score.high - score.low for name, score in alone.items()}
    assert grouped["sensitivity"].value == alone["sensitivity"].value
    assert grouped["sensitivity"].high - grouped["sensitivity"].low > 1.2 * width["sensitivity"]


def test_a_rate_of_no_rows_is_unknown() -> None:
    found = rates(np.array([True, False]), np.array([False, False]))
    assert np.isnan(found["ppv"].value)
    assert found["npv"].value == 0.5


def test_values_at_a_prevalence_are_those_of_counting_a_population() -> None:
    """A test of 90 % sensitivity and 95 % specificity on 1,000 people of whom 20 are ill: 18 of 67, 931 of 933."""
    sure = Score(value=0.9, low=0.8, high=0.95), Score(value=0.95, low=0.9, high=0.97)
    found = at_prevalence(*sure, 0.02)
    assert found["ppv"].value == pytest.approx(18 / 67)
    assert found["npv"].value == pytest.approx(931 / 933)
    assert found["ppv"].low == pytest.approx(16 / (16 + 98))
    assert found["npv"].high == pytest.approx(0.97 * 980 / (0.97 * 980 + 1))
    cost = cost_per_1000(Rule(kind="cost", target=10), *sure, 0.02)
    assert cost.value == pytest.approx(2 * 10 + 49)
    assert (cost.low, cost.high) == pytest.approx((1 * 10 + 29.4, 4 * 10 + 98))


def test_intervals_at_a_prevalence_cover_at_least_at_their_level() -> None:
    """Sensitivity 0.85 on 40 positive rows, specificity 0.9 on 160 negative ones, in use 5 % positive."""
    rng = np.random.default_rng(3)
    true_ppv = 0.85 * 0.05 / (0.85 * 0.05 + 0.1 * 0.95)
    positive = np.arange(200) < 40
    covered = 0
    for _ in range(400):
        flagged = np.where(positive, rng.random(200) < 0.85, rng.random(200) < 0.1)
        wide = rates(positive, flagged, level=0.975)
        found = at_prevalence(wide["sensitivity"], wide["specificity"], 0.05)["ppv"]
        covered += found.low <= true_ppv <= found.high
    assert covered / 400 >= 0.95


def test_labels_of_rows_with_several_have_each_their_threshold() -> None:
    rng = np.random.default_rng(4)
    truth = (rng.random((60, 3)) < (0.5, 0.2, 0.0)).astype(np.int8)
    scores = truth + rng.normal(size=(60, 3))
    np.testing.assert_array_equal(label_thresholds(truth, scores, None), best_thresholds(truth, scores))
    found = label_thresholds(truth, scores, Rule(kind="sensitivity", target=0.9))
    for k in range(2):
        assert recall_score(truth[:, k], scores[:, k] >= found[k]) >= 0.9
    assert found[2] == 0.0


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("sensitivity=0.95", "sensitivity", 0.95),
        ("precision=.8", "precision", 0.8),
        ("cost=10:1", "cost", 10),
        ("cost=3:2", "cost", 1.5),
        ("cost=5", "cost", 5),
    ],
)
def test_rules_are_read(text: str, kind: str, target: float) -> None:
    assert read_rule(text) == Rule(kind=kind, target=target)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "sensitivity", "sensitivity=", "sensitivity=1", "specificity=95", "recall=0.9", "cost=0:1", "cost=-1:2"]
    + [f"{kind}={value}" for kind, value in itertools.product(("sensitivity", "cost"), ("nan", "inf", "1:2:3", "x"))]
    + ["precision=1:2", "cost=1:0"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(OptionError, match=r"sensitivity=0\.95.*cost=10:1"):
        read_rule(text)
