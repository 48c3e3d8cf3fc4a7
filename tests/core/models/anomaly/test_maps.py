"""Maps agree with loops over pixels, regions with what was drawn, and tiles put together with the whole."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError, OptionError
from acclimate.models.anomaly import anomaly_map, blended, regions, tiles


def smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth along the first axis: a Gaussian cut at 4 sigma, pixels mirrored at the border."""
    reach, size = int(4 * sigma + 0.5), len(values)
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(-reach, reach + 1)]
    result = np.zeros_like(values)
    for row in range(size):
        for weight, step in zip(weights, range(-reach, reach + 1), strict=True):
            at = (row + step) % (2 * size)
            result[row] += weight / sum(weights) * values[min(at, 2 * size - 1 - at)]
    return result


def enlarged(values: np.ndarray, size: int) -> np.ndarray:
    """Resize along the first axis, between the centres of pixels by straight lines."""
    places = np.clip((np.arange(size) + 0.5) * len(values) / size - 0.5, 0, len(values) - 1)
    low = np.floor(places).astype(int)
    high, share = np.minimum(low + 1, len(values) - 1), (places - low)[:, None]
    return (1 - share) * values[low] + share * values[high]


def test_a_map_is_enlarged_smoothed_and_brought_to_the_size_of_the_image() -> None:
    grid = np.random.default_rng(0).random((5, 7))
    expected = enlarged(enlarged(grid, 40).T, 56).T
    expected = smoothed(smoothed(expected, 4.0).T, 4.0).T
    expected = enlarged(enlarged(expected, 61).T, 90).T
    found = anomaly_map(torch.from_numpy(grid), read=(40, 56), size=(61, 90))
    assert found.shape == (61, 90)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_without_smoothing_a_map_of_the_same_size_is_unchanged() -> None:
    grid = torch.rand(6, 8)
    np.testing.assert_array_equal(anomaly_map(grid, read=(6, 8), size=(6, 8), sigma=0), grid.numpy())
    with pytest.raises(DataError, match="finite scores"):
        anomaly_map(grid.log() * 0 / 0, read=(6, 8), size=(6, 8))


def test_regions_are_boxes_around_pixels_above_a_threshold() -> None:
    scores = np.zeros((12, 15), dtype=np.float32)
    scores[1:4, 2:5], scores[4, 5] = 2.0, 3.0  # they touch by a corner
    scores[8:10, 10:14], scores[9, 11] = 4.0, 5.0
    scores[11, 0] = 1.5
    scores[6, 6] = 1.0  # not above
    found = regions(scores, 1.0)
    assert [(r.top, r.left, r.bottom, r.right, r.pixels, r.peak) for r in found] == [
        (8, 10, 10, 14, 8, 5.0),
        (1, 2, 5, 6, 10, 3.0),
        (11, 0, 12, 1, 1, 1.5),
    ]
    assert len(regions(scores, 1.0, least_pixels=2)) == 2
    assert regions(scores, 9.0) == ()


@pytest.mark.parametrize("size", [(100, 250), (64, 64), (30, 200), (65, 64)])
@pytest.mark.parametrize("overlap", [0, 16, 32])
def test_tiles_cover_an_image_and_overlap(size: tuple[int, int], overlap: int) -> None:
    found = list(tiles(size, 64, overlap))
    seen = np.zeros(size, dtype=int)
    for tile in found:
        assert (tile.height, tile.width) == (min(64, size[0]), min(64, size[1]))
        assert tile.top >= 0 <= tile.left
        assert tile.top + tile.height <= size[0]
        assert tile.left + tile.width <= size[1]
        seen[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
    assert seen.min() == 1
    for axis, length in enumerate(size):
        starts = sorted({(tile.top, tile.left)[axis] for tile in found})
        assert all(after - before <= 64 - overlap for before, after in pairwise(starts))
        assert starts[-1] + min(64, length) == length


def test_tiles_of_one_map_give_it_back() -> None:
    whole = np.random.default_rng(0).random((90, 130)).astype(np.float32)
    cut = (
        (tile, whole[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width])
        for tile in tiles(whole.shape, 40, 10)
    )
    np.testing.assert_allclose(blended(cut, whole.shape), whole, rtol=1e-5)


def test_where_tiles_overlap_the_nearer_middle_counts_more() -> None:
    left, right = tiles((10, 16), 10, 4)
    found = blended([(left, np.zeros((10, 10), np.float32)), (right, np.ones((10, 10), np.float32))], (10, 16))
    assert (np.diff(found[5, 5:11]) > 0).all()
    assert found[5, 6] + found[5, 9] == pytest.approx(1)
    assert found[:, :6].max() == 0
    assert found[:, 10:].min() == 1


def test_tiles_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptionError, match="found 64 and 33"):
        list(tiles((100, 100), 64, 33))
    first, _ = tiles((10, 16), 10, 4)
    with pytest.raises(DataError, match=r"10 by 10 pixels for a tile, found \[9, 10\]"):
        blended([(first, np.zeros((9, 10), np.float32))], (10, 16))
    with pytest.raises(DataError, match="60 pixels lie in no tile"):
        blended([(first, np.zeros((10, 10), np.float32))], (10, 16))
