"""Scores of hypotheses and their evidence against scikit-learn's."""

import numpy as np
import pytest
from acclimate.evaluation import GivenEvidence, TrueEvidence, score_statistics
from acclimate.evaluation.entailment import (
    contradiction_f1,
    entailment_f1,
    first_statistics,
    level_statistics,
    precision_at_80_recall,
    ranking_statistics,
)
from acclimate.evaluation.totals import ratio
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve

Rows = tuple[list[TrueEvidence], list[GivenEvidence]]


def rows(seed: int, pairs: int = 60, *, digits: int = 1) -> Rows:
    """Return pairs with some evidence or none, whose scores are rounded so that some are equal."""
    rng = np.random.default_rng(seed)
    marks = [rng.random(rng.integers(1, 30)) < rng.choice([0, 0.2]) for _ in range(pairs)]
    scores = [np.round(rng.normal(size=len(own)) + own, digits) for own in marks]
    return [TrueEvidence(marks=own) for own in marks], [GivenEvidence(scores=own) for own in scores]


@given(st.integers(0, 10_000))
def test_evidence_map_is_the_mean_of_average_precisions_of_pairs_with_evidence(seed: int) -> None:
    truth, predicted = rows(seed)
    pairs = zip(truth, predicted, strict=True)
    expected = [average_precision_score(true.marks, own.scores) for true, own in pairs if true.marks.any()]
    found = ratio(ranking_statistics(truth, predicted), np.ones(len(truth)))
    assert found == pytest.approx(np.mean(expected)) if expected else np.isnan(found)


@pytest.mark.parametrize("seed", range(20))
def test_precision_at_80_recall_is_that_of_all_passages_of_pairs_with_evidence(seed: int) -> None:
    truth, predicted = rows(seed)
    kept = [row for row, true in enumerate(truth) if true.marks.any()]
    marks = np.concatenate([truth[row].marks for row in kept])
    scores = np.concatenate([predicted[row].scores for row in kept])
    precisions, recalls, _ = precision_recall_curve(marks, scores)
    expected = precisions[np.flatnonzero(recalls >= 0.8)[-1]]
    assert precision_at_80_recall(level_statistics(truth, predicted), np.ones(len(truth))) == pytest.approx(expected)


def test_levels_are_fine_enough_for_scores_that_are_not_rounded() -> None:
    truth, predicted = rows(3, pairs=400, digits=9)
    kept = [row for row, true in enumerate(truth) if true.marks.any()]
    marks = np.concatenate([truth[row].marks for row in kept])
    precisions, recalls, _ = precision_recall_curve(marks, np.concatenate([predicted[row].scores for row in kept]))
    expected = precisions[np.flatnonzero(recalls >= 0.8)[-1]]
    found = precision_at_80_recall(level_statistics(truth, predicted), np.ones(len(truth)))
    assert found == pytest.approx(expected, abs=0.01)


def test_evidence_first_asks_the_best_passage_alone() -> None:
    truth = [TrueEvidence(marks=np.array(own, dtype=bool)) for own in ([1, 0], [0, 1], [0, 0])]
    predicted = [GivenEvidence(scores=np.array([2.0, 1.0]))] * 3
    assert first_statistics(truth, predicted).tolist() == [[1, 1], [0, 1], [0, 0]]


@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_weight_counts_as_so_many_rows(seed: int, times: int) -> None:
    truth, predicted = rows(seed, pairs=8)
    weights = np.random.default_rng(seed).integers(0, times + 1, size=8)
    repeated = [row for row, count in enumerate(weights) for _ in range(count)]
    if not repeated:
        return
    for statistics, score in ((ranking_statistics, ratio), (level_statistics, precision_at_80_recall)):
        found = score(statistics(truth, predicted), weights.astype(float))
        again = statistics([truth[row] for row in repeated], [predicted[row] for row in repeated])
        assert found == pytest.approx(score(again, np.ones(len(repeated))), nan_ok=True)


@given(st.integers(0, 10_000))
def test_f1_of_both_labels_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, 3, size=40), rng.normal(size=(40, 3))
    weights = rng.integers(0, 3, size=40).astype(float)
    for label, function in ((0, entailment_f1), (1, contradiction_f1)):
        given = scores.argmax(axis=1) == label
        expected = f1_score(truth == label, given, sample_weight=weights, zero_division=0)
        if weights @ (truth == label):
            assert function(truth, scores, weights) == pytest.approx(expected)
        else:
            assert np.isnan(function(truth, scores, weights))


def test_evidence_has_an_interval_over_whole_texts() -> None:
    truth, predicted = rows(5)
    groups = [str(row // 3) for row in range(len(truth))]
    counted = {"map": ranking_statistics(truth, predicted)}
    wide = score_statistics(counted, {"map": ratio}, groups=groups)["map"]
    assert wide.low < wide.value < wide.high
