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
from acclimate.evaluation.totals import check_rows, table

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
