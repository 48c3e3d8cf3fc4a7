"""Scores of labelled spans in texts: names in a sentence, clauses in a contract.

Truth and predictions are one collection of spans for each row (a sentence, a document); a span is
`(start, end, label)`, with `end` the first character or token after it, as in Python's slices. Spans may nest and
overlap. Statistics are [rows, 3]: right, given and true spans, counted over all labels together (micro average).
"""

from collections.abc import Collection, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import check_rows, f1, table

Span = tuple[int, int, str]
Spans = Sequence[Collection[Span]]


def strict_statistics(truth: Spans, predicted: Spans) -> Floats:
    """Return right, given and true spans of each row; a span is right where start, end and label are all the same.

    It is the strict scheme of SemEval-2013 task 9 (Segura-Bedmar, Martinez and Herrero-Zazo 2013) and that of CoNLL.

    Raises:
        DataError: when rows disagree in number, a span is empty or reversed, or stands in a row twice.
    """
    rows = _checked(truth, predicted)
    return table([(len(set(true) & set(given)), len(given), len(true)) for true, given in rows], 3)


def partial_statistics(truth: Spans, predicted: Spans) -> Floats:
    """Return right, given and true spans of each row; a span is right where it overlaps a true one of its label.

    It is the scheme "type" of SemEval-2013 task 9. No span is counted twice: spans are paired one to one, as many as
    can be. A span that covers the whole row overlaps everything, so read it beside the strict score.

    Raises:
        DataError: as `strict_statistics`.
    """
    rows = _checked(truth, predicted)
    return table([(_pairs(true, given), len(given), len(true)) for true, given in rows], 3)


def labelled_statistics(truth: Spans, predicted: Spans) -> Floats:
    """Return right, given and true spans of each row for one label after another, [rows, 3 x labels].

    The labels are those found in either, in sorted order; a span is right as in `strict_statistics`.

    Raises:
        DataError: as `strict_statistics`.
    """
    _checked(truth, predicted)
    labels = sorted({label for rows in (truth, predicted) for row in rows for _, _, label in row})
    found = [strict_statistics(of_label(truth, label), of_label(predicted, label)) for label in labels]
    return np.concatenate(found, axis=1) if found else np.zeros((len(truth), 3))


def macro_f1(statistics: Floats, weights: Floats) -> float:
    """The mean F1 of the labels, from the sums of `labelled_statistics`; without those neither given nor true."""
    scores = [f1(statistics[:, start : start + 3], weights) for start in range(0, statistics.shape[1], 3)]
    known = [score for score in scores if not np.isnan(score)]
    return float(np.mean(known)) if known else float("nan")


def of_label(rows: Spans, label: str) -> list[list[Span]]:
    """Return the spans of a label in each row."""
    return [[span for span in row if span[2] == label] for row in rows]


def _pairs(true: Sequence[Span], given: Sequence[Span]) -> int:
    """Return how many spans can be paired with an overlapping one of the same label, each at most once."""
    overlaps = np.array(
        [
            [label == other and start < other_end and other_start < end for other_start, other_end, other in given]
            for start, end, label in true
        ],
        dtype=bool,
    ).reshape(len(true), len(given))
    if not overlaps.any():
        return 0
    return int((maximum_bipartite_matching(csr_matrix(overlaps), perm_type="column") >= 0).sum())


def _checked(truth: Spans, predicted: Spans) -> list[tuple[list[Span], list[Span]]]:
    check_rows(truth, predicted)
    for row, (true, given) in enumerate(zip(truth, predicted, strict=True)):
        for what, spans in (("truth", true), ("prediction", given)):
            broken = [span for span in spans if not 0 <= span[0] < span[1]]
            if broken:
                raise DataError(
                    f"Expected spans (start, end, label) with 0 <= start < end, found {broken[0]} "
                    f"in the {what} of row {row}.",
                    "The end is the first place after the span.",
                )
            if len(set(spans)) != len(spans):
                raise DataError(f"Expected each span once, found one twice in the {what} of row {row}.")
    return [(list(true), list(given)) for true, given in zip(truth, predicted, strict=True)]
