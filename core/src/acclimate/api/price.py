"""What training will take, told from one timed step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from acclimate import training
from acclimate.api import fitting
from acclimate.api.subject import Subject, probe_rows, to_device
from acclimate.contracts import Plan

# A step runs forward and twice as much back (Kaplan et al. 2020, section 2.1).
_FORWARD = 1 / 3
# A bank of good parts is chosen, and every row compared with it: about as much again as the forward passes.
_TWICE = 2.0
_TIMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Seconds that training takes on one fold, and on all training rows."""

    fold_seconds: float
    final_seconds: float

    def seconds(self, folds: int) -> float:
        """Return what so many folds and the run on all rows take."""
        return folds * self.fold_seconds + self.final_seconds

    def after(self, fold_seconds: float) -> "Price":
        """Return the price where a fold turned out to take so long."""
        return replace(
            self, fold_seconds=fold_seconds, final_seconds=self.final_seconds * fold_seconds / self.fold_seconds
        )


def price(fold: Subject, plan: Plan, rows: Mapping[str, int]) -> Price:
    """Return what `plan` takes on a fold, whose model is used up, and on the run's training and validation `rows`."""
    fold_rows = {name: len(part.truth) for name, part in fold.parts.items()}
    if not plan.trains:
        each = _TWICE * _row_seconds(fold)
        return Price(fold_seconds=each * sum(fold_rows.values()), final_seconds=each * sum(rows.values()))
    step = _step_seconds(fold, plan)
    return Price(
        fold_seconds=step * _steps(plan, fold.settings.max_steps, fold_rows),
        final_seconds=step * _steps(plan, fold.settings.max_steps, rows),
    )


def _row_seconds(subject: Subject) -> float:
    """Return the seconds of a forward pass of one row, its preparation included."""
    rows = probe_rows(subject, _TIMED)

    def forward() -> None:
        with torch.inference_mode():
            subject.model.features(to_device(subject.examples["train"].batch(rows)))

    forward()  # the first one allocates and chooses kernels
    return training.seconds_of(forward) / len(rows)


def _steps(plan: Plan, most: int | None, rows: Mapping[str, int]) -> float:
    """Return how many steps training and its forward passes are worth, when no epoch is left out."""
    by_epoch = math.ceil(rows["train"] / plan.batch_size)
    steps = min(plan.epochs * by_epoch, most or math.inf)
    validations = 1 + math.ceil(steps / by_epoch)
    return steps + _FORWARD * (validations * rows["validation"] + rows.get("test", 0)) / plan.batch_size


def _step_seconds(subject: Subject, plan: Plan) -> float:
    """Return the seconds of a step on rows of average length, their preparation included."""
    fitting.install(subject, plan)
    precision = fitting.training_arithmetic(subject, plan).precision
    examples = subject.examples["train"]
    order = np.arange(len(examples))
    if examples.lengths is not None:
        order = np.argsort(np.abs(examples.lengths - examples.lengths.mean()), kind="stable")
    rows = order[: plan.batch_size].tolist()

    def step() -> None:
        fitting.training_step(subject, plan, rows)(precision)

    with training.seeded(subject.settings.seed):
        step()  # the first one allocates and chooses kernels
        return min(training.seconds_of(step) for _ in range(2))
