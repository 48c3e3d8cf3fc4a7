"""Images for masks: scaled with their aspect kept, normalised as the backbone was, and cut for training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from acclimate.contracts import DataError
from acclimate.models.fingerprint import json_hash
from acclimate.models.image import RESAMPLING, ImagePreprocessing
from acclimate.models.shades import UNIT, normalised

UNSCALED = 2**31 - 1
"""A longer side that no image has: all are read at their own size."""
STRIDE = 32
"""Pixels of the input behind one of the deepest map: every input is filled up to a multiple of it."""
IGNORED = -100
"""The class of pixels that were filled up; nothing is learned from them."""

Truth = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelPreprocessing:
    """What an image goes through before its pixels are sorted into classes.

    It is scaled down until its longer side has at most `longest` pixels; smaller ones stay as they are, and the
    aspect is kept. `mean`, `std`, `values` and `interpolation` are those of the backbone (`ImagePreprocessing`).
    Where `tile` is not 0, what is then still larger on a side is computed in tiles of so many pixels.
    """

    longest: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    tile: int = 0
    values: tuple[float, float] = UNIT

    @classmethod
    def of(cls, preprocessing: ImagePreprocessing, longest: int, *, tile: int = 0) -> "PixelPreprocessing":
        """Return it with the statistics of a backbone's own preprocessing."""
        return cls(
            longest=longest,
            mean=preprocessing.mean,
            std=preprocessing.std,
            interpolation=preprocessing.interpolation,
            tile=tile,
            values=preprocessing.values,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PixelPreprocessing":
        """Return the preprocessing that `to_dict` wrote."""
        own: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**own)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; of no tiles and the usual range nothing is said, as before there were others."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        unsaid = {name for name, usual in (("tile", 0), ("values", list(UNIT))) if plain[name] == usual}
        return {name: value for name, value in plain.items() if name not in unsaid}

    @property
    def hash(self) -> str:
        """Name these values exactly."""
        return json_hash(self.to_dict())

    def scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the width and height in which an image of this width and height is read."""
        factor = min(1.0, self.longest / max(size))
        return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the pixels [channels, height, width] in float32, scaled and normalised."""
        size = self.scaled(image.size)
        if image.size != size:
            image = image.resize(size, RESAMPLING[self.interpolation])
        return normalised(image, mean=self.mean, std=self.std, values=self.values)

    def truth(self, mask: Truth) -> Tensor:
        """Return the classes [height, width] of the pixels as they are read: of each the nearest in the mask."""
        size = self.scaled((mask.shape[1], mask.shape[0]))
        if mask.shape != size[::-1]:
            mask = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        return torch.from_numpy(mask.astype(np.int64))


class MaskExamples:
    """Rows of images and masks, opened and prepared when they are asked for.

    `crop` is the side of the squares that `batch` gives, in pixels as they are read; `shown` are the rows whose mask
    has a class but the first.
    """

    def __init__(
        self,
        paths: Sequence[str],
        masks: Sequence[str],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: PixelPreprocessing,
        crop: int,
        shown: Sequence[int],
        open_image: Callable[[str], Image.Image],
        open_mask: Callable[[str], Truth],
        mirrored: bool = True,
    ) -> None:
        self.paths, self.masks, self.ids, self.fingerprints = paths, masks, ids, fingerprints
        self.preprocessing, self.crop, self.shown = preprocessing, crop, shown
        self.open_image, self.open_mask, self.mirrored = open_image, open_mask, mirrored

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> None:
        """All squares of a batch have one size."""
        return None

    def whole(self, row: int) -> tuple[Tensor, Tensor]:
        """Return the pixels [channels, height, width] and the classes [height, width] of a whole image.

        Raises:
            DataError: when they differ in size, as after a preparation that cuts or turns the image.
        """
        pixels = self.preprocessing(self.open_image(self.paths[row]))
        truth = self.preprocessing.truth(self.open_mask(self.masks[row]))
        if pixels.shape[1:] != truth.shape:
            raise DataError(
                f"Image and mask of row {self.ids[row]!r} differ in size: {list(pixels.shape[1:])} and "
                f"{list(truth.shape)} pixels.",
                "What prepares images for masks may not change their size.",
            )
        return pixels, truth

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, channels, crop, crop] and `truth` [batch, crop, crop].

        With `augment` half of the squares lie around a pixel of some class but the first, each class of the image
        being as likely; where the image of a row has none, one of those that have stands in for it. The other half
        lie anywhere, and where `mirrored` all are mirrored in one of four ways. Without it a square is the middle of
        the image. Images smaller than a square are filled up.
        """
        pairs = [self._middle(row) if augment is None else self._drawn(row, augment) for row in rows]
        size = (self.crop, self.crop)
        pixels = torch.stack([filled(pixels, size) for pixels, _ in pairs])
        return {
            "pixel_values": pixels.contiguous(memory_format=torch.channels_last),
            "truth": torch.stack([filled(truth, size, IGNORED) for _, truth in pairs]),
        }

    def _middle(self, row: int) -> tuple[Tensor, Tensor]:
        pixels, truth = self.whole(row)
        return self._cut(pixels, truth, truth.shape[0] // 2, truth.shape[1] // 2)

    def _drawn(self, row: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        around = bool(len(self.shown)) and random.random() < 0.5
        pixels, truth = self.whole(row)
        if around and not (truth > 0).any():
            pixels, truth = self.whole(self.shown[int(random.integers(len(self.shown)))])
        pixels, truth = self._cut(pixels, truth, *place(truth, random, around=around))
        for axis in (-2, -1) if self.mirrored else ():
            if random.random() < 0.5:
                pixels, truth = pixels.flip(axis), truth.flip(axis)
        return pixels, truth

    def _cut(self, pixels: Tensor, truth: Tensor, row: int, column: int) -> tuple[Tensor, Tensor]:
        """Return the square around a place, moved into the image where it would stick out."""
        top, left = (
            max(0, min(at - self.crop // 2, size - self.crop))
            for at, size in zip((row, column), truth.shape, strict=True)
        )
        box = slice(top, top + self.crop), slice(left, left + self.crop)
        return pixels[(slice(None), *box)], truth[box]


def place(truth: Tensor, random: np.random.Generator, *, around: bool) -> tuple[int, int]:
    """Return row and column of a pixel of `truth` [height, width]: any, or `around` one of a class but the first.

    Each of these classes is as likely; where there is none, it is any pixel.
    """
    height, width = truth.shape
    classes = [int(each) for each in torch.unique(truth) if each > 0]
    if not (around and classes):
        return int(random.integers(height)), int(random.integers(width))
    places = (truth == classes[random.integers(len(classes))]).nonzero()
    row, column = places[random.integers(len(places))].tolist()
    return int(row), int(column)


def filled(values: Tensor, size: tuple[int, int], value: float = 0.0) -> Tensor:
    """Return [..., height, width] filled up to a height and width below and to the right."""
    below, right = size[0] - values.shape[-2], size[1] - values.shape[-1]
    return pad(values, (0, right, 0, below), value=value) if below or right else values


def whole_strides(height: int, width: int) -> tuple[int, int]:
    """Return the least height and width that are multiples of the stride and hold these."""
    return -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE
