"""Volumes on another grid: everything stays at its place in the patient."""

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import OptionError
from acclimate_medical_imaging.volumes import Volume, resample, resample_labels
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

CENTRE = np.array([12.3, -45.6, 78.9])
RADIUS = 9.0
SPACING = (2.5, 0.9, 1.3)
SHAPE = (16, 44, 30)
GRIDS = [(order, signs) for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)]


def on_grid(
    values: NDArray[Any], spacing: tuple[float, float, float], order: Any = (2, 1, 0), signs: Any = (1, 1, 1)
) -> Volume:
    """Return values whose axes run along the patient's in that order and direction, with CENTRE near the middle."""
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3)[:, list(order)] * signs) * spacing
    middle = (np.array(values.shape) - 1) / 2 + (0.3, -0.2, 0.4)
    affine[:3, 3] = CENTRE - affine[:3, :3] @ middle
    return Volume(values=values, affine=affine, modality="CT", units="HU", sop_instance_uids=("1",) * len(values))


def places(volume: Volume) -> NDArray[np.float64]:
    """Return the place [voxels, 3] of every voxel, by the affine alone."""
    index = np.stack([axis.ravel() for axis in np.indices(volume.values.shape)] + [np.ones(volume.values.size)])
    return (volume.affine @ index)[:3].T


def sphere(order: Any, signs: Any) -> Volume:
    """Return a ball of value 1,000 around CENTRE, soft at its edge, on a grid whose axes are turned and flipped."""
    empty = on_grid(np.zeros(SHAPE, dtype=np.float32), SPACING, order, signs)
    away = np.linalg.norm(places(empty) - CENTRE, axis=1).reshape(SHAPE)
    return on_grid((1000 * np.clip(RADIUS - away + 0.5, 0, 1)).astype(np.float32), SPACING, order, signs)


def middle(volume: Volume) -> NDArray[np.float64]:
    """Return the centre of mass in millimetres, by the affine alone."""
    weights = volume.values.ravel().astype(np.float64)
    return weights @ places(volume) / weights.sum()


@pytest.mark.parametrize(("order", "signs"), GRIDS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.7, 3.1, 2.9), (0.8, 2.0, 1.3)])
def test_a_sphere_stays_at_its_place_and_keeps_its_size(order: Any, signs: Any, spacing: Any) -> None:
    moved = resample(sphere(order, signs), spacing)
    assert moved.spacing_millimetres == pytest.approx(spacing)
    off = np.abs(middle(moved) - CENTRE)
    assert (off < 0.5 * np.array(spacing)[np.argsort(order)]).all()
    assert off.max() < 0.15
    volume = moved.values.sum(dtype=np.float64) / 1000 * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.03)
    assert moved.sop_instance_uids == ()
    assert (moved.modality, moved.units, moved.values.dtype) == ("CT", "HU", np.float32)


@pytest.mark.parametrize(("order", "signs"), GRIDS[::7])
def test_labels_lie_on_the_grid_of_the_image_at_their_place(order: Any, signs: Any) -> None:
    image = sphere(order, signs)
    labels = on_grid((image.values > 500).astype(np.int16) * 3, SPACING, order, signs)
    moved, like = resample_labels(labels, (1.1, 1.6, 1.2)), resample(image, (1.1, 1.6, 1.2))
    np.testing.assert_array_equal(moved.affine, like.affine)
    assert (moved.values.shape, moved.values.dtype) == (like.values.shape, np.int16)
    assert set(np.unique(moved.values)) == {0, 3}
    assert np.abs(middle(moved) - CENTRE).max() < 0.5 * 1.1
    inside, outside = like.values > 900, like.values < 100
    assert (moved.values[inside] == 3).mean() > 0.97
    assert (moved.values[outside] == 0).mean() > 0.97


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_the_same_spacing_is_the_identity(kind: type) -> None:
    values = np.random.default_rng(0).integers(-999, 999, (4, 5, 6)).astype(kind)
    volume = on_grid(values, SPACING, (1, 2, 0), (1, -1, 1))
    for again in (resample(volume, SPACING), resample_labels(volume, SPACING)):
        np.testing.assert_array_equal(again.values, values)
        np.testing.assert_allclose(again.affine, volume.affine, rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 3), st.tuples(*[st.floats(0.3, 5)] * 3), st.tuples(*[st.floats(0.3, 5)] * 3))
def test_every_grid_covers_the_same_block_around_the_same_centre(shape: Any, old: Any, new: Any) -> None:
    volume = on_grid(np.full(shape, 7, dtype=np.float32), old, (2, 0, 1), (-1, 1, 1))
    moved = resample(volume, new)
    np.testing.assert_allclose(moved.values, 7, rtol=1e-6)
    before = volume.millimetres((np.array(shape) - 1) / 2)
    np.testing.assert_allclose(moved.millimetres((np.array(moved.values.shape) - 1) / 2), before, atol=1e-6)
    edges = np.abs(np.array(moved.values.shape) * new - np.array(shape) * old)
    assert (edges <= np.maximum(np.array(new) / 2 * (1 + 1e-6), np.array(new) - np.array(shape) * old)).all()


def test_finer_grids_are_scipys_linear_interpolation() -> None:
    values = np.random.default_rng(1).normal(size=(6, 7, 8)).astype(np.float32)
    volume = on_grid(values, (2.0, 1.5, 1.0), (2, 1, 0), (1, 1, -1))
    moved = resample(volume, (0.7, 0.9, 0.4))
    index = np.linalg.inv(volume.affine) @ np.vstack([places(moved).T, np.ones(moved.values.size)])
    expected = map_coordinates(values.astype(np.float64), index[:3], order=1, mode="nearest")
    np.testing.assert_allclose(moved.values.ravel(), expected, atol=1e-5)


def test_coarser_slices_are_pillows_and_torchs_with_antialiasing() -> None:
    plane = np.random.default_rng(2).normal(size=(64, 96)).astype(np.float32)
    moved = resample(on_grid(np.stack([plane, plane]), (3.0, 1.0, 1.0)), (3.0, 4.0, 3.0)).values[0]
    pillow = np.asarray(Image.fromarray(plane).resize((32, 16), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(moved, pillow, atol=1e-5)
    tensor = torch.nn.functional.interpolate(
        torch.from_numpy(plane)[None, None], size=(16, 32), mode="bilinear", antialias=True
    )
    np.testing.assert_allclose(moved, tensor[0, 0].numpy(), atol=1e-5)


def test_stripes_finer_than_the_new_grid_become_grey() -> None:
    stripes = np.tile(np.array([0, 100], dtype=np.int16), (64, 4, 32))
    moved = resample(on_grid(stripes, (1.0, 1.0, 1.0)), (1.0, 1.0, 5.0))
    np.testing.assert_allclose(moved.values[:, :, 1:-1], 50, atol=3)


@pytest.mark.parametrize("spacing", [(1, 1, 0), (1, -1, 1), (1, 1), (1, 1, float("nan")), (1, float("inf"), 1)])
def test_a_spacing_that_cannot_be_is_refused(spacing: Any) -> None:
    volume = on_grid(np.zeros((2, 2, 2), dtype=np.float32), (1.0, 1.0, 1.0))
    for function in (resample, resample_labels):
        with pytest.raises(OptionError, match=r"three positive numbers: millimetres between slices"):
            function(volume, spacing)
