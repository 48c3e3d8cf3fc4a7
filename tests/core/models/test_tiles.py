"""Images in tiles, beside the whole image and beside a loop over pixels."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.models.tiles import starts, tiled, tiled_features


@pytest.mark.parametrize("length", [1, 64, 65, 100, 128, 500])
def test_tiles_cover_a_side_and_share_a_quarter(length: int) -> None:
    found = starts(length, 64)
    assert found[0] == 0
    assert found[-1] + min(64, length) == length
    assert all(after - before <= 48 for before, after in pairwise(found))


def test_what_depends_on_single_pixels_is_the_same_in_tiles() -> None:
    pixels = torch.randn(3, 150, 101, generator=torch.Generator().manual_seed(0))
    layer = torch.nn.Conv2d(3, 2, kernel_size=1)
    sizes = []

    def forward(tiles: torch.Tensor) -> torch.Tensor:
        sizes.append(tuple(tiles.shape))
        with torch.no_grad():
            return layer(tiles)

    found = tiled(pixels, 64, forward, at_once=2)
    with torch.no_grad():
        torch.testing.assert_close(found, layer(pixels[None])[0], atol=1e-5, rtol=1e-5)
    assert all(count <= 2 and (height, width) == (64, 64) for count, _, height, width in sizes)


def test_where_tiles_meet_the_weights_are_those_of_the_distance_from_their_edges() -> None:
    pixels = torch.zeros(3, 32, 80)
    numbers = iter(range(1, 100))

    def forward(tiles: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.full((1, *tile.shape[1:]), float(next(numbers))) for tile in tiles])

    found = tiled(pixels, 32, forward, at_once=8)[0, 5].numpy()
    expected = np.zeros(80)
    for column in range(80):
        weights = {}
        for number, start in enumerate(starts(80, 32), 1):
            if start <= column < start + 32:
                weights[number] = min(column - start + 1, start + 32 - column, 8)
        expected[column] = sum(number * weight for number, weight in weights.items()) / sum(weights.values())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


class Pointwise(torch.nn.Module):
    """An encoder with one map at full size, whose pixels know only themselves; it notes what sizes it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.sizes = torch.nn.Conv2d(3, 5, kernel_size=1), set[tuple[int, ...]]()

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> Any:
        self.sizes.add(tuple(pixel_values.shape[-2:]))
        return SimpleNamespace(hidden_states=[self.layer(pixel_values)])


def test_features_of_places_in_tiles_are_those_of_the_very_pixels() -> None:
    random = torch.Generator().manual_seed(0)
    pixels, encoder = torch.randn(3, 150, 101, generator=random), Pointwise()
    places = torch.tensor([[0, 0], [149, 100], [0, 100], [75, 50], [31, 63], [64, 32], [100, 99]])
    with torch.no_grad():
        found = tiled_features(encoder, pixels, places, 64)
        expected = encoder.layer(pixels[None])[0][:, places[:, 0], places[:, 1]].T
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert encoder.sizes == {(64, 64)}
