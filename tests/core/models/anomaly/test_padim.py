"""PaDiM's distances are those that numpy gives at each place, and do not depend on how images come in batches."""

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError, OptionError
from acclimate.models.anomaly import Padim


def grids(images: int, seed: int = 0) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(size=(images, 3, 4, 10)) * np.arange(1, 11) + 100
    return torch.from_numpy(values.astype(np.float32))


def test_distances_are_those_of_the_inverse_covariance_at_each_place() -> None:
    good, new = grids(25), grids(6, seed=1)
    padim = Padim.fit([good], dimensions=7, seed=3, regularisation=0.05)
    chosen = padim.channels.numpy()
    assert len(set(chosen.tolist())) == 7
    found = padim.map(new).numpy()
    for row in range(3):
        for column in range(4):
            here = good[:, row, column].double().numpy()[:, chosen]
            inverse = np.linalg.inv(np.cov(here, rowvar=False) + 0.05 * np.eye(7))
            for image in range(6):
                rest = new[image, row, column].double().numpy()[chosen] - here.mean(axis=0)
                assert found[image, row, column] == pytest.approx(np.sqrt(rest @ inverse @ rest), rel=1e-4)


def test_batches_change_nothing() -> None:
    good, new = grids(20), grids(3, seed=1)
    whole = Padim.fit([good], dimensions=5, seed=0).map(new)
    parts = Padim.fit(iter(good.split([1, 7, 12])), dimensions=5, seed=0).map(new)
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-5)


def test_fewer_images_than_dimensions_are_enough() -> None:
    assert torch.isfinite(Padim.fit([grids(2)], dimensions=10, seed=0).map(grids(3, seed=1))).all()


def test_its_state_makes_the_same() -> None:
    padim, new = Padim.fit([grids(20)], dimensions=5, seed=0), grids(3, seed=1)
    assert torch.equal(Padim.from_state(padim.state()).map(new), padim.map(new))


def test_a_seed_draws_the_channels() -> None:
    drawn = [Padim.fit([grids(5)], dimensions=4, seed=seed).channels.tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(OptionError, match="from 1 to 10, the channels there are; found 11"):
        Padim.fit([grids(5)], dimensions=11, seed=0)
    with pytest.raises(OptionError, match="above 0, found 0"):
        Padim.fit([grids(5)], dimensions=3, seed=0, regularisation=0)
    with pytest.raises(DataError, match="two images or more, found 1"):
        Padim.fit([grids(1)], dimensions=3, seed=0)
    with pytest.raises(DataError, match=r"images, 3, 4, 10\], found \[5, 3, 4, 9\]"):
        Padim.fit([grids(5)], dimensions=3, seed=0).map(grids(5)[..., :9])
