"""The outlines of both masks are seen, also where the masks agree."""

import base64
import io

import numpy as np
from acclimate.api.segmenting.overlays import FOUND, TRUE, overlay
from PIL import Image


def drawn(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    image = Image.new("RGB", (true.shape[1], true.shape[0]), (128, 128, 128))
    stream = base64.b64decode(overlay(image, true, found).partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(stream))).astype(int)


def near(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    found: np.ndarray = np.abs(pixels - colour).max(axis=-1) < 70
    return found


def test_masks_that_agree_show_both_lines_side_by_side() -> None:
    mask = np.zeros((80, 80), dtype=np.uint8)
    mask[20:60, 20:60] = 1
    pixels = drawn(mask, mask)
    middle = pixels[160]  # four pixels for each of the image's: the edge lies between 79 and 80
    assert near(middle, TRUE)[80:82].all()
    assert near(middle, FOUND)[78:80].all()
    assert not near(middle, TRUE)[90:230].any()


def test_nothing_is_drawn_where_nothing_is() -> None:
    empty = np.zeros((40, 60), dtype=np.uint8)
    pixels = drawn(empty, empty)
    assert pixels.shape == (213, 320, 3)
    assert np.abs(pixels - 128).max() <= 2
