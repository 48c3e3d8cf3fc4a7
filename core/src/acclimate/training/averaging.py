"""A moving average of the weights, which is what is validated, kept and saved where a plan asks for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback


class Average(TrainerCallback):
    """Exponential moving average of the weights that train (Polyak and Juditsky 1992).

    Convolutional networks with frozen batch-normalisation statistics move wildly at the learning rates that change
    their features at all; the average of their steps does not. `decay` is the share of the average that a step
    keeps, less at first (as timm's `ModelEmaV3`), so that the average forgets where it began; 0 averages nothing.
    """

    def __init__(self, groups: Sequence[Mapping[str, Any]], decay: float) -> None:
        self.decay = decay
        self.parameters = [parameter for group in groups for parameter in group["params"]] if decay else []
        self.average: list[Tensor] = [parameter.detach().clone() for parameter in self.parameters]

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the average towards the weights of this step."""
        if not self.decay:
            return
        share = 1 - min(self.decay, (1 + state.global_step) / (10 + state.global_step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, [parameter.detach() for parameter in self.parameters], share)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the average in the place of the weights for a while."""
        current = [parameter.detach().clone() for parameter in self.parameters]
        self._put(self.average)
        try:
            yield
        finally:
            self._put(current)

    def _put(self, values: Sequence[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.copy_(value)
