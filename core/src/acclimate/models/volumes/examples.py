"""Rows of volumes as model inputs, opened and prepared when they are asked for."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from acclimate.models.image import augmented
from acclimate.models.volumes.preprocessing import VolumePreprocessing

OpenSlices = Callable[[str], Sequence[Image.Image]]


class VolumeExamples:
    """Rows of volumes, each an ordered series of slices; `shapes` are their [slices, rows, columns] as they are read.

    `augment` changes brightness and contrast of a whole volume by at most a tenth and, where `mirrored`, mirrors its
    rows and columns.
    """

    lengths = None

    def __init__(
        self,
        paths: Sequence[str],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        shapes: Sequence[tuple[int, int, int]],
        *,
        preprocessing: VolumePreprocessing,
        open_stack: OpenSlices,
        mirrored: bool = True,
    ) -> None:
        self.paths, self.ids, self.fingerprints, self.shapes = paths, ids, fingerprints, shapes
        self.preprocessing, self.open_stack, self.mirrored = preprocessing, open_stack, mirrored

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, channels, depth, height, width]."""
        voxels = [self.preprocessing(self.open_stack(self.paths[row])) for row in rows]
        if augment is not None:
            light = self.preprocessing.light
            voxels = [augmented(each, augment, mirrored=self.mirrored, light=light) for each in voxels]
        return {"pixel_values": torch.stack(voxels)}

    def cut(self) -> tuple[int, float]:
        """Return how many volumes are cut to fit, and what share of the voxels of all volumes that takes away."""
        if not self.preprocessing.placed or not self.shapes:
            return 0, 0.0
        shapes = np.asarray(self.shapes, dtype=np.float64)
        kept = np.minimum(shapes, self.preprocessing.size)
        return int((shapes > kept).any(axis=1).sum()), float(1 - kept.prod(axis=1).sum() / shapes.prod(axis=1).sum())
