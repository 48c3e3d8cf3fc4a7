"""How well defects are located: maps and masks of test parts at the size at which images are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import find_objects, label

from acclimate import data, evaluation
from acclimate.contracts import Finding, Metric, Score
from acclimate.models import PartExamples, PartPreprocessing
from acclimate.models.anomaly.maps import Map
from acclimate.plugins import Host

Flags = NDArray[np.bool_]
# The longer side up to which maps in tiles are compared at the size of their image.
_LONGEST = 1024
# The least side of a defect, in pixels as they are read, that patches can be expected to show.
SMALLEST = 4.0
_TOUCHING = np.ones((3, 3))


@dataclass(slots=True, kw_only=True)
class Places:
    """Masks and maps of the parts that say where their defects are, and of good ones, collected one by one.

    `defective` [parts] says which are defective; a defective part without a mask is left out. `areas` are the
    pixels of each defective part's defects at its own size, `sides` the least side of each defect as it is read.
    """

    examples: PartExamples
    defective: Flags
    rows: list[int] = field(default_factory=list)
    truth: list[Flags] = field(default_factory=list)
    maps: list[Map] = field(default_factory=list)
    areas: dict[int, int] = field(default_factory=dict)
    sides: list[float] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether some defective part has a mask."""
        return any(mask and bad for mask, bad in zip(self.examples.masks, self.defective, strict=True))

    def add(self, row: int, scores: Map) -> None:
        """Add the map [height, width] of a part."""
        path = self.examples.masks[row]
        if not self.known or (self.defective[row] and not path):
            return
        size = self._size((scores.shape[0], scores.shape[1]))
        inside = np.zeros(scores.shape, dtype=np.bool_)
        if self.defective[row]:
            inside = data.open_mask(path, 2) > 0
            self.areas[row] = int(inside.sum())
            self.sides += _sides(inside, self.examples.preprocessing)
        self.rows.append(row)
        self.truth.append(_shrunk(inside, size))
        self.maps.append(np.asarray(Image.fromarray(scores).resize(size[::-1], Image.Resampling.BOX)))

    def score(
        self, host: Host, metrics: Mapping[str, Metric], groups: list[str] | None, *, seed: int
    ) -> dict[str, Score]:
        """Return the metrics of places; intervals are of whole parts, or groups where they are named."""
        if not self.rows or not metrics:
            return {}
        counted = {name: host.load(metric, "statistics")(self.truth, self.maps) for name, metric in metrics.items()}
        return evaluation.score_statistics(
            counted,
            {name: host.load(metric) for name, metric in metrics.items()},
            groups=None if groups is None else [groups[row] for row in self.rows],
            seed=seed,
        )

    def findings(self) -> tuple[Finding, ...]:
        """Say where defects are too small to be seen as they are read."""
        small = sum(side < SMALLEST for side in self.sides)
        if not small:
            return ()
        message = (
            f"{small:,} of {len(self.sides):,} marked defects are narrower than {SMALLEST:g} pixels as images are "
            f"read, the smallest {min(self.sides):.1f}: they may not be seen. Raise image_size, or read in tiles."
        )
        return (Finding(code="small-defects", message=message),)

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width at which an image of this size is compared."""
        preprocessing = self.examples.preprocessing
        if len(preprocessing.places(size)) == 1:
            return preprocessing.pixels.size
        factor = min(1.0, _LONGEST / max(size))
        return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _shrunk(inside: Flags, size: tuple[int, int]) -> Flags:
    """Return a mask at another size: a pixel is defective where half of it is, and the largest share always is."""
    if inside.shape == size or not inside.any():
        return inside if inside.shape == size else np.zeros(size, dtype=np.bool_)
    shares = np.asarray(Image.fromarray(inside.astype(np.float32)).resize(size[::-1], Image.Resampling.BOX))
    found: Flags = shares >= min(0.5, float(shares.max()))
    return found


def _sides(inside: Flags, preprocessing: PartPreprocessing) -> list[float]:
    """Return the least side of each connected defect of a mask, in pixels as its image, or its tile, is read."""
    place = preprocessing.places((inside.shape[0], inside.shape[1]))[0]
    height, width = preprocessing.pixels.size
    down, across = height / place.height, width / place.width
    labels, _ = label(inside, structure=_TOUCHING)
    return [
        min((rows.stop - rows.start) * down, (columns.stop - columns.start) * across)
        for rows, columns in find_objects(labels)
    ]
