"""Stacks of images as model inputs: opened when they are asked for, padded to the tallest of a batch."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from acclimate.models.image import ImagePreprocessing, augmented

OpenStack = Callable[[str], Sequence[Image.Image]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPreprocessing:
    """The preprocessing of an image backbone, for each slice of a stack."""

    slices: ImagePreprocessing

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; `from_dict` gives the same preprocessing back."""
        return self.slices.to_dict()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StackPreprocessing":
        """Return the preprocessing that `to_dict` wrote."""
        return cls(slices=ImagePreprocessing.from_dict(values))

    @property
    def hash(self) -> str:
        """Name these values exactly; they are those of single images, whose features are the same."""
        return self.slices.hash

    def __call__(self, images: Sequence[Image.Image]) -> Tensor:
        """Return the pixels [slices, channels, height, width] in float32, normalised."""
        return torch.stack([self.slices(image) for image in images])


class StackExamples:
    """Rows of stacks, each an ordered series of images.

    `names` are those of the slices of each row, `counts` [rows] how many there are. `augment` changes all slices of a
    row in the same way.
    """

    def __init__(
        self,
        paths: Sequence[str],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        names: Sequence[Sequence[str]],
        *,
        preprocessing: StackPreprocessing,
        open_stack: OpenStack,
        mirrored: bool = True,
    ) -> None:
        self.paths, self.ids, self.fingerprints, self.mirrored = paths, ids, fingerprints, mirrored
        self.names, self.counts = names, np.array([len(each) for each in names], dtype=np.int64)
        self.preprocessing, self.open_stack = preprocessing, open_stack

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Slices of each row: rows of similar numbers are put into one batch."""
        return self.counts

    def pixels(self, row: int) -> Tensor:
        """Return the slices of one row, [slices, channels, height, width]."""
        return self.preprocessing(self.open_stack(self.paths[row]))

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, slices, channels, height, width] and `slice_mask` [batch, slices]."""
        stacks = [self.pixels(row) for row in rows]
        if augment is not None:
            light = self.preprocessing.slices.light
            stacks = [_augmented(stack, int(augment.integers(2**63)), self.mirrored, light) for stack in stacks]
        return padded(stacks, "pixel_values")


class PreparedStacks:
    """Stacks that are prepared already, [slices, channels, height, width] each, with the names of their slices."""

    def __init__(self, pixels: Sequence[Tensor], names: Sequence[Sequence[str]]) -> None:
        self.stacks, self.names = pixels, names
        self.ids = self.fingerprints = [str(number) for number in range(len(pixels))]

    def __len__(self) -> int:
        return len(self.stacks)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Slices of each row."""
        return np.array([len(stack) for stack in self.stacks], dtype=np.int64)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, slices, channels, height, width] and `slice_mask` [batch, slices]."""
        del augment
        return padded([self.stacks[row] for row in rows], "pixel_values")


def padded(stacks: Sequence[Tensor], name: str) -> dict[str, Tensor]:
    """Return stacks of [slices, ...] as one [batch, slices, ...] under `name`, and which slices there are.

    What stands beyond the last slice of a stack is 0, and `slice_mask` [batch, slices] false.
    """
    most = max(len(stack) for stack in stacks)
    values = stacks[0].new_zeros(len(stacks), most, *stacks[0].shape[1:])
    mask = torch.zeros(len(stacks), most, dtype=torch.bool)
    for place, stack in enumerate(stacks):
        values[place, : len(stack)] = stack
        mask[place, : len(stack)] = True
    return {name: values, "slice_mask": mask}


def _augmented(stack: Tensor, seed: int, mirrored: bool, light: float) -> Tensor:
    """Return a stack whose slices are all mirrored and relit in the same way."""
    return torch.stack([augmented(one, np.random.default_rng(seed), mirrored=mirrored, light=light) for one in stack])


class SliceRows:
    """Every slice of some stacks as a row of its own; the slices of one stack stand together."""

    lengths = None

    def __init__(self, stacks: StackExamples, places: Sequence[int]) -> None:
        self.stacks = stacks
        counts = stacks.counts[list(places)]
        self._slices = [
            (place, slice_) for place, count in zip(places, counts, strict=True) for slice_ in range(count)
        ]
        self.ids = [f"{stacks.ids[place]}#{slice_}" for place, slice_ in self._slices]
        self.fingerprints = [
            hashlib.sha256(f"{stacks.fingerprints[place]}#{slice_}".encode()).hexdigest()
            for place, slice_ in self._slices
        ]

    def __len__(self) -> int:
        return len(self._slices)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, channels, height, width]."""
        del augment
        wanted: dict[int, Sequence[Image.Image]] = {}
        images = []
        for row in rows:
            place, slice_ = self._slices[row]
            if place not in wanted:
                wanted[place] = self.stacks.open_stack(self.stacks.paths[place])
            images.append(wanted[place][slice_])
        pixels = self.stacks.preprocessing(images)
        return {"pixel_values": pixels.contiguous(memory_format=torch.channels_last)}
