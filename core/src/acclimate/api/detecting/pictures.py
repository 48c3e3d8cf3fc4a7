"""Images of parts with the map of scores over them and its regions outlined."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from acclimate.api.mistakes import address
from acclimate.contracts import Region
from acclimate.models.anomaly.maps import Map

# Okabe and Ito (2008), "Color universal design": told apart by every kind of colour vision.
TRUE, FOUND = (0, 158, 115), (230, 159, 0)
_HOT = (213, 94, 0)
# Of the threshold of places: below the first share nothing is laid over the image, from the second on most.
_FROM, _TO, _STRONGEST = 0.6, 1.6, 0.7
_PIXELS = 240


def heat_map(
    image: Image.Image,
    scores: Map,
    map_threshold: float,
    regions: Sequence[Region],
    mask: np.ndarray | None = None,
) -> Image.Image:
    """Return an image, at its own size, with its map [height, width], its regions, and the outline of a true mask.

    The colour of a score is the same for all images of a run: it hangs on the threshold of places alone.
    """
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    share = (scores / map_threshold - _FROM) / (_TO - _FROM) if map_threshold > 0 else np.zeros_like(scores)
    weight = (_STRONGEST * np.clip(share, 0, 1))[..., None]
    mixed = (pixels * (1 - weight) + np.array(_HOT, dtype=np.float32) * weight).round().astype(np.uint8)
    if mask is not None and mask.any():
        inside = mask > 0
        mixed[inside & ~binary_erosion(inside, iterations=max(1, max(mask.shape) // _PIXELS))] = TRUE
    drawn = Image.fromarray(mixed)
    pen, width = ImageDraw.Draw(drawn), max(1, max(image.size) // _PIXELS)
    for each in regions:
        pen.rectangle((each.left, each.top, each.right - 1, each.bottom - 1), outline=FOUND, width=width)
    return drawn


def shown(picture: Image.Image) -> str:
    """Return a picture as a small "data:" address."""
    small = picture.copy()
    small.thumbnail((_PIXELS, _PIXELS))
    if max(small.size) < _PIXELS:
        factor = _PIXELS / max(small.size)
        small = small.resize((round(small.width * factor), round(small.height * factor)), Image.Resampling.NEAREST)
    return address(small)
