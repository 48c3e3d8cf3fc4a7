"""Batches for training: shuffled, of similar length, the same for the same seed."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from acclimate.contracts import Objective


class LengthBatches(Sampler[list[int]]):
    """Rows in random batches whose texts have similar lengths.

    Rows are shuffled, taken in pools of 50 batches, sorted by length within a pool and cut into batches, which
    are shuffled again: little is padded, and no length comes first. Without lengths it is a plain shuffle.
    Every pass over it draws a new order from (seed, pass).
    """

    def __init__(self, rows: int, lengths: NDArray[np.int64] | None, *, batch_size: int, seed: int) -> None:
        self.rows, self.lengths = rows, lengths
        self.batch_size, self.seed = batch_size, seed
        self.passes = 0

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng([self.seed, self.passes])
        self.passes += 1
        order = random.permutation(self.rows)
        if self.lengths is not None:
            pools = _chunks(order, 50 * self.batch_size)
            order = np.concatenate([pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools])
        batches = _chunks(order, self.batch_size)
        for place in random.permutation(len(batches)):
            yield [int(row) for row in batches[place]]


class DrawnBatches(Sampler[list[int]]):
    """The batches that an objective draws; every pass over it is the next epoch."""

    def __init__(self, objective: Objective, truth: NDArray[np.integer], *, batch_size: int, seed: int) -> None:
        self.objective, self.truth = objective, truth
        self.batch_size, self.seed = batch_size, seed
        self.passes = 0

    def __len__(self) -> int:
        return self.objective.steps(self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        epoch = self.passes
        self.passes += 1
        yield from self.objective.draw(self.truth, self.batch_size, self.seed, epoch)


def _chunks(values: NDArray[np.int64], size: int) -> Sequence[NDArray[np.int64]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
