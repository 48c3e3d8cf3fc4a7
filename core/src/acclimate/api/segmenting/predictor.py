"""A saved run at work: masks of new images."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from acclimate import models
from acclimate.api.own_pixels import prepared
from acclimate.api.saved_run import SavedRun
from acclimate.api.segmenting.deciding import ranked, rule_of
from acclimate.api.segmenting.predicting import in_order
from acclimate.contracts import DataError, MaskPrediction
from acclimate.plugins import Host


class MaskPredictor(SavedRun[models.Segmenter, models.PixelPreprocessing]):
    """What `load` returns of a run that gives masks; `classes` are what the values of a mask stand for."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Segmenter, models.PixelPreprocessing)
        self.classes: tuple[str, ...] = self.model.labels
        self.rule = rule_of(self.manifest)

    def predict(self, images: Sequence[str | Path | Image.Image]) -> list[MaskPrediction]:
        """Return the mask of each image, given as a path or a Pillow image, at the image's own size.

        Raises:
            DataError: when an image cannot be read.
        """
        if isinstance(images, str | Path | Image.Image):
            raise DataError("predict takes a list, found a single image.", "Write predict([image]).")
        return list(self.predictions([self.opened(image) for image in images]))

    def predictions(self, images: Sequence[Image.Image]) -> Iterator[MaskPrediction]:
        """Yield the mask of each image that was opened and prepared already, in order."""
        every = range(len(images))
        for _, logits in in_order(
            self.model, self.preprocessing, images.__getitem__, every, precision=self.precision
        ):
            mask = self.rule.mask(ranked(logits))
            counts = np.bincount(mask.ravel(), minlength=len(self.classes)) / mask.size
            yield MaskPrediction(
                mask=mask, classes=self.classes, shares=dict(zip(self.classes, counts.tolist(), strict=True))
            )

    def opened(self, image: str | Path | Image.Image) -> Image.Image:
        """Return an image as the model reads it, upright, in colour and prepared, at its own size.

        Raises:
            DataError: when it cannot be read, or the preparation changes its size.
        """
        return prepared(image, self.prepare)


def load(folder: Path, host: Host) -> MaskPredictor:
    """Return a saved run that gives masks, ready to predict."""
    return MaskPredictor(folder, host)
