"""Images of parts as a detector reads them: whole, or in tiles where they are large."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from acclimate.models.anomaly.maps import Tile, tiles
from acclimate.models.anomaly.patches import PatchFeatures
from acclimate.models.fingerprint import json_hash
from acclimate.models.image import ImagePreprocessing

# Images or tiles in one forward pass.
AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPreprocessing:
    """What an image of a part goes through: `pixels` is that of the backbone, for the whole image or for each tile.

    Where `tile` is not 0, an image that is larger on a side is cut into squares of so many of its own pixels, which
    share a quarter with their neighbours at least.
    """

    pixels: ImagePreprocessing
    tile: int = 0

    @classmethod
    def of(cls, pixels: ImagePreprocessing, side: int | None, tile: int) -> "PartPreprocessing":
        """Return that of a backbone; `side` is the height and width to which it scales, None for the backbone's."""
        return cls(pixels=pixels if side is None else replace(pixels, size=(side, side)), tile=tile)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PartPreprocessing":
        """Return the preprocessing that `to_dict` wrote."""
        return cls(pixels=ImagePreprocessing.from_dict(values["pixels"]), tile=int(values["tile"]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"pixels": self.pixels.to_dict(), "tile": self.tile}

    @property
    def hash(self) -> str:
        """Name these values exactly."""
        return json_hash(self.to_dict())

    def places(self, size: tuple[int, int]) -> list[Tile]:
        """Return the tiles of an image of this height and width; one that holds it all where it is not cut."""
        if not self.tile or max(size) <= self.tile:
            return [Tile(top=0, left=0, height=size[0], width=size[1])]
        return list(tiles(size, self.tile, self.tile // 4))

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the pixels of each tile [tiles, channels, height, width] in float32, normalised."""
        places = self.places((image.height, image.width))
        boxes = [(at.left, at.top, at.left + at.width, at.top + at.height) for at in places]
        return torch.stack([self.pixels(image.crop(box)) for box in boxes])


class PartExamples:
    """Rows of parts, opened when they are asked for; `masks` are paths, "" where a part has none."""

    lengths = None

    def __init__(
        self,
        paths: Sequence[str],
        masks: Sequence[str],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: PartPreprocessing,
        open_image: Callable[[str], Image.Image],
    ) -> None:
        self.paths, self.masks, self.ids, self.fingerprints = paths, masks, ids, fingerprints
        self.preprocessing, self.open_image = preprocessing, open_image

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, row: int) -> Image.Image:
        """Return the image of a row at its own size."""
        return self.open_image(self.paths[row])

    def images(self) -> Iterator[Image.Image]:
        """Yield the image of each row in order."""
        return map(self.open_image, self.paths)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [tiles, channels, height, width] of all tiles of some rows."""
        del augment
        return {"pixel_values": torch.cat([self.preprocessing(self.image(row)) for row in rows])}


def scan(
    features: PatchFeatures,
    preprocessing: PartPreprocessing,
    images: Iterable[Image.Image],
    *,
    precision: str,
    at_once: int = AT_ONCE,
) -> Iterator[tuple[tuple[int, int], Tensor]]:
    """Yield of each image, in order, its height and width and the features [tiles, rows, columns, width].

    At most `at_once` tiles are computed together, and those of at most one image more than fill them are in memory.
    """
    features.eval()
    waiting: list[tuple[tuple[int, int], Tensor]] = []
    for image in images:
        waiting.append(((image.height, image.width), preprocessing(image)))
        if sum(len(pixels) for _, pixels in waiting) >= at_once:
            yield from computed_features(features, waiting, precision, at_once)
            waiting = []
    if waiting:
        yield from computed_features(features, waiting, precision, at_once)


def computed_features(
    features: PatchFeatures, waiting: Sequence[tuple[tuple[int, int], Tensor]], precision: str, at_once: int
) -> Iterator[tuple[tuple[int, int], Tensor]]:
    """Yield of each image that is `waiting`, its size and the pixels of its tiles, what `scan` does."""
    device = next(features.parameters()).device
    parts = torch.split(torch.cat([pixels for _, pixels in waiting]), at_once)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        found = torch.cat([features(part.to(device)) for part in parts])
    counts = [len(pixels) for _, pixels in waiting]
    yield from zip((size for size, _ in waiting), torch.split(found, counts), strict=True)
