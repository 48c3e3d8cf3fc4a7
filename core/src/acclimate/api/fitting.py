"""Training: what the method adds is installed, gradient steps are taken, and the best epoch is kept."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import evaluation, methods, models, training
from acclimate.api import deciding
from acclimate.api.gradient import Groups, OnEpoch, checkpoint_of, measured, told_training, try_step
from acclimate.api.heads import put_head
from acclimate.api.subject import Subject, logits_of, probe_rows, to_device
from acclimate.contracts import BackboneError, Finding, Plan
from acclimate.models import Classifier, StackClassifier

_RESTARTS = 4
_ATTENTION_RATE = 1e-3  # where a method, which knows encoders and heads, names none
Replayed = TypeVar("Replayed", bound="HasExamples")


class HasExamples(Protocol):
    """A subject of any task, as a dataclass: its model, its rows by part, and where files may be kept."""

    @property
    def model(self) -> Any: ...
    @property
    def examples(self) -> Mapping[str, Any]: ...
    @property
    def cache(self) -> Path: ...


def install(subject: Subject, plan: Plan) -> Groups:
    """Add what the method adds to the model, whose head is solved by now, and return the optimizer groups."""
    assert plan.groups is not None
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        if plan.head == "random":
            subject.model.head.reset_parameters()
        subject.model.to(training.device())
        return _with_attention(subject.model, plan.groups(subject.model))


def _with_attention(model: Classifier, groups: Groups) -> Groups:
    """Return the groups of a method with the attention of stacks, which is as new as the head, where they lack it."""
    named = {id(parameter) for group in groups for parameter in group["params"]}
    if not isinstance(model, StackClassifier) or any(id(p) in named for p in model.pooler.parameters()):
        return groups
    return [*groups, {"params": list(model.pooler.parameters()), "lr": _ATTENTION_RATE, "weight_decay": 0.01}]


def train(
    subject: Subject, plan: Plan, groups: Groups, forward_precision: str, on_epoch: OnEpoch
) -> tuple[training.Trained, Groups, tuple[Finding, ...]]:
    """Take the plan's gradient steps; the validation rows choose the epoch and the temperature of its logits.

    Fine-tuning makes a model too sure of itself before it makes it worse: by its plain log-loss an early epoch would
    be kept. So an epoch is judged at its best temperature, which then becomes part of the head (Guo et al. 2017).
    The groups that are returned have the rates that were used at last: a collapse halves them.
    """
    arithmetic = training_arithmetic(subject, plan)
    precisions = {"train": arithmetic.precision, "validation": forward_precision}
    with replaying(subject, plan, precisions) as (rows, notes):
        trained, groups, more = _fit(rows, plan, groups, precisions, on_epoch)
    if trained.best_epoch > 0:
        _cool(subject.model, trained.history[trained.best_epoch]["temperature"])
    return trained, groups, (*notes, *more, told_training(arithmetic))


@contextmanager
def replaying(
    subject: Replayed, plan: Plan, precisions: Mapping[str, str]
) -> Iterator[tuple[Replayed, tuple[Finding, ...]]]:
    """Give the rows with what enters the first trained block, computed once, where plan and model allow it."""
    boundary = methods.boundary(plan)
    if boundary is None:
        yield subject, ()
        return
    with tempfile.TemporaryDirectory(dir=subject.cache) as folder:
        replay = models.Replay(subject.model, boundary.first, boundary.below)
        reason = replay.refusal(subject.examples["train"], Path(folder), precision=precisions["train"])
        if reason and boundary.required:
            raise BackboneError(f"Option 'cache' is 'on', but {reason}.", "Set it to 'auto' or 'off'.")
        if reason:
            message = f"Every epoch runs all blocks: {reason}."
            yield subject, (Finding(code="not-recorded", level="note", message=message),)
            return
        rows = {
            part: replay.record(subject.examples[part], Path(folder) / part, precision=precision)
            for part, precision in precisions.items()
        }
        with replay.active():
            yield replace(subject, examples={**subject.examples, **rows}), ()  # type: ignore[type-var]


def _fit(
    subject: Subject, plan: Plan, groups: Groups, precisions: Mapping[str, str], on_epoch: OnEpoch
) -> tuple[training.Trained, Groups, tuple[Finding, ...]]:
    """Train; after a collapse to one class begin again at half the rate, three times at most."""
    found: list[Finding] = []
    for _ in range(_RESTARTS):
        trained = _attempt(subject, plan, groups, precisions, on_epoch)
        if not trained.collapsed:
            break
        rate = max(float(group["lr"]) for group in groups)
        groups = [{**group, "lr": float(group["lr"]) / 2} for group in groups]
        last = len(found) + 1 == _RESTARTS
        message = f"At a learning rate of {rate:.1e} the model gave every validation row one class after an epoch; "
        message += "the start was kept." if last else "training began again at half of it."
        found.append(Finding(code="collapsed", level="warning", message=message))
    return trained, groups, tuple(found)


def _attempt(
    subject: Subject, plan: Plan, groups: Groups, precisions: Mapping[str, str], on_epoch: OnEpoch
) -> training.Trained:
    validation = deciding.choosing(subject.parts["validation"])

    def validate() -> tuple[Mapping[str, float], NDArray[np.float64]]:
        logits = logits_of(subject, "validation", precisions["validation"])
        temperature, loss = evaluation.best_temperature(logits, validation.truth)
        losses = evaluation.row_losses(logits / temperature, validation.truth)
        if validation.multilabel:
            # No look-out for a collapse to one class: that all rows are given no label may be a good start.
            f1 = evaluation.micro_f1(validation.truth, logits, np.ones(len(logits)))
            return {"log_loss": loss, "micro_f1": f1, "temperature": temperature}, losses
        predicted = logits.argmax(axis=1)
        scores = {
            "log_loss": loss,
            "accuracy": float((predicted == validation.truth).mean()),
            "temperature": temperature,
            "predicted_classes": len(np.unique(predicted)),
        }
        return scores, losses

    def solve_head() -> None:
        train = subject.parts["train"]
        features = models.current_features(
            subject.model, subject.examples["train"], precision=precisions["validation"]
        )
        put_head(subject.model, features, train.truth, groups=train.groups, seed=subject.settings.seed)

    return training.fit(
        subject.model,
        plan,
        groups,
        subject.examples["train"],
        subject.parts["train"].truth,
        settings=subject.settings,
        precision=precisions["train"],
        validate=validate,
        shown=subject.shown,
        on_epoch=on_epoch,
        solve_head=None if plan.objective is None else solve_head,
        checkpoint=checkpoint_of(subject, plan, groups, decisive=[subject.parts["train"].truth.tolist()]),
    )


def _cool(model: Classifier, temperature: float) -> None:
    with torch.no_grad():
        model.head.weight.div_(temperature)
        model.head.bias.div_(temperature)


def training_arithmetic(subject: Subject, plan: Plan) -> training.Arithmetic:
    """Return the precision of training steps, after what the method adds is installed."""
    step = training_step(subject, plan, probe_rows(subject, plan.batch_size))
    return measured(subject, step, f"training {plan.method}")


def training_step(subject: Subject, plan: Plan, rows: Sequence[int]) -> Callable[[str], None]:
    """Return a function that runs training rows forward and back in a precision, and changes no weight."""
    inputs = to_device(subject.examples["train"].batch(rows))
    truth = torch.from_numpy(subject.parts["train"].truth[rows]).to(training.device())

    def step(precision: str) -> None:
        try_step(subject.model, plan, lambda: training.loss_of(subject.model(**inputs), truth), precision)

    return step
