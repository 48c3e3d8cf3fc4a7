"""Training on chats: the answers of training rows teach, those of validation rows choose the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods, models, training
from acclimate.api.fitting import Groups, OnEpoch
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import autocast, checkpoint_of, installed, measured, precision_notes
from acclimate.contracts import Finding, OptionError, Plan

_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; `rates` are the peak rates of the optimizer's groups."""

    trained: training.Trained
    rates: tuple[float, ...]
    notes: tuple[Finding, ...]


def check_plan(plan: Plan) -> None:
    """Raise OptionError for a plan that must record what enters its trained blocks."""
    boundary = methods.boundary(plan)
    if boundary is not None and boundary.required:
        raise OptionError("Option 'cache' records what rows with labels give.", "Leave 'cache' at 'auto'.")


def forward_arithmetic(subject: ChatSubject) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""
    subject.model.to(training.device())
    rows = subject.examples["train"].longest(_ROWS)
    inputs = _there(models.padded_inputs(models.separate(rows)))

    def forward(precision: str) -> None:
        with torch.inference_mode(), autocast(precision):
            models.SupervisedLoss(subject.model)(**inputs)

    return measured(subject, forward, "chat forward")


def learn(subject: ChatSubject, plan: Plan, forward: training.Arithmetic, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch.

    Rows of a step are packed behind the system prompt that they share, where the model gives in packs what it gives
    apart; where it does not, each row is computed by itself.
    """
    groups = installed(subject, plan)
    layout = models.layout_of(subject.model, subject.examples["train"].longest(_ROWS))
    rows = models.PackedExamples(subject.examples["train"], layout)
    steps = measured(subject, partial(_step, subject, plan, rows), f"chat training {plan.method}")
    trained = training.fit(
        models.SupervisedLoss(subject.model),
        plan,
        groups,
        rows,
        None,
        settings=subject.settings,
        precision=steps.precision,
        validate=partial(_validate, subject, forward.precision),
        shown=subject.shown,
        on_epoch=on_epoch,
        checkpoint=_checkpoint(subject, plan, groups),
        loss=models.batch_loss,
    )
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    notes = (*_packing(layout), *precision_notes(forward, steps))
    return Learned(trained=trained, rates=rates, notes=notes)


def _packing(layout: models.Layout) -> tuple[Finding, ...]:
    if not layout.reason:
        return ()
    message = f"Every row was trained on by itself, not packed with others: {layout.reason}."
    return (Finding(code="not-packed", level="note", message=message),)


def _validate(subject: ChatSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the loss of a token of the validation answers, and what each chat adds to it, [chats]."""
    found = models.chat_losses(subject.model, subject.examples["validation"], precision=precision)
    # Their mean is the loss of a token: a long answer counts as it does in training.
    shares = found[:, 0] * len(found) / found[:, 1].sum()
    loss = float(shares.mean())
    return {"loss": loss, "perplexity": float(np.exp(loss))}, shares


def _step(subject: ChatSubject, plan: Plan, rows: models.PackedExamples, precision: str) -> None:
    """Run training rows forward and back, and change no weight."""
    batch = _there(rows.batch(range(min(plan.batch_size, len(rows)))))
    truth = batch.pop("truth")
    subject.model.train()
    with autocast(precision):
        losses = models.SupervisedLoss(subject.model)(**batch)
    torch.autograd.backward(models.batch_loss(losses, truth))
    subject.model.zero_grad(set_to_none=True)


def _there(value: Any) -> Any:
    """Return model inputs on the device that computes."""
    if isinstance(value, Mapping):
        return {name: _there(item) for name, item in value.items()}
    return value.to(training.device())


def _checkpoint(subject: ChatSubject, plan: Plan, groups: Groups) -> training.Checkpoint | None:
    decisive = [
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
    ]
    return checkpoint_of(subject.checkpoint, subject.settings, plan, groups, decisive, ("peft",))
