"""The test images that a model segments worst, with the outlines of what is there and what it found."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_erosion

from acclimate.api.mistakes import address

# Okabe and Ito (2008), "Color universal design": told apart by every kind of colour vision.
TRUE, FOUND = (0, 158, 115), (213, 94, 0)
SHOWN = 6
_PIXELS = 240

Truth = NDArray[np.uint8]


def overlay(image: Image.Image, true: Truth, found: Truth) -> str:
    """Return an image as a "data:" address, small, with the outlines of both masks [height, width] on it."""
    small = image.convert("RGB")
    factor = _PIXELS / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    pixels = np.array(small.resize(size, Image.Resampling.BILINEAR))
    for mask, colour in ((true, TRUE), (found, FOUND)):
        scaled = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        pixels[_outline(scaled)] = colour
    return address(Image.fromarray(pixels))


def _outline(mask: Truth) -> NDArray[np.bool_]:
    """Return the pixels of each class but the first that touch another class."""
    edges = np.zeros(mask.shape, dtype=np.bool_)
    for value in np.unique(mask[mask > 0]):
        inside = mask == value
        edges |= inside & ~binary_erosion(inside, border_value=1)
    return edges
