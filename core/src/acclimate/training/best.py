"""The best epoch: validated, kept in memory, put back when training ends.

Few validation rows cannot tell epochs apart: the lowest loss is often an early epoch's by chance. So the latest epoch
is kept that is within one standard error of the lowest loss, of the differences row by row, and lower than the start.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import TrainerCallback

from acclimate.training.averaging import Average

Losses = NDArray[np.float64]
Validate = Callable[[], tuple[Mapping[str, float], Losses]]
Groups = Sequence[Mapping[str, Any]]


class Best(TrainerCallback):
    """Validate at the start and after each epoch, keep the best weights, stop when patience ends."""

    def __init__(
        self,
        validate: Validate,
        groups: Groups,
        average: Average,
        patience: int,
        on_epoch: Callable[[Mapping[str, float]], None] | None,
        solve_head: Callable[[], None] | None = None,
    ) -> None:
        self.validate, self.average, self.patience, self.on_epoch = validate, average, patience, on_epoch
        self.solve_head = solve_head
        self.learning = {id(parameter) for group in groups for parameter in group["params"]}
        self.history: list[Mapping[str, float]] = []
        self.best_epoch = 0
        self.lowest: Losses = np.empty(0)
        self.weights: dict[str, Tensor] = {}
        self.loss: list[float] = []
        self.collapsed = False

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Validate the start; a run that goes on from a checkpoint did so already."""
        if not self.history:
            self._look(model, 0)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs and "loss" in logs:
            self.loss.append(float(logs["loss"]))

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self._look(model, len(self.history))
        if len(self.history) == 2 and _collapsed(*self.history):
            self.collapsed = control.should_training_stop = True
        # Early epochs of a warm-up may lie below the solved head, so the start does not use up patience.
        if len(self.history) - 1 - max(self.best_epoch, 1) >= self.patience:
            control.should_training_stop = True

    def _look(self, model: Any, epoch: int) -> None:
        with self.average.applied():
            if epoch > 0 and self.solve_head is not None:  # at the start it is solved already
                self.solve_head()
            scores, losses = self.validate()
            start = loss_in(self.history[0]) if self.history else np.inf
            lower = epoch == 0 or losses.mean() < self.lowest.mean()
            if lower or (losses.mean() < start and _as_good(losses, self.lowest)):
                self.best_epoch = epoch
                self.lowest = losses if lower else self.lowest
                trained = self.trained(model)
                self.weights = {name: tensor.detach().to("cpu", copy=True) for name, tensor in trained.items()}
        if self.loss:
            scores = {**scores, "training_loss": float(np.mean(self.loss))}
            self.loss.clear()
        self.history.append({"epoch": float(epoch), **scores})
        if self.on_epoch:
            self.on_epoch(self.history[-1])

    def restore(self, model: nn.Module) -> None:
        with torch.no_grad():
            for name, tensor in self.trained(model).items():
                tensor.copy_(self.weights[name])

    def trained(self, model: nn.Module) -> dict[str, Tensor]:
        """Return what training may change: parameters of the groups, frozen until later or not, and buffers."""
        parameters = {name: tensor for name, tensor in model.named_parameters() if id(tensor) in self.learning}
        return {**parameters, **dict(model.named_buffers())}


def loss_in(scores: Mapping[str, float]) -> float:
    """Return the mean loss of the validation rows: "log_loss", or "loss" where something else was minimised."""
    return scores["log_loss"] if "log_loss" in scores else scores["loss"]


def _as_good(losses: Losses, lowest: Losses) -> bool:
    """Tell whether the mean loss is within one standard error, of the differences by row, of the lowest."""
    difference = losses - lowest
    return bool(difference.mean() < difference.std() / np.sqrt(len(difference)))


def _collapsed(start: Mapping[str, float], first: Mapping[str, float]) -> bool:
    """Tell whether a model that told classes apart gives one class to every row after its first epoch."""
    return first.get("predicted_classes") == 1 and start.get("predicted_classes", 1) > 1
