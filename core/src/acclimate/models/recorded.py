"""Rows with what enters the first trained block, kept in a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.infer import Examples

# The model input that carries what was recorded: [batch, tokens, width], [batch, channels, height, width], ...
REPLAYED = "replayed"


class Recorded:
    """Rows with what enters the first trained block as one more model input, `replayed`.

    Kept in one memory-mapped file without padding, in the type in which it was computed: of each text
    tokens x width numbers, of each image a whole map or sequence.
    """

    def __init__(
        self, examples: Examples, file: Path, *, starts: NDArray[np.int64], sample: Tensor, pixels: tuple[int, ...]
    ) -> None:
        self.examples = examples
        self.ids, self.fingerprints = examples.ids, examples.fingerprints
        self._starts, self._bytes = starts, np.memmap(file, dtype=np.uint8, mode="r")
        self._dtype, self._shape, self._pixels = sample.dtype, tuple(sample.shape), pixels
        self._channels_last = _is_channels_last(sample)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Tokens of each row, or None where all rows have one size."""
        return self.examples.lengths

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the model inputs of some rows and `replayed`, zero where `attention_mask` is.

        Images are not opened again: `pixel_values` are zeros, which only the skipped layers would look at.

        Raises:
            ValueError: when augmentation is asked for, which would be of images that were recorded without it.
        """
        if augment is not None:
            raise ValueError("recorded rows cannot be augmented; set Plan.augment to False")
        if self._pixels:
            inputs = {"pixel_values": torch.zeros(len(rows), *self._pixels)}
        else:
            inputs = self.examples.batch(rows)
        found = [self._row(row) for row in rows]
        mask = inputs.get("attention_mask")
        if mask is None:
            values = torch.stack([value.view(self._shape[1:]) for value in found])
        else:
            values = torch.zeros(*mask.shape, *self._shape[2:], dtype=self._dtype)
            values[mask.bool()] = torch.cat([value.view(-1, *self._shape[2:]) for value in found])
        if self._channels_last:
            values = values.contiguous(memory_format=torch.channels_last)
        return {**inputs, REPLAYED: values}

    def _row(self, row: int) -> Tensor:
        start, end = self._starts[row]
        return torch.from_numpy(np.array(self._bytes[start:end])).view(self._dtype)


def _is_channels_last(value: Tensor) -> bool:
    return value.ndim == 4 and not value.is_contiguous() and value.is_contiguous(memory_format=torch.channels_last)
