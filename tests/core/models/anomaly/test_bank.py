"""A memory bank finds the nearest member of every patch, and scores images as equation 7 of PatchCore does."""

import math

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError, OptionError
from acclimate.models.anomaly import MemoryBank, bank
from scipy.spatial.distance import cdist


def features(rows: int, channels: int = 20, seed: int = 0, offset: float = 0.0) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(size=(rows, channels)) + offset
    return torch.from_numpy(values.astype(np.float32))


@pytest.mark.parametrize(("members", "patches"), [(1, 1), (3, 50), (700, 900), (5000, 33)])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_distances_are_those_of_scipy(members: int, patches: int, offset: float) -> None:
    stored, asked = features(members, seed=1, offset=offset), features(patches, seed=2, offset=offset)
    found = MemoryBank(stored).distances(asked)
    expected = cdist(asked.double().numpy(), stored.double().numpy())
    np.testing.assert_allclose(found.distance.numpy(), expected.min(axis=1), atol=1e-5, rtol=1e-6)
    np.testing.assert_array_equal(found.index.numpy(), expected.argmin(axis=1))


def test_members_that_rounding_cannot_tell_apart_are_compared_by_differences() -> None:
    stored = features(400, seed=1, offset=50.0)
    stored[200:] = stored[:200] + torch.from_numpy(
        np.random.default_rng(3).normal(scale=1e-4, size=(200, 20)).astype(np.float32)
    )
    asked = stored[torch.arange(399, -1, -1)]
    found = MemoryBank(stored).distances(asked)
    assert found.index.tolist() == list(range(399, -1, -1))
    assert float(found.distance.max()) == 0.0


def test_of_equal_members_it_is_the_first_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = features(50).repeat(3, 1)
    whole = MemoryBank(stored).distances(stored)
    assert whole.index.tolist() == list(range(50)) * 3
    monkeypatch.setattr(bank, "_COMPARED", 1)
    monkeypatch.setattr(bank, "_PAIRS", 5)
    small = MemoryBank(stored).distances(stored)
    assert torch.equal(small.index, whole.index)
    assert torch.equal(small.distance, whole.distance)


@pytest.mark.parametrize("neighbours", [2, 5, 9])
def test_the_score_of_an_image_is_equation_7(neighbours: int) -> None:
    stored, asked = features(60, seed=1), features(40, seed=2)
    memory = MemoryBank(stored)
    given, kept = asked.double().numpy(), stored.double().numpy()
    worst, member, greatest = -1, -1, -1.0
    for number, patch in enumerate(given):
        distances = [math.dist(patch, each) for each in kept]
        if min(distances) > greatest:
            worst, greatest, member = number, min(distances), int(np.argmin(distances))
    order = sorted(range(len(kept)), key=lambda each: math.dist(kept[each], kept[member]))[:neighbours]
    raised = [math.exp(math.dist(given[worst], kept[each]) / math.sqrt(20)) for each in order]
    expected = (1 - raised[0] / sum(raised)) * greatest
    found = memory.image_score(asked, memory.distances(asked), neighbours=neighbours)
    assert found == pytest.approx(expected, rel=1e-6)


def test_with_one_neighbour_the_score_is_the_greatest_distance() -> None:
    stored, asked = features(10, seed=1), features(40, seed=2)
    memory = MemoryBank(stored)
    nearest = memory.distances(asked)
    assert memory.image_score(asked, nearest, neighbours=1) == float(nearest.distance.max())


def test_its_state_makes_the_same_bank() -> None:
    memory, asked = MemoryBank(features(30)), features(9, seed=2)
    again = MemoryBank.from_state(memory.state())
    assert torch.equal(again.distances(asked).distance, memory.distances(asked).distance)
    with pytest.raises(DataError, match="found none"):
        MemoryBank.from_state({})


def test_what_does_not_fit_is_refused() -> None:
    memory = MemoryBank(features(5))
    with pytest.raises(DataError, match="patches of 20 channels, found 3"):
        memory.distances(features(4, 3))
    with pytest.raises(OptionError, match="from 1 to 5, the members there are; found 9"):
        memory.image_score(features(4), memory.distances(features(4)))
    with pytest.raises(DataError, match="found \\[0, 4\\]"):
        MemoryBank(torch.empty(0, 4))
