"""Training on rows whose batches hold their own truth, such as masks and tags, by the loss of their task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import methods, training
from acclimate.api.fitting import replaying
from acclimate.api.gradient import (
    Learned,
    OnEpoch,
    autocast,
    checkpoint_of,
    install,
    measured,
    rates_of,
    some,
    told_forward,
    told_training,
    try_step,
)
from acclimate.api.subject import Trainable
from acclimate.contracts import Finding, Plan

Validated = tuple[Mapping[str, float], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a task has of its own: a word for its rows, its loss, how an epoch is judged, what else decides it.

    `validate` takes the precision of forward passes and returns scores of the validation rows with the loss of each.
    `at_once` rows are computed in a forward pass; `libraries` are distributions whose versions change a result.
    """

    kind: str
    loss: Callable[[Tensor, Tensor], Tensor]
    validate: Callable[[str], Validated]
    at_once: int
    libraries: Sequence[str]


def learn(subject: Trainable, plan: Plan, lesson: Lesson, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    forward = forward_arithmetic(subject, lesson)
    groups = install(subject, plan)
    steps = measured(
        subject,
        lambda precision: try_step(subject.model, plan, lambda: _loss(subject, plan, lesson), precision),
        f"{lesson.kind} training {plan.method}",
    )
    with replaying(subject, plan, {"train": steps.precision}) as (rows, recorded):
        trained = training.fit(
            subject.model,
            plan,
            groups,
            rows.examples["train"],
            None,
            settings=subject.settings,
            precision=steps.precision,
            validate=lambda: lesson.validate(forward.precision),
            shown=subject.shown,
            on_epoch=on_epoch,
            checkpoint=checkpoint_of(subject, plan, groups, libraries=lesson.libraries),
            loss=lesson.loss,
        )
    notes = (*recorded, told_forward(forward), told_training(steps))
    return Learned(trained=trained, precision=forward.precision, rates=rates_of(groups), notes=notes)


def learn_from_solved(
    subject: Trainable, plan: Plan, lesson: Lesson, precision: tuple[str, Finding], on_epoch: OnEpoch
) -> Learned:
    """Train by the plan from the head that was solved, or leave that head where the plan trains nothing.

    `precision` is that of forward passes, and what to say of it.
    """
    if not plan.trains:
        methods.freeze(subject.model.encoder)
        return Learned(trained=None, precision=precision[0], rates=(), notes=precision[1:])
    if plan.head == "random":
        with training.seeded(subject.settings.seed):
            subject.model.head.reset_parameters()
    return learn(subject, plan, lesson, on_epoch)


def forward_arithmetic(subject: Trainable, lesson: Lesson) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""

    def forward(precision: str) -> None:
        inputs = some(subject.examples["train"], lesson.at_once)
        inputs.pop("truth")
        with torch.inference_mode(), autocast(precision):
            subject.model(**inputs)

    return measured(subject, forward, f"{lesson.kind} forward")


def step_seconds(subject: Trainable, plan: Plan, lesson: Lesson) -> float:
    """Return the seconds of a training step in float32; the model is used up."""
    install(subject, plan)

    def step() -> None:
        try_step(subject.model, plan, lambda: _loss(subject, plan, lesson), "float32")

    step()  # the first one allocates and chooses kernels
    return min(training.seconds_of(step) for _ in range(2))


def _loss(subject: Trainable, plan: Plan, lesson: Lesson) -> Tensor:
    inputs = some(subject.examples["train"], plan.batch_size)
    truth = inputs.pop("truth")
    return lesson.loss(subject.model(**inputs), truth)
