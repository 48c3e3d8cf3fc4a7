"""The test images that a model segments worst, with the outlines of what is there and what it found."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion

from acclimate.api.mistakes import address

# Okabe and Ito (2008), "Color universal design": told apart by every kind of colour vision.
TRUE, FOUND = (0, 158, 115), (213, 94, 0)
SHOWN = 6
_PIXELS, _LINE = 320, 2  # a line of one pixel loses its colour in JPEG

Truth = NDArray[np.uint8]
Region = NDArray[np.bool_]


def overlay(image: Image.Image, true: Truth, found: Truth) -> str:
    """Return an image as a "data:" address, small, with the outlines of both masks [height, width] on it.

    That of the true mask runs inside of its edge, that of the other outside, so that neither hides the other where
    both agree.
    """
    small = image.convert("RGB")
    factor = _PIXELS / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    pixels = np.array(small.resize(size, Image.Resampling.BILINEAR))
    for mask, colour, outline in ((true, TRUE, _inside), (found, FOUND, _outside)):
        scaled = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        for value in np.unique(scaled[scaled > 0]):
            pixels[outline(scaled == value)] = colour
    return address(Image.fromarray(pixels))


def _inside(region: Region) -> Region:
    found: Region = region & ~binary_erosion(region, iterations=_LINE, border_value=1)
    return found


def _outside(region: Region) -> Region:
    found: Region = ~region & binary_dilation(region, iterations=_LINE)
    return found
