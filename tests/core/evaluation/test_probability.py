"""Scores of probabilities agree with scikit-learn, with simulations and with worked numbers."""

import math

import numpy as np
import pytest
from acclimate.evaluation.probability import BINS, brier, ece, log_loss
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

Evaluation = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def evaluations(draw) -> Evaluation:
    """truth [rows], log-probabilities [rows, classes], weights [rows] of which some are zero."""
    classes, rows = draw(st.integers(2, 5)), draw(st.integers(2, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scores = np.log(rng.dirichlet(np.ones(classes), size=rows))
    weights = rng.choice([0.0, 1.0, 2.0], size=rows)
    weights[0] = 1.0
    return rng.integers(classes, size=rows), scores, weights


@given(evaluations())
def test_log_loss_agrees_with_scikit_learn(evaluation: Evaluation) -> None:
    truth, scores, weights = evaluation
    classes = range(scores.shape[1])
    expected = sklearn_log_loss(truth, np.exp(scores), sample_weight=weights, labels=list(classes))
    assert log_loss(*evaluation) == pytest.approx(expected, abs=1e-9)


@given(evaluations())
def test_brier_agrees_with_scikit_learn(evaluation: Evaluation) -> None:
    truth, scores, weights = evaluation
    classes = scores.shape[1]
    given_to = np.exp(scores)[:, 1] if classes == 2 else np.exp(scores)
    expected = brier_score_loss(truth, given_to, sample_weight=weights, labels=list(range(classes)))
    assert brier(*evaluation) == pytest.approx(expected, abs=1e-9)


def two_classes(confidence: np.ndarray, right: np.ndarray) -> Evaluation:
    """Rows whose predicted class has a probability, and whether it is the true one."""
    scores = np.log(np.stack([confidence, 1 - confidence], axis=1))
    return np.where(right, 0, 1), scores, np.ones(len(right))


def simulated(rows: int, *, sure: float, seed: int) -> Evaluation:
    """Rows that are right as often as they say, or `sure` less."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.6, 0.99, rows)
    return two_classes(confidence, rng.random(rows) < confidence - sure)


def plain_ece(evaluation: Evaluation) -> float:
    """The mean distance of confidence from accuracy over bins of equally many rows."""
    truth, scores, _ = evaluation
    confidence = np.exp(scores.max(axis=1))
    bins = np.array_split(confidence.argsort(kind="stable"), BINS)
    right = scores.argmax(axis=1) == truth
    return sum(len(rows) * abs(confidence[rows].mean() - right[rows].mean()) for rows in bins) / len(truth)


def test_a_perfectly_calibrated_model_has_less_of_an_error_than_the_plain_estimate_gives() -> None:
    found = [simulated(600, sure=0.0, seed=seed) for seed in range(200)]
    plain = np.mean([plain_ece(each) for each in found])
    assert plain > 0.04
    assert np.mean([ece(*each) for each in found]) < 0.7 * plain


def test_a_model_that_is_too_sure_has_the_error_that_it_was_given() -> None:
    assert np.mean([ece(*simulated(3000, sure=0.1, seed=seed)) for seed in range(50)]) == pytest.approx(0.1, abs=0.01)


def test_what_is_taken_off_is_what_resampling_the_accuracy_of_each_bin_adds() -> None:
    evaluation = simulated(300, sure=0.05, seed=3)
    truth, scores, _ = evaluation
    confidence, right = np.exp(scores.max(axis=1)), scores.argmax(axis=1) == truth
    bins = np.array_split(confidence.argsort(kind="stable"), BINS)
    sure, hit = (np.array([values[rows].mean() for rows in bins]) for values in (confidence, right))
    noise = np.random.default_rng(0).normal(size=(200_000, BINS)) * np.sqrt(hit * (1 - hit) / 20)
    resampled = np.abs(sure - (hit + noise)).mean()
    plain = np.abs(sure - hit).mean()
    assert plain == pytest.approx(plain_ece(evaluation))
    assert ece(*evaluation) == pytest.approx(2 * plain - resampled, abs=1e-3)


def test_bins_worked_by_hand() -> None:
    """Fifteen rows, one in each bin: each is right or wrong for sure, so that chance adds nothing."""
    confidence = np.linspace(0.6, 0.88, BINS)
    right = np.arange(BINS) % 3 > 0
    expected = np.abs(confidence - right).mean()
    assert ece(*two_classes(confidence, right)) == pytest.approx(expected)


@pytest.mark.parametrize("metric", [log_loss, brier, ece])
def test_decision_values_are_no_probabilities(metric) -> None:
    scores = np.array([[1.5, -1.5], [-1e6, 0.3], [-0.2, -0.4]])
    assert math.isnan(metric(np.array([0, 1, 1]), scores, np.ones(3)))


@given(evaluations())
def test_integer_weights_count_like_repeated_rows(evaluation: Evaluation) -> None:
    truth, scores, weights = evaluation
    counts = weights.astype(int)
    for metric in (log_loss, brier):
        repeated = metric(truth.repeat(counts), scores.repeat(counts, axis=0), np.ones(counts.sum()))
        assert metric(*evaluation) == pytest.approx(repeated, abs=1e-9)
