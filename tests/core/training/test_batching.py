"""Batches: every row once a pass, in an order that only the seed decides, with little padding."""

import numpy as np
import pytest
from acclimate.training.batching import LengthBatches
from hypothesis import given
from hypothesis import strategies as st

cases = st.tuples(
    st.lists(st.integers(1, 500), min_size=1, max_size=300), st.integers(1, 17), st.integers(0, 2**31), st.booleans()
)


@given(case=cases)
def test_every_row_comes_exactly_once_per_pass(case: tuple[list[int], int, int, bool]) -> None:
    lengths, size, seed, known = case
    sampler = LengthBatches(len(lengths), np.array(lengths) if known else None, batch_size=size, seed=seed)
    for _ in range(2):
        found = list(sampler)
        assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
        assert len(found) == len(sampler)
        assert sorted(map(len, found), reverse=True)[:-1] == [size] * (len(found) - 1)


@given(case=cases)
def test_the_seed_decides_the_order(case: tuple[list[int], int, int, bool]) -> None:
    lengths, size, seed, known = case
    one, other = (
        LengthBatches(len(lengths), np.array(lengths) if known else None, batch_size=size, seed=seed)
        for _ in range(2)
    )
    for _ in range(3):
        assert list(one) == list(other)


@pytest.mark.parametrize("lengths", [None, np.arange(100) % 13 + 1], ids=["plain", "by length"])
def test_passes_and_seeds_differ(lengths: np.ndarray | None) -> None:
    sampler = LengthBatches(100, lengths, batch_size=8, seed=0)
    first, second = list(sampler), list(sampler)
    other = list(LengthBatches(100, lengths, batch_size=8, seed=1))
    assert first != second
    assert first != other
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}, "batches are mixed anew"


def test_much_less_is_padded_than_in_random_batches() -> None:
    lengths = np.random.default_rng(0).integers(5, 200, 1000)

    def padding(sampler: LengthBatches) -> int:
        return sum(int(lengths[batch].max() * len(batch) - lengths[batch].sum()) for batch in sampler)

    ours = padding(LengthBatches(1000, lengths, batch_size=16, seed=0))
    random = padding(LengthBatches(1000, None, batch_size=16, seed=0))
    assert ours < random / 10


def test_no_length_comes_first() -> None:
    lengths = np.arange(800)
    means = [lengths[batch].mean() for batch in LengthBatches(800, lengths, batch_size=16, seed=0)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.4
