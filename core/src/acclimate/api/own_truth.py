"""Training on rows whose batches hold their own truth, such as masks and tags, by the loss of their task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import models, training
from acclimate.api.fitting import Groups, OnEpoch, replaying
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; `precision` is that of forward passes, `rates` the peak rates of the optimizer's groups.

    `trained` is None where no gradient step was taken.
    """

    trained: training.Trained | None
    precision: str
    rates: tuple[float, ...]
    notes: tuple[Finding, ...]


def learn(subject: Trainable, plan: Plan, lesson: Lesson, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    forward = forward_arithmetic(subject, lesson)
    groups = _install(subject, plan)
    steps = _measured(
        subject, lambda precision: _step(subject, plan, lesson, precision), lesson, f"training {plan.method}"
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
            checkpoint=_checkpoint(subject, plan, lesson, groups),
            loss=lesson.loss,
        )
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    notes = (*recorded, told("forward", forward), told("training", steps))
    return Learned(trained=trained, precision=forward.precision, rates=rates, notes=notes)


def forward_arithmetic(subject: Trainable, lesson: Lesson) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""
    return _measured(subject, lambda precision: _forward(subject, lesson, precision), lesson, "forward")


def told(what: str, chosen: training.Arithmetic) -> Finding:
    """Say which precision was chosen for "forward" or "training", and why."""
    words = {"forward": "Forward passes use", "training": "Training uses float32 weights with products in"}
    return Finding(
        code=f"precision-{what}",
        level="note",
        message=f"{words[what]} {chosen.precision}: {chosen.reason}.",
        details={"precision": chosen.precision},
    )


def about(learned: Learned) -> tuple[Finding, ...]:
    """Say where training left the model as it was."""
    if learned.trained is None or learned.trained.best_epoch:
        return ()
    message = "No epoch was better on the validation rows than the start of training; the saved model is that start. "
    message += "Try a lower learning_rate, or more epochs."
    return (Finding(code="training-did-not-help", message=message),)


def _install(subject: Trainable, plan: Plan) -> Groups:
    assert plan.groups is not None, "what trains nothing has nothing to learn"
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


def _measured(subject: Trainable, step: Callable[[str], None], lesson: Lesson, what: str) -> training.Arithmetic:
    with training.seeded(subject.settings.seed):
        return training.choose_arithmetic(
            subject.settings.precision,
            step,
            store=subject.cache / "precision.json",
            key=f"{lesson.kind} {what} {subject.resolved.weights[:16]}",
        )


def _forward(subject: Trainable, lesson: Lesson, precision: str) -> None:
    inputs, _ = _some(subject, lesson.at_once)
    with torch.inference_mode(), _autocast(precision):
        subject.model(**inputs)


def _step(subject: Trainable, plan: Plan, lesson: Lesson, precision: str) -> None:
    """Run training rows forward and back, and change no weight."""
    inputs, truth = _some(subject, plan.batch_size)
    subject.model.train()
    if plan.frozen_statistics:
        training.freeze_statistics(subject.model)
    with _autocast(precision):
        loss = lesson.loss(subject.model(**inputs), truth)
    torch.autograd.backward(loss)
    subject.model.zero_grad(set_to_none=True)


def _autocast(precision: str) -> torch.autocast:
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def _some(subject: Trainable, size: int) -> tuple[dict[str, Tensor], Tensor]:
    examples = subject.examples["train"]
    batch = examples.batch(range(min(size, len(examples))))
    inputs = {name: value.to(training.device()) for name, value in batch.items()}
    truth = inputs.pop("truth")
    return inputs, truth


def _checkpoint(subject: Trainable, plan: Plan, lesson: Lesson, groups: Groups) -> training.Checkpoint | None:
    """Return where the state is kept, if it is, under a key of all that decides the result."""
    if subject.checkpoint is None:
        return None
    key: list[Any] = [
        asdict(subject.settings),
        plan.method,
        plan.adapter,
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
        [float(group["lr"]) for group in groups],
        [version(name) for name in ("acclimate", "torch", "transformers", *lesson.libraries)],
    ]
    subject.checkpoint.absolute().parent.mkdir(parents=True, exist_ok=True)
    every = 60 * subject.settings.checkpoint_minutes
    return training.Checkpoint(file=subject.checkpoint, key=models.json_hash(key), every_seconds=every)
