"""The corners of images: which pixels they are."""

import numpy as np
import pytest
from acclimate.api.corners import corners
from PIL import Image


@pytest.mark.parametrize(("height", "width", "side"), [(100, 100, 20), (50, 200, 10), (20, 30, 8)])
def test_the_four_corners_are_put_together(height: int, width: int, side: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = np.asarray(corners(Image.fromarray(pixels)))
    top = np.concatenate([pixels[:side, :side], pixels[:side, -side:]], axis=1)
    low = np.concatenate([pixels[-side:, :side], pixels[-side:, -side:]], axis=1)
    np.testing.assert_array_equal(found, np.concatenate([top, low]))
