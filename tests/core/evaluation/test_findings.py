"""Findings say plainly what the numbers mean."""

import math

import numpy as np
import pytest
from acclimate.contracts import Score
from acclimate.evaluation import compare, constant_predictions, sample_size


def scored(value, spread=0.02):
    return Score(value=value, low=value - spread, high=value + spread)


MODEL = {"accuracy": scored(0.80), "macro_f1": scored(0.70), "auroc": scored(0.90)}


@pytest.mark.parametrize(
    ("baseline", "level"),
    [
        ({"accuracy": scored(0.79), "macro_f1": scored(0.69)}, None),
        ({"accuracy": scored(0.80), "macro_f1": scored(0.70)}, None),
        ({"accuracy": scored(0.79), "auroc": scored(0.99)}, None),
        ({"accuracy": scored(0.81), "macro_f1": scored(0.60)}, "warning"),
        ({"accuracy": scored(0.60), "macro_f1": scored(0.71)}, "warning"),
        ({"accuracy": scored(0.83)}, "warning"),
        ({"accuracy": scored(0.85)}, "problem"),
        ({"accuracy": scored(0.81), "macro_f1": scored(0.75)}, "problem"),
        ({"accuracy": Score(value=0.95, low=math.nan, high=math.nan)}, "warning"),
        ({"accuracy": Score(value=math.nan, low=math.nan, high=math.nan)}, None),
    ],
)
def test_a_baseline_that_wins_is_reported_as_gravely_as_the_intervals_allow(baseline, level):
    findings = compare(MODEL, {"tfidf_svm": baseline})
    assert [finding.level for finding in findings] == ([level] if level else [])
    assert all(finding.code == "baseline-wins" for finding in findings)


def test_overlapping_intervals_are_said_to_settle_nothing():
    (finding,) = compare(MODEL, {"tfidf_svm": {"accuracy": scored(0.81), "macro_f1": scored(0.6)}})
    assert finding.message == (
        "The baseline tfidf_svm beats this model: accuracy 0.810 [0.790, 0.830] against 0.800 [0.780, 0.820], "
        "but the intervals overlap, so this test set cannot tell them apart."
    )


def test_intervals_that_lie_apart_prefer_the_baseline():
    (finding,) = compare(MODEL, {"frozen_linear": {"accuracy": scored(0.81), "macro_f1": scored(0.75)}})
    assert "accuracy 0.810" in finding.message
    assert "macro_f1 0.750 [0.730, 0.770] against 0.700 [0.680, 0.720]" in finding.message
    assert finding.message.endswith("The intervals of macro_f1 lie apart: prefer the baseline.")


def test_an_interval_that_is_missing_is_not_called_an_overlap():
    (finding,) = compare(MODEL, {"tfidf_svm": {"accuracy": Score(value=0.9, low=math.nan, high=math.nan)}})
    assert "overlap" not in finding.message
    assert "without an interval on each" in finding.message


def test_each_baseline_that_wins_has_one_finding_of_its_own():
    winner = {"accuracy": scored(0.9), "macro_f1": scored(0.9)}
    loser = {"accuracy": scored(0.5), "macro_f1": scored(0.2)}
    findings = compare(MODEL, {"majority_class": loser, "tfidf_svm": winner, "frozen_linear": winner})
    assert [finding.message.split()[2] for finding in findings] == ["tfidf_svm", "frozen_linear"]


@pytest.mark.parametrize(("value", "wins"), [(3.0, True), (5.0, False), (7.0, False)])
def test_without_accuracy_and_macro_f1_any_metric_decides_in_its_own_direction(value, wins):
    directions = {"auroc": "higher", "cost": "lower"}
    model, baseline = {"auroc": scored(0.9), "cost": scored(5.0)}, {"auroc": scored(0.8), "cost": scored(value)}
    findings = compare(model, {"tfidf_svm": baseline}, better=directions)
    assert bool(findings) == wins
    assert all(finding.level == "problem" and "cost 3.000" in finding.message for finding in findings)


def test_naming_directions_does_not_let_other_metrics_decide():
    baseline = {"accuracy": scored(0.7), "macro_f1": scored(0.6), "auroc": scored(0.99)}
    assert compare(MODEL, {"tfidf_svm": baseline}, better=dict.fromkeys(MODEL, "higher")) == ()


@pytest.mark.parametrize(
    ("counts", "codes"),
    [
        ((15, 15), []),
        ((10, 20), []),
        ((9, 21), ["small-classes"]),
        ((14, 15), ["small-test-set"]),
        ((20, 5), ["small-test-set", "small-classes"]),
        ((40, 0), ["small-classes"]),
    ],
)
def test_a_test_set_that_is_too_small_is_reported(counts, codes):
    findings = sample_size(np.repeat([0, 1], counts), ["lend", "sell"])
    assert [finding.code for finding in findings] == codes
    levels = {"small-test-set": "problem", "small-classes": "warning"}
    assert all(finding.level == levels[finding.code] for finding in findings)


def test_small_classes_are_named_with_their_rows_from_the_smallest_up():
    (finding,) = sample_size(np.repeat([0, 1, 2, 3], [9, 50, 0, 3]), ["lend", "sell", "insure", "lease"])
    assert "fewer than 10 test rows: insure (0), lease (3), lend (9)." in finding.message


def test_a_long_list_of_small_classes_is_cut():
    (finding,) = sample_size(np.arange(77).repeat(2), [f"intent{index}" for index in range(77)])
    assert "intent9 (2) and 67 more." in finding.message
    assert "intent10" not in finding.message


def test_too_few_rows_claim_nothing():
    finding = sample_size(np.array([0] * 29), ["lend"])[0]
    assert "29 rows, too few to claim anything" in finding.message


CONSTANT = np.array([[0.1, 0.9], [0.2, 0.3], [-5.0, 5.0]])


def test_a_model_that_always_answers_the_same_has_learned_nothing():
    (finding,) = constant_predictions(CONSTANT, ["lend", "sell"], truth=np.array([0, 1, 1]))
    assert finding.code == "constant-predictions"
    assert finding.level == "problem"
    assert "All 3 test rows are predicted as 'sell'" in finding.message
    assert constant_predictions(CONSTANT, ["lend", "sell"]) == (finding,)


@pytest.mark.parametrize(
    ("scores", "truth"),
    [
        (np.array([[0.1, 0.9], [0.9, 0.1]]), [0, 1]),
        (CONSTANT, [1, 1, 1]),
        (CONSTANT[:1], [1]),
    ],
    ids=["varied answers", "one class in the truth", "one row"],
)
def test_answers_that_may_well_be_right_are_left_alone(scores, truth):
    assert constant_predictions(scores, ["lend", "sell"], truth=np.array(truth)) == ()
