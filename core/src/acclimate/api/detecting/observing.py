"""One pass over parts: the score and map of each, and the plain numbers that baselines compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from acclimate.models import Detector, PartExamples
from acclimate.models.anomaly import scan
from acclimate.models.anomaly.maps import Map

Floats = NDArray[np.float64]
_SIDE = 64
BRIGHTNESS, MEAN_FEATURES = "brightness", "mean_features"


class Plain:
    """Numbers of each image without regard to places, collected as images and features go by."""

    def __init__(self) -> None:
        self.colours: list[Floats] = []
        self.features: list[Floats] = []

    def images(self, images: Iterator[Image.Image]) -> Iterator[Image.Image]:
        """Pass images on, and keep mean and spread of their red, green and blue."""
        for image in images:
            small = image.resize((_SIDE, _SIDE), Image.Resampling.BOX)
            pixels = np.asarray(small, dtype=np.float64).reshape(-1, 3)
            self.colours.append(np.concatenate([pixels.mean(axis=0), pixels.std(axis=0)]))
            yield image

    def seen(self, features: Tensor) -> None:
        """Keep the features [tiles, rows, columns, width] of an image, averaged."""
        self.features.append(features.flatten(0, -2).mean(dim=0).double().cpu().numpy())

    @property
    def numbers(self) -> dict[str, Floats]:
        """The numbers [images, columns] by baseline."""
        return {BRIGHTNESS: np.stack(self.colours), MEAN_FEATURES: np.stack(self.features)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Of each part [parts] its score, the peak of its map, and by baseline the numbers [parts, columns]."""

    scores: Floats
    peaks: Floats
    numbers: dict[str, Floats]


def observe(
    model: Detector, examples: PartExamples, on_map: Callable[[int, Map], object], *, precision: str
) -> Observed:
    """Return what is observed of parts; `on_map` is given the number of each and its map at the image's own size."""
    plain, scores, peaks = Plain(), [], []
    found = scan(model.features, examples.preprocessing, plain.images(examples.images()), precision=precision)
    for row, (size, features) in enumerate(found):
        plain.seen(features)
        judged = model.judge(examples.preprocessing, size, features)
        scores.append(judged.score)
        peaks.append(float(judged.map.max()))
        on_map(row, judged.map)
    return Observed(scores=np.array(scores), peaks=np.array(peaks), numbers=plain.numbers)


def unusual(numbers: Floats, of_good: Floats) -> Floats:
    """Return how far numbers [parts, columns] are from those of good training parts, in units of their spread."""
    middle, spread = of_good.mean(axis=0), np.maximum(of_good.std(axis=0), 1e-6)
    found: Floats = np.sqrt(np.square((numbers - middle) / spread).mean(axis=1))
    return found
