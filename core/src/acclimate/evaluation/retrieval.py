"""Scores of a search: how high the right documents stand in the ranking of each query.

The truth of a row (a query) maps the documents that answer it to how well they do: a grade above 0, 1 where there is
only right and wrong; documents that it does not name have grade 0. The prediction is the ranking, best first, each
document once; it may be shorter than the collection. Statistics are [rows, 2]: the score of the query, and 1. Queries
that no document answers have no score: both are 0 there and the query does not count.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import check_rows, table

Grades = Sequence[Mapping[Any, float]]
Rankings = Sequence[Sequence[Hashable]]


def recall_statistics(truth: Grades, predicted: Rankings, *, k: int) -> Floats:
    """Return for each query the share of its right documents that stand among the first `k`, in [0, 1].

    Raises:
        DataError: when rows disagree in number, `k` is below 1, a ranking repeats a document or a grade is no number
            from 0 on.
    """
    rows = _checked(truth, predicted, k)
    return _of_answered(
        [(len(right.keys() & set(ranked[:k])) / len(right) if right else None) for right, ranked in rows]
    )


def mrr_statistics(truth: Grades, predicted: Rankings) -> Floats:
    """Return for each query 1 / the place of the first right document, 0 where the ranking has none.

    The mean over queries is the mean reciprocal rank (Voorhees 1999, "The TREC-8 question answering track report").

    Raises:
        DataError: as `recall_statistics`.
    """
    rows = _checked(truth, predicted, 1)
    return _of_answered([_reciprocal(right, ranked) if right else None for right, ranked in rows])


def ndcg_statistics(truth: Grades, predicted: Rankings, *, k: int) -> Floats:
    """Return for each query the discounted gain of its first `k` documents over that of the best ranking, in [0, 1].

    The gain of a document is its grade, divided by log2(1 + place) (Järvelin and Kekäläinen 2002, "Cumulated
    gain-based evaluation of IR techniques"), with the discount of trec_eval and scikit-learn, from the second place.

    Raises:
        DataError: as `recall_statistics`.
    """
    rows = _checked(truth, predicted, k)
    return _of_answered([_gain_share(right, ranked, k) if right else None for right, ranked in rows])


def recall_at_1(truth: Grades, predicted: Rankings) -> Floats:
    """Return `recall_statistics` of the first alone."""
    return recall_statistics(truth, predicted, k=1)


def recall_at_5(truth: Grades, predicted: Rankings) -> Floats:
    """Return `recall_statistics` of the first five."""
    return recall_statistics(truth, predicted, k=5)


def recall_at_10(truth: Grades, predicted: Rankings) -> Floats:
    """Return `recall_statistics` of the first ten."""
    return recall_statistics(truth, predicted, k=10)


def ndcg_at_10(truth: Grades, predicted: Rankings) -> Floats:
    """Return `ndcg_statistics` of the first ten."""
    return ndcg_statistics(truth, predicted, k=10)


def _reciprocal(right: Mapping[Hashable, float], ranked: Sequence[Hashable]) -> float:
    return next((1 / place for place, document in enumerate(ranked, 1) if document in right), 0.0)


def _gain_share(right: Mapping[Hashable, float], ranked: Sequence[Hashable], k: int) -> float:
    best = sorted(right.values(), reverse=True)[:k]
    return _gain([right.get(document, 0.0) for document in ranked[:k]]) / _gain(best)


def _gain(grades: Sequence[float]) -> float:
    return math.fsum(grade / math.log2(1 + place) for place, grade in enumerate(grades, 1))


def _of_answered(scores: Sequence[float | None]) -> Floats:
    return table([(0.0, 0.0) if score is None else (score, 1.0) for score in scores], 2)


def _checked(truth: Grades, predicted: Rankings, k: int) -> list[tuple[dict[Hashable, float], Sequence[Hashable]]]:
    """Return the documents of each query with a grade above 0, and its ranking."""
    check_rows(truth, predicted)
    if k < 1:
        raise DataError(f"Expected k of 1 or more, found {k}.")
    for row, (grades, ranked) in enumerate(zip(truth, predicted, strict=True)):
        if len(set(ranked)) != len(ranked):
            raise DataError(f"Expected each document once in a ranking, found one twice in row {row}.")
        broken = [(document, grade) for document, grade in grades.items() if not 0 <= grade < math.inf]
        if broken:
            raise DataError(f"Expected grades from 0 on, found {broken[0][1]} for {broken[0][0]!r} in row {row}.")
    return [
        ({document: float(grade) for document, grade in grades.items() if grade > 0}, ranked)
        for grades, ranked in zip(truth, predicted, strict=True)
    ]
