"""Spans are counted as nervaluate counts them, and paired as well as can be."""

from itertools import combinations, permutations

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation.spans import Span, labelled_statistics, macro_f1, partial_statistics, strict_statistics
from acclimate.evaluation.totals import f1, precision, recall
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator

SPANS = st.lists(
    st.builds(
        lambda start, size, label: (start, start + size, label),
        *[st.integers(0, 8), st.integers(1, 4)],
        st.sampled_from("AB"),
    ),
    max_size=5,
    unique=True,
)
ROWS = st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=5)


def one_to_one(seed: int) -> tuple[list[list[Span]], list[list[Span]]]:
    """Rows in which a given span overlaps one true span at most, where schemes of pairing cannot differ."""
    rng = np.random.default_rng(seed)
    truth: list[list[Span]] = []
    predicted: list[list[Span]] = []
    for _ in range(20):
        truth.append([])
        predicted.append([])
        for place in range(0, 60, 10):
            kind = rng.integers(5)
            label, other = rng.permutation(["A", "B"])
            if kind != 0:
                truth[-1].append((place, place + 6, str(label)))
            if kind != 1:
                moved = place + (2 if kind == 3 else 0)
                predicted[-1].append((moved, moved + 6, str(other if kind == 4 else label)))
    return truth, predicted


def by_nervaluate(truth: list[list[Span]], predicted: list[list[Span]], scheme: str) -> tuple[float, float, float]:
    named = [
        [[{"label": label, "start": start, "end": end - 1} for start, end, label in row] for row in rows]
        for rows in (truth, predicted)
    ]
    found = Evaluator(*named, tags=["A", "B"], loader="dict").evaluate()["overall"][scheme]
    return found.precision, found.recall, found.f1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("scheme", "statistics"), [("strict", strict_statistics), ("ent_type", partial_statistics)])
def test_precision_recall_and_f1_are_those_of_nervaluate(seed: int, scheme: str, statistics) -> None:
    truth, predicted = one_to_one(seed)
    counted, ones = statistics(truth, predicted), np.ones(len(truth))
    found = [metric(counted, ones) for metric in (precision, recall, f1)]
    assert found == pytest.approx(by_nervaluate(truth, predicted, scheme), abs=1e-12)
    assert 0.1 < found[0] < 0.95


def most_pairs(true: list[Span], given: list[Span]) -> int:
    """Try every pairing: the largest set of overlapping pairs of one label in which no span stands twice."""
    few, many = sorted((true, given), key=len)
    fits = {(a, b) for a in few for b in many if a[2] == b[2] and len(range(max(a[0], b[0]), min(a[1], b[1])))}
    return max(sum(pair in fits for pair in zip(few, order, strict=True)) for order in permutations(many, len(few)))


@given(ROWS)
def test_partial_pairs_as_many_as_any_pairing_does(rows: list[tuple[list[Span], list[Span]]]) -> None:
    truth, predicted = [true for true, _ in rows], [given for _, given in rows]
    expected = [[most_pairs(true, given), len(given), len(true)] for true, given in rows]
    assert partial_statistics(truth, predicted).tolist() == expected


@given(ROWS)
def test_a_strictly_right_span_is_partly_right(rows: list[tuple[list[Span], list[Span]]]) -> None:
    truth, predicted = [true for true, _ in rows], [given for _, given in rows]
    assert (strict_statistics(truth, predicted) <= partial_statistics(truth, predicted)).all()


def test_f1_is_of_all_spans_together_and_no_mean_of_rows() -> None:
    truth = [[(0, 2, "A")], [(start, start + 1, "A") for start in range(9)]]
    counted = strict_statistics(truth, [[(0, 2, "A")], []])
    assert counted.tolist() == [[1, 1, 1], [0, 0, 9]]
    assert f1(counted, np.ones(2)) == pytest.approx(2 / 11)  # the mean over rows would be 0.5
    assert f1(counted, np.array([3.0, 1.0])) == pytest.approx(6 / 15)


def test_what_touches_does_not_overlap_and_another_label_is_wrong() -> None:
    truth = [[(0, 3, "A")]]
    assert [partial_statistics(truth, [[span]])[0, 0] for span in ((3, 5, "A"), (2, 5, "A"), (2, 5, "B"))] == [
        0,
        1,
        0,
    ]


def test_without_spans_there_is_no_score() -> None:
    nothing = strict_statistics([[], []], [[], []])
    assert np.isnan([metric(nothing, np.ones(2)) for metric in (precision, recall, f1)]).all()
    missed = strict_statistics([[(0, 1, "A")]], [[]])
    assert np.isnan(precision(missed, np.ones(1)))
    assert (recall(missed, np.ones(1)), f1(missed, np.ones(1))) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([[]], [], "found 1 rows and 0 predictions"),
        ([], [], "at least one row"),
        ([[(2, 2, "A")]], [[]], r"found \(2, 2, 'A'\) in the truth of row 0"),
        ([[], []], [[], [(-1, 2, "A")]], r"found \(-1, 2, 'A'\) in the prediction of row 1"),
        ([[(0, 1, "A")] * 2], [[]], "found one twice in the truth of row 0"),
    ],
)
def test_spans_that_cannot_be_counted_are_named(truth, predicted, message: str) -> None:
    for statistics in (strict_statistics, partial_statistics):
        with pytest.raises(DataError, match=message):
            statistics(truth, predicted)


def test_all_pairs_of_labels_are_tried() -> None:
    """The brute force itself: three spans that each overlap two, of which two can be paired."""
    true, given = [(0, 4, "A"), (3, 6, "A"), (5, 9, "A")], [(3, 4, "A"), (5, 6, "A")]
    assert most_pairs(true, given) == 2
    assert all(most_pairs(list(pair), given) == 2 for pair in combinations(true, 2))


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_is_the_mean_of_the_labels_by_nervaluate(seed: int) -> None:
    truth, predicted = one_to_one(seed)
    named = [
        [[{"label": label, "start": start, "end": end - 1} for start, end, label in row] for row in rows]
        for rows in (truth, predicted)
    ]
    by_label = Evaluator(*named, tags=["A", "B"], loader="dict").evaluate()["entities"]
    expected = np.mean([by_label[label]["strict"].f1 for label in "AB"])
    assert macro_f1(labelled_statistics(truth, predicted), np.ones(len(truth))) == pytest.approx(expected, abs=1e-12)


def test_a_label_that_is_nowhere_is_left_out_of_the_mean_and_one_never_found_counts_as_zero() -> None:
    truth: list[list[Span]] = [[(0, 1, "A")], [(0, 1, "B")], [(0, 1, "C")]]
    counted = labelled_statistics(truth, [[(0, 1, "A")], [], []])
    assert macro_f1(counted, np.ones(3)) == pytest.approx(1 / 3)
    assert macro_f1(counted, np.array([1.0, 1.0, 0.0])) == pytest.approx(1 / 2)
    assert np.isnan(macro_f1(labelled_statistics([[]], [[]]), np.ones(1)))
