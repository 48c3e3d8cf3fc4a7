"""Scores of rankings are those of scikit-learn and of a plain count."""

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation.retrieval import (
    mrr_statistics,
    ndcg_at_10,
    ndcg_statistics,
    recall_at_10,
    recall_statistics,
)
from acclimate.evaluation.totals import ratio
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score


def queries(seed: int, *, rows: int = 12, documents: int = 9) -> tuple[np.ndarray, np.ndarray, list, list]:
    """Grades and scores [rows, documents], and the same as rows of grades and rankings."""
    rng = np.random.default_rng(seed)
    grades = rng.choice([0, 0, 0, 1, 2, 3], size=(rows, documents))
    grades[0] = 0
    scores = rng.permuted(np.tile(np.arange(documents), (rows, 1)), axis=1)
    truth = [{f"d{k}": float(grade) for k, grade in enumerate(row)} for row in grades]
    return grades, scores, truth, [[f"d{k}" for k in (-row).argsort()] for row in scores]


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_ndcg_is_that_of_scikit_learn(seed: int, k: int) -> None:
    grades, scores, truth, ranked = queries(seed)
    found = ndcg_statistics(truth, ranked, k=k)
    for row, (score, counts) in enumerate(found):
        if grades[row].any():
            assert (score, counts) == (pytest.approx(ndcg_score([grades[row]], [scores[row]], k=k), abs=1e-12), 1)
        else:
            assert (score, counts) == (0, 0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_recall_and_reciprocal_rank_are_those_of_a_plain_count(seed: int, k: int) -> None:
    grades, scores, truth, ranked = queries(seed)
    places = (scores[:, None, :] >= scores[:, :, None]).sum(axis=2)  # 1 for the highest score of a row
    right = grades > 0
    answered = right.any(axis=1)
    recall = ((places <= k) & right).sum(axis=1)[answered] / right.sum(axis=1)[answered]
    first = np.where(right, places, 10**9).min(axis=1)[answered]
    ones = np.ones(len(truth))
    assert ratio(recall_statistics(truth, ranked, k=k), ones) == pytest.approx(recall.mean(), abs=1e-12)
    assert ratio(mrr_statistics(truth, ranked), ones) == pytest.approx((1 / first).mean(), abs=1e-12)


def test_an_example_worked_by_hand() -> None:
    """Grades 3, 2, 3, 0, 1, 2 in the order they are ranked: DCG 6.861, best DCG 7.141 of 3, 3, 2, 2, 1, 0."""
    grades = {"a": 3, "b": 2, "c": 3, "d": 0, "e": 1, "f": 2}
    assert ndcg_at_10([grades], ["abcdef"])[0, 0] == pytest.approx(0.9608, abs=5e-5)
    assert recall_statistics([grades], ["dabcef"], k=3)[0, 0] == pytest.approx(2 / 5)
    assert mrr_statistics([grades], ["dabcef"])[0, 0] == 1 / 2


def test_a_short_ranking_finds_what_it_has_and_no_query_without_answers_counts() -> None:
    truth, ranked = [{"a": 1, "b": 1}, {}, {"c": 0}], [["b"], ["a"], []]
    assert recall_at_10(truth, ranked).tolist() == [[0.5, 1], [0, 0], [0, 0]]
    assert mrr_statistics(truth, [[], [], []]).tolist() == [[0, 1], [0, 0], [0, 0]]
    assert np.isnan(ratio(recall_at_10(truth, ranked), np.array([0.0, 1.0, 1.0])))


@pytest.mark.parametrize(
    ("truth", "ranked", "k", "message"),
    [
        ([{"a": 1}], [], 3, "found 1 rows and 0 predictions"),
        ([{"a": 1}], [["a", "b", "a"]], 3, "found one twice in row 0"),
        ([{}, {"a": -1}], [[], []], 3, "found -1 for 'a' in row 1"),
        ([{"a": float("nan")}], [[]], 3, "found nan for 'a' in row 0"),
        ([{"a": 1}], [["a"]], 0, "Expected k of 1 or more, found 0"),
    ],
)
def test_rankings_that_cannot_be_scored_are_named(truth, ranked, k: int, message: str) -> None:
    for statistics in (recall_statistics, ndcg_statistics):
        with pytest.raises(DataError, match=message):
            statistics(truth, ranked, k=k)
