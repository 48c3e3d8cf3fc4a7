"""Training on chats: the answers of training rows teach, those of validation rows choose the epoch."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods, models, training
from acclimate.api.generating.subject import ChatSubject
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
from acclimate.contracts import OptionError, Plan

_AT_ONCE = 8


def check_plan(plan: Plan) -> None:
    """Raise OptionError for a plan that must record what enters its trained blocks."""
    boundary = methods.boundary(plan)
    if boundary is not None and boundary.required:
        raise OptionError("Option 'cache' records what rows with labels give.", "Leave 'cache' at 'auto'.")


def forward_arithmetic(subject: ChatSubject) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""

    def forward(precision: str) -> None:
        subject.model.to(training.device())
        batch = some(subject.examples["train"], _AT_ONCE)
        batch.pop("truth")
        with torch.inference_mode(), autocast(precision):
            models.Supervised(subject.model)(**batch)

    return measured(subject, forward, "chat forward")


def learn(subject: ChatSubject, plan: Plan, forward: training.Arithmetic, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    groups = install(subject, plan)
    steps = measured(
        subject,
        lambda precision: try_step(subject.model, plan, lambda: _loss(subject, plan), precision),
        f"chat training {plan.method}",
    )
    trained = training.fit(
        models.Supervised(subject.model),
        plan,
        groups,
        subject.examples["train"],
        None,
        settings=subject.settings,
        precision=steps.precision,
        validate=partial(_validate, subject, forward.precision),
        shown=subject.shown,
        on_epoch=on_epoch,
        checkpoint=checkpoint_of(subject, plan, groups),
    )
    notes = (told_forward(forward), told_training(steps))
    return Learned(trained=trained, precision=forward.precision, rates=rates_of(groups), notes=notes)


def _validate(subject: ChatSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the loss of a token of the validation answers, and what each chat adds to it, [chats]."""
    found = models.chat_losses(subject.model, subject.examples["validation"], precision=precision)
    # Their mean is the loss of a token: a long answer counts as it does in training.
    shares = found[:, 0] * len(found) / found[:, 1].sum()
    loss = float(shares.mean())
    return {"loss": loss, "perplexity": float(np.exp(loss))}, shares


def _loss(subject: ChatSubject, plan: Plan) -> torch.Tensor:
    batch = some(subject.examples["train"], plan.batch_size)
    truth = batch.pop("truth")
    return training.loss_of(models.Supervised(subject.model)(**batch), truth)
