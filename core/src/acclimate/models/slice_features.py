"""The features of every slice of some stacks: computed once, kept by the cache, and mapped from a file."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models import infer
from acclimate.models.infer import Examples, Progress
from acclimate.models.stack_classifier import StackClassifier
from acclimate.models.stacks import SliceRows, StackExamples, padded
from acclimate.models.subset import Subset

# Slices whose features are asked of the cache, and written to it, in one go.
_CHUNK = 4096


class SliceFeatures:
    """Rows of stacks as `slice_features` [batch, slices, width] with their `slice_mask`: no image is opened again."""

    def __init__(self, examples: Examples, counts: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        self.ids, self.fingerprints = examples.ids, examples.fingerprints
        self.counts, self.values = counts, values
        self._ends = np.cumsum(counts)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Slices of each row."""
        return self.counts

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the model inputs of some rows.

        Raises:
            ValueError: when augmentation is asked for, which would be of images that were encoded without it.
        """
        if augment is not None:
            raise ValueError("features of slices cannot be augmented; set Plan.augment to False")
        return padded([torch.from_numpy(np.array(self._row(row))) for row in rows], "slice_features")

    def means(self) -> NDArray[np.float32]:
        """Return the mean over the slices of each row, [rows, width]."""
        return np.stack([self._row(row).mean(axis=0, dtype=np.float64) for row in range(len(self))]).astype(
            np.float32
        )

    def spread(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean and the standard deviation [width] of all slices."""
        count, total, squares = 0, np.zeros(self.values.shape[1]), np.zeros(self.values.shape[1])
        for row in range(len(self)):
            slices = self._row(row).astype(np.float64)
            count, total, squares = count + len(slices), total + slices.sum(axis=0), squares + (slices**2).sum(axis=0)
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        return mean.astype(np.float32), deviation.astype(np.float32)

    def _row(self, row: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.values[self._ends[row] - self.counts[row] : self._ends[row]]
        return found


def slice_features(
    model: StackClassifier,
    examples: Examples,
    *,
    cache: Path,
    key: Sequence[str],
    precision: str,
    progress: Progress | None = None,
) -> SliceFeatures:
    """Return the features of the slices of every row by the encoder as it is; the arguments are those of `features`.

    They lie in a file that is removed with what is returned.
    """
    stacks, places = _stacks(examples)
    counts = stacks.counts[places]
    with tempfile.TemporaryFile() as file:
        values = np.memmap(file, dtype=np.float32, mode="w+", shape=(int(counts.sum()), model.head.in_features))
    start = 0
    for some in _chunks(places, counts):
        rows = SliceRows(stacks, some)
        values[start : start + len(rows)] = infer.features(
            model, rows, cache=cache, key=key, precision=precision, encode=model.encode
        )
        start += len(rows)
        if progress:
            progress(len(some))
    return SliceFeatures(examples, counts, values)


def _stacks(examples: Examples) -> tuple[StackExamples, NDArray[np.int64]]:
    """Return the stacks that some rows are of, and the place of each row among them."""
    if isinstance(examples, Subset):
        stacks, places = _stacks(examples.examples)
        return stacks, places[examples.places]
    assert isinstance(examples, StackExamples)
    return examples, np.arange(len(examples))


def _chunks(places: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[list[int]]:
    """Yield the places in order, those of some thousand slices at a time."""
    chunk: list[int] = []
    slices = 0
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        if chunk and slices + count > _CHUNK:
            yield chunk
            chunk, slices = [], 0
        chunk.append(place)
        slices += count
    if chunk:
        yield chunk
