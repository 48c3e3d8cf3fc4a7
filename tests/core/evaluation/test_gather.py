"""Scores find their rows by id, and nothing is lost, doubled or silently broken."""

import math

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import by_id
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 30), st.integers(1, 4), st.randoms(use_true_random=False))
def test_scores_come_back_in_order_whatever_the_order_batches_and_repeats(rows, size, random):
    ids = [f"row-{row}" for row in range(rows)]
    scores = np.random.default_rng(rows).normal(size=(rows, 3))
    order = [*range(rows), *(random.randrange(rows) for _ in range(5))]
    random.shuffle(order)
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    found = by_id(ids, [([ids[row] for row in part], scores[part]) for part in parts])
    np.testing.assert_array_equal(found, scores)


@pytest.mark.parametrize("together", [True, False])
def test_the_first_scores_of_a_repeated_id_count(together):
    batch = (["a", "b", "a"], np.array([[1.0], [2.0], [math.nan]]))
    batches = [batch] if together else [([name], row[None]) for name, row in zip(*batch, strict=True)]
    assert by_id(["a", "b"], batches).tolist() == [[1.0], [2.0]]


def test_half_precision_scores_are_gathered_in_float64():
    found = by_id(["a"], [(["a"], np.array([[0.1, 0.2]], dtype=np.float16))])
    assert found.dtype == np.float64
    assert found[0, 0] == float(np.float16(0.1))


def test_batches_may_be_a_generator_with_empty_batches():
    found = by_id(["a"], (part for part in [([], np.empty((0, 2))), (["a"], np.ones((1, 2)))]))
    assert found.tolist() == [[1.0, 1.0]]


FINE = (["a", "b"], np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(
    ("expected", "batches", "message"),
    [
        (["a", "b", "c"], [FINE], r"of 3 rows, found none for 1 row \('c'\)"),
        (["a", "b"], [], r"of 2 rows, found none for 2 rows \('a', 'b'\)"),
        (["a"], [FINE], r"of the 1 rows asked for, found 1 row \('b'\), unknown"),
        (["a", "a", "b"], [FINE], "3 rows with 2 different ids"),
        (["a", "b"], [(["a", "b"], np.ones((3, 2)))], r"\[2, classes\], found \[3, 2\]"),
        (["a", "b"], [(["a", "b"], np.ones(2))], r"\[2, classes\], found \[2\]"),
        (["a", "b", "c"], [FINE, (["c"], np.ones((1, 3)))], "of 2 classes in every batch, found 3"),
        (["a", "b"], [(["a", "b"], np.array([[1, math.nan], [3, 4]]))], r"in 1 row \('a'\) of 2"),
        (["a", "b"], [(["a", "b"], np.array([[1, 2], [-math.inf, 4]]))], r"in 1 row \('b'\) of 2"),
    ],
)
def test_what_does_not_fit_is_named(expected, batches, message):
    with pytest.raises(DataError, match=message):
        by_id(expected, batches)


def test_a_long_list_of_broken_rows_names_the_first_three():
    ids = [str(row) for row in range(9)]
    with pytest.raises(DataError, match=r"in 9 rows \('0', '1', '2', …\) of 9") as caught:
        by_id(ids, [(ids, np.full((9, 2), math.nan))])
    assert "learning rate" in caught.value.hint
