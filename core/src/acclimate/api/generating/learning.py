"""Training on chats: the answers of training rows teach, those of validation rows choose the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods, models, training
from acclimate.api.fitting import Groups, OnEpoch
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import checkpoint_of, precision_notes
from acclimate.contracts import Finding, OptionError, Plan


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

    def forward(precision: str) -> None:
        batch = _some(subject, 8)
        batch.pop("truth")
        with torch.inference_mode(), _autocast(precision):
            models.Supervised(subject.model)(**batch)

    return _measured(subject, forward, "chat forward")


def learn(subject: ChatSubject, plan: Plan, forward: training.Arithmetic, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    groups = _install(subject, plan)
    steps = _measured(subject, partial(_step, subject, plan), f"chat training {plan.method}")
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
        checkpoint=_checkpoint(subject, plan, groups),
    )
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    return Learned(trained=trained, rates=rates, notes=precision_notes(forward, steps))


def _install(subject: ChatSubject, plan: Plan) -> Groups:
    assert plan.groups is not None, "every method for language models takes gradient steps"
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


def _validate(subject: ChatSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the loss of a token of the validation answers, and what each chat adds to it, [chats]."""
    found = models.chat_losses(subject.model, subject.examples["validation"], precision=precision)
    # Their mean is the loss of a token: a long answer counts as it does in training.
    shares = found[:, 0] * len(found) / found[:, 1].sum()
    loss = float(shares.mean())
    return {"loss": loss, "perplexity": float(np.exp(loss))}, shares


def _step(subject: ChatSubject, plan: Plan, precision: str) -> None:
    """Run training rows forward and back, and change no weight."""
    batch = _some(subject, plan.batch_size)
    truth = batch.pop("truth")
    subject.model.train()
    with _autocast(precision):
        logits = models.Supervised(subject.model)(**batch)
    torch.autograd.backward(training.loss_of(logits, truth))
    subject.model.zero_grad(set_to_none=True)


def _measured(subject: ChatSubject, step: object, kind: str) -> training.Arithmetic:
    with training.seeded(subject.settings.seed):
        return training.choose_arithmetic(
            subject.settings.precision,
            step,  # type: ignore[arg-type]
            store=subject.cache / "precision.json",
            key=f"{kind} {subject.resolved.weights[:16]}",
        )


def _autocast(precision: str) -> torch.autocast:
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def _some(subject: ChatSubject, size: int) -> dict[str, torch.Tensor]:
    examples = subject.examples["train"]
    subject.model.to(training.device())
    batch = examples.batch(range(min(size, len(examples))))
    return {name: value.to(training.device()) for name, value in batch.items()}


def _checkpoint(subject: ChatSubject, plan: Plan, groups: Groups) -> training.Checkpoint | None:
    decisive = [
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
    ]
    return checkpoint_of(subject.checkpoint, subject.settings, plan, groups, decisive, ("peft",))
