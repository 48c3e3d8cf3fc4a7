"""From the slices of a volume to the voxels that a three-dimensional network reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from acclimate.models.fingerprint import json_hash
from acclimate.models.image import ImagePreprocessing
from acclimate.models.shades import normalised

_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePreprocessing:
    """How many voxels a backbone reads, and their statistics; each slice is read as `slices` says.

    `depth` is the number of slices that the network sees. A volume is resized to that and to the size of `slices`,
    whole. Where it is `placed` instead, it keeps its millimetres: it lies in the middle, black is put around it, and
    what is larger is cut off on both sides alike. `standardised` volumes have mean 0 and standard deviation 1 each.
    """

    slices: ImagePreprocessing
    depth: int
    placed: bool = False
    standardised: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; `from_dict` gives the same preprocessing back."""
        return {
            "slices": self.slices.to_dict(),
            "depth": self.depth,
            "placed": self.placed,
            "standardised": self.standardised,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "VolumePreprocessing":
        """Return the preprocessing that `to_dict` wrote."""
        return cls(**{**values, "slices": ImagePreprocessing.from_dict(values["slices"])})

    @property
    def hash(self) -> str:
        """Name these values exactly."""
        return json_hash(self.to_dict())

    @property
    def size(self) -> tuple[int, int, int]:
        """The number of voxels: slices, rows and columns."""
        return self.depth, *self.slices.size

    @property
    def light(self) -> float:
        """By what a change of brightness is multiplied."""
        return 1.0 if self.standardised else self.slices.light

    def __call__(self, images: Sequence[Image.Image]) -> Tensor:
        """Return the voxels [channels, depth, height, width] in float32, normalised."""
        voxels = self._placed(images) if self.placed else self._resized(images)
        if self.standardised:
            voxels = (voxels - voxels.mean()) / voxels.std(correction=0).clamp(min=_LEAST_DEVIATION)
        return voxels.contiguous()

    def slice_of(self, index: int, slices: int) -> int:
        """Return the slice of a volume of so many that the network sees at `index`, the nearest if it has none."""
        if self.placed:
            found = index + max(0, slices - self.depth) // 2 - max(0, self.depth - slices) // 2
        else:
            found = int((index + 0.5) * slices / self.depth)
        return min(max(found, 0), slices - 1)

    def in_slice(self, values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
        """Return values [height, width] of what the network sees of a slice where they lie in it; `size` is Pillow's.

        Where a volume was placed, what was put around it is left, and 0 stands where it was cut.
        """
        if not self.placed:
            return values
        rows, columns = size[1], size[0]
        return _centred(torch.from_numpy(values)[None, None], (1, rows, columns))[0, 0].numpy()

    def _resized(self, images: Sequence[Image.Image]) -> Tensor:
        slices = torch.stack([self.slices(image) for image in images], dim=1)  # [channels, slices, height, width]
        flat = slices.flatten(2)[None]  # slices and pixels as the two sides of a picture, of which one is resized
        resized = interpolate(flat, size=(self.depth, flat.shape[3]), mode="bilinear", antialias=True)
        return resized[0].reshape(-1, *self.size)

    def _placed(self, images: Sequence[Image.Image]) -> Tensor:
        own, (width, height) = self.slices, images[0].size
        same = [image if image.size == (width, height) else image.resize((width, height)) for image in images]
        pixels = [normalised(image, mean=own.mean, std=own.std, values=own.values) for image in same]
        found = torch.stack(pixels, dim=1)
        black = normalised(Image.new("L", (1, 1)), mean=own.mean, std=own.std, values=own.values)  # [channels, 1, 1]
        # Zero is then black, which is what is put around.
        return _centred(found - black[:, None], self.size) + black[:, None]


def _centred(voxels: Tensor, size: Sequence[int]) -> Tensor:
    """Return [channels, *size] of [channels, slices, rows, columns]: its middle, with zeros around it."""
    for axis, wanted in enumerate(size, 1):
        surplus = max(0, voxels.shape[axis] - wanted)
        voxels = voxels.narrow(axis, surplus // 2, voxels.shape[axis] - surplus)
    sides: list[int] = []
    for axis in (3, 2, 1):
        lacking = size[axis - 1] - voxels.shape[axis]
        sides += [lacking // 2, lacking - lacking // 2]
    return pad(voxels, sides)
