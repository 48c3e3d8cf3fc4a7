"""A coreset has the rows, the order and the radius of a plain greedy loop, whatever was left out on the way."""

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError, OptionError
from acclimate.models.anomaly import coreset, select
from numpy.typing import NDArray
from torch import Tensor


def plain(features: NDArray[np.float32], count: int, first: int) -> tuple[list[int], float]:
    """Measure every row against every row that is taken, in float64, by differences."""
    wide = features.astype(np.float64)
    least, taken = np.full(len(wide), np.inf), []
    following = first
    for _ in range(count):
        taken.append(following)
        least = np.minimum(least, np.square(wide - wide[following]).sum(axis=1))
        least[taken] = -np.inf
        following = int(least.argmax())
    left = np.delete(least, taken)
    return taken, float(np.sqrt(left.max())) if len(left) else 0.0


def rows(kind: str, seed: int = 0) -> Tensor:
    random = np.random.default_rng(seed)
    if kind == "clusters":
        found = random.normal(size=(12, 8))[random.integers(12, size=900)] * 5 + random.normal(size=(900, 8))
    elif kind == "grid of equal distances":
        found = random.integers(0, 4, size=(700, 4)).astype(float)
    elif kind == "far from 0":
        found = random.normal(size=(600, 5)) + 1000
    else:  # many repeat others
        found = random.normal(size=(40, 6))[random.integers(40, size=800)]
    return torch.from_numpy(found.astype(np.float32))


@pytest.mark.parametrize("kind", ["clusters", "grid of equal distances", "far from 0", "repeats"])
@pytest.mark.parametrize(("block", "chunk"), [(7, 3), (64, 16), (1024, 512)])
def test_it_is_that_of_a_plain_loop(kind: str, block: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coreset, "_BLOCK", block)
    monkeypatch.setattr(coreset, "_CHUNK", chunk)
    monkeypatch.setattr(coreset, "_ROWS", 100)
    features = rows(kind)
    for count in (1, 2, 35, 90):
        found = select(features, count, seed=count)
        taken, radius = plain(features.numpy(), count, int(found.indices[0]))
        assert found.indices.tolist() == taken
        assert found.radius == pytest.approx(radius, rel=1e-12, abs=0)


def test_all_rows_can_be_taken_and_then_none_is_far() -> None:
    features = rows("repeats")[:90]
    found = select(features, 90, seed=1)
    assert found.indices.tolist() == plain(features.numpy(), 90, int(found.indices[0]))[0]
    assert sorted(found.indices.tolist()) == list(range(90))
    assert found.radius == 0.0


def test_few_distances_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.from_numpy(np.random.default_rng(0).normal(size=(6000, 3)).astype(np.float32))
    monkeypatch.setattr(coreset, "_BLOCK", 128)
    monkeypatch.setattr(coreset, "_CHUNK", 32)
    computed, product = [0], torch.addmm

    def counted(added: Tensor, left: Tensor, right: Tensor, **values: float) -> Tensor:
        computed[0] += len(left) * right.shape[1]
        return product(added, left, right, **values)

    monkeypatch.setattr(torch, "addmm", counted)
    select(features, 600, seed=0)
    assert computed[0] < 6000 * 600 / 2


def test_a_seed_draws_the_first_row_and_the_projection() -> None:
    features = rows("clusters")
    firsts = {int(select(features, 1, seed=seed).indices[0]) for seed in range(20)}
    assert len(firsts) > 10
    some, same, other = (select(features, 50, seed=seed, project=4).indices.tolist() for seed in (3, 3, 4))
    assert some == same != other


def test_a_projection_covers_nearly_as_well() -> None:
    features = torch.from_numpy(np.random.default_rng(0).normal(size=(2000, 200)).astype(np.float32))
    features[:, 12:] *= 0.02
    radii = []
    for project in (None, 64):
        chosen = features[select(features, 100, seed=0, project=project).indices]
        radii.append(float(torch.cdist(features, chosen).amin(dim=1).max()))
    assert radii[1] < 1.25 * radii[0]


def test_what_cannot_be_selected_is_refused() -> None:
    features = rows("clusters")
    with pytest.raises(OptionError, match="from 1 to 900 of them, asked for 901"):
        select(features, 901, seed=0)
    with pytest.raises(OptionError, match="found 0"):
        select(features, 5, seed=0, project=0)
    with pytest.raises(DataError, match=r"found \[30, 30, 8\]"):
        select(features.reshape(30, 30, 8), 5, seed=0)
    features[3, 2] = float("nan")
    with pytest.raises(DataError, match="finite features"):
        select(features, 5, seed=0)
