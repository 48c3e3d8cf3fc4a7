"""How well it is told what texts say to hypotheses, and which passages say it.

Classes are entailment, contradiction and neither, in this order. Evidence is scored as ContractNLI does (Koreeda and
Manning 2021): on the pairs of a text and a hypothesis that have any, so that a passage that is given for a hypothesis
of which the text says nothing is not counted against a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.totals import check_rows, table

# Log-odds from which a passage counts as given: so fine that a precision is exact to the third digit.
LEVELS = np.concatenate([[np.inf], np.arange(15.0, -15.0, -0.05), [-np.inf]])


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEvidence:
    """Which passages [passages] of a text are evidence for a hypothesis."""

    marks: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenEvidence:
    """How much each passage [passages] of a text speaks for or against a hypothesis, as log-odds."""

    scores: Floats


Truth = Sequence[TrueEvidence]
Given = Sequence[GivenEvidence]


def entailment_f1(truth: Integers, scores: Floats, weights: Floats) -> float:
    """F1 of entailment, of truth [rows], scores [rows, 3] and weights [rows]; nan where no row is entailed."""
    return _f1(0, truth, scores, weights)


def contradiction_f1(truth: Integers, scores: Floats, weights: Floats) -> float:
    """F1 of contradiction, of truth [rows], scores [rows, 3] and weights [rows]; nan where no row is contradicted."""
    return _f1(1, truth, scores, weights)


def ranking_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2]: the average precision of the passages of a pair, and 1; 0 and 0 where it has no evidence.

    As in scikit-learn passages of one score stand at one place.
    """
    check_rows(truth, predicted)
    return table(
        [
            (_average_precision(true.marks, given.scores), 1.0) if true.marks.any() else (0.0, 0.0)
            for true, given in zip(truth, predicted, strict=True)
        ],
        2,
    )


def first_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2]: 1 where the passage with the highest score is evidence, and 1; 0 and 0 without evidence."""
    check_rows(truth, predicted)
    return table(
        [
            (float(true.marks[int(given.scores.argmax())]), 1.0) if true.marks.any() else (0.0, 0.0)
            for true, given in zip(truth, predicted, strict=True)
        ],
        2,
    )


def level_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2 x levels]: evidence found, and passages given, from each of `LEVELS` on; 0 without evidence."""
    check_rows(truth, predicted)
    rows = np.zeros((len(truth), 2, len(LEVELS)))
    for row, (true, given) in enumerate(zip(truth, predicted, strict=True)):
        if true.marks.any():
            for place, scores in enumerate((given.scores[true.marks], given.scores)):
                rows[row, place] = len(scores) - np.searchsorted(np.sort(scores), LEVELS, side="left")
    return rows.reshape(len(truth), -1)


def precision_at_80_recall(statistics: Floats, weights: Floats) -> float:
    """The precision of passages where 80 % of the evidence is found, of all pairs together; nan without evidence."""
    found, given = (weights @ statistics).reshape(2, -1)
    if not found[-1]:
        return float("nan")
    reached = int(np.flatnonzero(found >= 0.8 * found[-1])[0])
    return float(found[reached] / given[reached])


def _f1(label: int, truth: Integers, scores: Floats, weights: Floats) -> float:
    true, given = truth == label, scores.argmax(axis=1) == label
    under = weights @ true + weights @ given
    return float(2 * (weights @ (true & given)) / under) if weights @ true else float("nan")


def _average_precision(marks: NDArray[np.bool_], scores: Floats) -> float:
    levels = np.unique(scores)[::-1]
    given = (scores[:, None] >= levels).sum(axis=0)
    found = (marks[:, None] & (scores[:, None] >= levels)).sum(axis=0)
    return float((np.diff(found, prepend=0) * found / given).sum() / marks.sum())
