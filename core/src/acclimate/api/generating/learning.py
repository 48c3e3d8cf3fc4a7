"""Training on chats: the answers of training rows teach, those of validation rows choose the epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

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
    told_forward,
    told_training,
    try_step,
)
from acclimate.contracts import Finding, OptionError, Plan

_ROWS = 8


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
    return learn_rows(
        subject,
        plan,
        forward,
        on_epoch,
        rows=lambda layout: models.PackedExamples(subject.examples["train"], layout),
        outputs=models.SupervisedLoss,
        loss=models.batch_loss,
        validate=lambda: _validate(subject, forward.precision),
        kind="chat",
    )


def learn_rows(
    subject: ChatSubject,
    plan: Plan,
    forward: training.Arithmetic,
    on_epoch: OnEpoch,
    *,
    rows: Callable[[models.Layout], Any],
    outputs: Callable[[models.LanguageModel], nn.Module],
    loss: Callable[[Tensor, Tensor], Tensor],
    validate: Callable[[], tuple[Mapping[str, float], NDArray[np.float64]]],
    kind: str,
    decisive: Sequence[Any] = (),
) -> Learned:
    """Do as `learn` does, on the examples that `rows` makes of a layout.

    `outputs` wraps the model so that it returns what `loss` takes; `validate` is called after each epoch. `kind`
    names the steps, whose speed is measured once; `decisive` is what decides the result besides rows and options.
    """
    groups = install(subject, plan)
    layout = models.layout_of(subject.model, subject.examples["train"].longest(_ROWS))
    examples = rows(layout)

    def step() -> Tensor:
        batch = _there(examples.batch(range(min(plan.batch_size, len(examples)))))
        truth = batch.pop("truth")
        return loss(outputs(subject.model)(**batch), truth)

    steps = measured(
        subject,
        lambda precision: try_step(subject.model, plan, step, precision),
        f"{kind} training {plan.method}",
    )
    trained = training.fit(
        outputs(subject.model),
        plan,
        groups,
        examples,
        None,
        settings=subject.settings,
        precision=steps.precision,
        validate=validate,
        shown=subject.shown,
        on_epoch=on_epoch,
        checkpoint=checkpoint_of(subject, plan, groups, decisive=decisive),
        loss=loss,
    )
    notes = (*_packing(layout), told_forward(forward), told_training(steps))
    return Learned(trained=trained, precision=forward.precision, rates=rates_of(groups), notes=notes)


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


def _there(value: Any) -> Any:
    """Return model inputs on the device that computes."""
    if isinstance(value, Mapping):
        return {name: _there(item) for name, item in value.items()}
    return value.to(training.device())
