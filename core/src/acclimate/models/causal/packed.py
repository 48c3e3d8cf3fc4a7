"""Rows as the training engine asks for them: a step's rows in packs."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.causal.layout import Layout
from acclimate.models.causal.loss import step_loss
from acclimate.models.causal.rows import SupervisedRow


class Rows(Protocol):
    """Rows in tokens, by number."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> NDArray[np.int64]: ...

    def row(self, number: int) -> SupervisedRow: ...


class PackedExamples:
    """Examples for the training engine, for a model wrapped in `SupervisedLoss` and the loss `batch_loss`."""

    def __init__(self, rows: Rows, layout: Layout) -> None:
        self.rows, self.layout = rows, layout

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row."""
        return self.rows.lengths

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Any]:
        """Return the packs of some rows as one batch, with the targets as `truth`; text is never augmented."""
        del augment
        parts = self.layout.parts([self.rows.row(number) for number in rows])
        inputs = self.layout.inputs([pack for part in parts for pack in part])
        return {**inputs, "truth": inputs["targets"]}


def batch_loss(losses: Tensor, truth: Tensor) -> Tensor:
    """Return the mean of the losses of a batch, over all that is learned in it.

    Raises:
        DataError: when it is no number.
    """
    return step_loss(losses, len(truth))
