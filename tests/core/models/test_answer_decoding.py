"""The best pairs of tokens are those that trying all pairs finds, and places of several windows are one answer."""

import numpy as np
import pytest
from acclimate.models import best_pairs, merged
from hypothesis import given, settings
from hypothesis import strategies as st


def tried(starts: np.ndarray, ends: np.ndarray, longest: int, count: int) -> list[tuple[int, int, float]]:
    """Try every pair, the best first, and leave out those that share a token with a better one."""
    pairs = [
        (first, last, float(starts[first]) + float(ends[last]))
        for first in range(len(starts))
        for last in range(first, min(len(starts), first + longest))
        if np.isfinite(starts[first]) and np.isfinite(ends[last])
    ]
    found: list[tuple[int, int, float]] = []
    for pair in sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])):
        if len(found) < count and all(pair[1] < other[0] or pair[0] > other[1] for other in found):
            found.append(pair)
    return found


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    tokens=st.integers(1, 14),
    longest=st.integers(1, 16),
    count=st.integers(1, 6),
    coarse=st.booleans(),
)
def test_the_best_pairs_are_those_of_all_pairs(
    seed: int, tokens: int, longest: int, count: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(2, tokens))
    starts, ends = np.round(values) if coarse else values  # coarse ones are often equal
    starts[rng.random(tokens) < 0.1] = -np.inf
    ends[rng.random(tokens) < 0.1] = -np.inf
    assert best_pairs(starts, ends, longest=longest, count=count) == tried(starts, ends, longest, count)


def test_no_tokens_have_no_answer() -> None:
    assert best_pairs(np.empty(0), np.empty(0), longest=3, count=5) == []
    assert best_pairs(np.full(4, -np.inf), np.zeros(4), longest=3, count=5) == []


def test_a_place_that_two_windows_found_is_one_answer_with_its_best_score() -> None:
    assert merged([(5, 9, 1.0), (20, 24, 0.5), (5, 9, 2.0), (7, 12, 1.5)], count=5) == [(5, 9, 2.0), (20, 24, 0.5)]
    assert merged([(5, 9, 1.0), (9, 12, 0.5)], count=5) == [(5, 9, 1.0), (9, 12, 0.5)]  # neighbours share nothing
    assert merged([(5, 9, 1.0), (20, 24, 0.5)], count=1) == [(5, 9, 1.0)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.floats(-5, 5)), max_size=30))
def test_merged_answers_never_overlap_and_whatever_is_left_out_overlaps_a_better_one(
    drawn: list[tuple[int, int, float]],
) -> None:
    pairs = [(start, start + length, score) for start, length, score in drawn]
    found = merged(pairs, count=100)
    for place, one in enumerate(found):
        assert all(one[1] <= other[0] or one[0] >= other[1] for other in found[:place])
    for start, end, score in set(pairs) - set(found):
        assert any(start < other[1] and other[0] < end and other[2] >= score for other in found)
    assert merged(pairs[::-1], count=100) == found


@pytest.mark.parametrize("longest", [1, 2, 3])
def test_no_answer_is_longer_than_the_longest(longest: int) -> None:
    starts, ends = np.array([9.0, 0, 0, 0]), np.array([0.0, 0, 0, 9])
    assert all(last - first < longest for first, last, _ in best_pairs(starts, ends, longest=longest, count=4))
