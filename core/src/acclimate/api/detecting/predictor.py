"""A saved run at work: score, decision, map and regions of new parts."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from acclimate import models
from acclimate.api.detecting.deciding import decided_of
from acclimate.api.own_pixels import prepared
from acclimate.api.saved_run import SavedRun
from acclimate.contracts import DataError, PartPrediction
from acclimate.models.anomaly import Judged, regions
from acclimate.plugins import Host


class PartPredictor(SavedRun[models.Detector, models.PartPreprocessing]):
    """What `load` returns of a run that inspects parts; `labels` are the names of good and of defective ones."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Detector, models.PartPreprocessing)
        self.labels: tuple[str, ...] = self.model.labels
        self.decided = decided_of(self.manifest)

    @property
    def precision(self) -> str:
        """The arithmetic of forward passes."""
        return str(self.manifest["precision"])

    def predict(self, images: Sequence[str | Path | Image.Image]) -> list[PartPrediction]:
        """Return what is said of each part, given as a path or a Pillow image; places are in the image's own pixels.

        Raises:
            DataError: when an image cannot be read.
        """
        if isinstance(images, str | Path | Image.Image):
            raise DataError("predict takes a list, found a single image.", "Write predict([image]).")
        return list(self.predictions([self.opened(image) for image in images]))

    def predictions(self, images: Iterable[Image.Image]) -> Iterator[PartPrediction]:
        """Yield what is said of each image that was opened and prepared already, in order; few are in memory."""
        for judged in self.model.judged(self.preprocessing, images, precision=self.precision):
            yield self.decide(judged)

    def opened(self, image: str | Path | Image.Image) -> Image.Image:
        """Return an image as the model reads it, upright, in colour and prepared.

        Raises:
            DataError: when it cannot be read.
        """
        return prepared(image, self.prepare)

    def decide(self, judged: Judged) -> PartPrediction:
        """Return what is said of a part by its score and its map."""
        rejected = judged.score > self.decided.threshold
        return PartPrediction(
            score=judged.score,
            threshold=self.decided.threshold,
            rejected=rejected,
            regions=regions(judged.map, self.decided.map_threshold) if rejected else (),
            map=judged.map,
        )


def load(folder: Path, host: Host) -> PartPredictor:
    """Return a saved run that inspects parts, ready to predict."""
    return PartPredictor(folder, host)
