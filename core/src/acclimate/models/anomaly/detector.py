"""A frozen encoder and what good parts look like to it: scores, maps and regions of new parts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from acclimate.models.anomaly.maps import Map, anomaly_map, blended
from acclimate.models.anomaly.parts import PartPreprocessing, scan
from acclimate.models.anomaly.patches import NEIGHBOURHOOD, STRIDES, PatchFeatures
from acclimate.models.anomaly.scorers import Scorer, Seen, scorer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a detector says of one image: its `score`, and a map of its size [height, width]."""

    score: float
    map: Map


class Detector(nn.Module):
    """Scores parts by the distance of their patches from those of good ones. Nothing in it trains by gradients.

    `labels` are the names of good and of defective parts. `scorer` is put in by a method, empty, and learns by `fit`.
    """

    new_head = True

    def __init__(
        self,
        encoder: nn.Module,
        *,
        labels: tuple[str, ...],
        strides: tuple[int, ...] = STRIDES,
        neighbourhood: int = NEIGHBOURHOOD,
    ) -> None:
        super().__init__()
        self.features = PatchFeatures(encoder, strides=strides, neighbourhood=neighbourhood)
        self.features.requires_grad_(False)
        self.labels, self.stride = labels, strides[0]
        self.scorer: Scorer | None = None

    @property
    def encoder(self) -> nn.Module:
        """The pretrained network."""
        return self.features.encoder

    @property
    def width(self) -> int:
        """The channels of a patch."""
        return self.features.width

    def put(self, adapter: Mapping[str, Any]) -> None:
        """Put in the scorer that an adapter describes, empty."""
        self.scorer = scorer_of(adapter)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the scores of patches [tiles, rows, columns] of pixels [tiles, channels, height, width]."""
        return self.learned.grids(self.features(pixel_values))

    @property
    def learned(self) -> Scorer:
        """The scorer."""
        assert self.scorer is not None, "a method puts a scorer in"
        return self.scorer

    def fit(self, seen: Seen, *, seed: int) -> Tensor | None:
        """Learn what good parts look like; see `Scorer.fit`."""
        with torch.inference_mode():
            found = self.learned.fit(seen, seed=seed)
        # What was made in inference mode could not be saved or moved.
        for name, buffer in list(self.learned.named_buffers()):
            setattr(self.learned, name, buffer.clone())
        return found

    def judged(
        self, preprocessing: PartPreprocessing, images: Iterable[Image.Image], *, precision: str
    ) -> Iterator[Judged]:
        """Yield what is said of each image, in order; a few of them are in memory."""
        for size, features in scan(self.features, preprocessing, images, precision=precision):
            yield self.judge(preprocessing, size, features)

    @torch.inference_mode()
    def judge(self, preprocessing: PartPreprocessing, size: tuple[int, int], features: Tensor) -> Judged:
        """Return what is said of an image of this height and width from its features."""
        grids = self.learned.grids(features)
        places, read = preprocessing.places(size), preprocessing.pixels.size
        maps = (
            anomaly_map(grid, read=read, size=(place.height, place.width))
            for place, grid in zip(places, grids, strict=True)
        )
        whole = next(maps) if len(places) == 1 else blended(zip(places, maps, strict=True), size)
        return Judged(score=self.learned.score(features, grids), map=whole)
