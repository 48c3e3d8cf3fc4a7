"""What training by gradient steps needs whatever is learned: where its state is kept, and what is told of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from acclimate import models, training
from acclimate.contracts import Finding, Plan, Settings

if TYPE_CHECKING:
    from acclimate.api.generating.subject import ChatSubject
    from acclimate.api.segmenting.subject import MaskSubject

Groups = Sequence[Mapping[str, Any]]


def installed(subject: "MaskSubject | ChatSubject", plan: Plan) -> Groups:
    """Add what the method adds to the model, and return the optimizer groups."""
    assert plan.groups is not None, "every method of this task takes gradient steps"
    add: Callable[[Any, Any], None] | None = subject.install
    with training.seeded(subject.settings.seed):
        if add is not None:
            add(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


def measured(subject: "MaskSubject | ChatSubject", step: Callable[[str], None], kind: str) -> training.Arithmetic:
    """Return the precision for a kind of step, as asked for or as measured once on this machine."""
    with training.seeded(subject.settings.seed):
        return training.choose_arithmetic(
            subject.settings.precision,
            step,
            store=subject.cache / "precision.json",
            key=f"{kind} {subject.resolved.weights[:16]}",
        )


def autocast(precision: str) -> torch.autocast:
    """Return what computes products in bfloat16 inside a block, where that is the precision."""
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def parameter_counts(model: nn.Module) -> dict[str, int]:
    """Return how many parameters a model has in all, and how many train."""
    parameters = list(model.parameters())
    return {
        "total": sum(parameter.numel() for parameter in parameters),
        "trainable": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
    }


def start_was_kept(trained: training.Trained) -> tuple[Finding, ...]:
    """Say that no epoch was better than the start, where that is so."""
    if trained.best_epoch:
        return ()
    message = "No epoch was better on the validation rows than the start of training; the saved model is that start. "
    message += "Try a lower learning_rate, or more epochs."
    return (Finding(code="training-did-not-help", message=message),)


def checkpoint_of(
    file: Path | None,
    settings: Settings,
    plan: Plan,
    groups: Groups,
    decisive: Sequence[Any],
    libraries: Sequence[str],
) -> training.Checkpoint | None:
    """Return where the state is kept, if it is, under a key of all that decides the result.

    `decisive` are what is particular to the task, in plain JSON: weights, preprocessing and rows.
    """
    if file is None:
        return None
    key = models.json_hash(
        [
            asdict(settings),
            plan.method,
            plan.adapter,
            *decisive,
            [float(group["lr"]) for group in groups],
            [version(name) for name in ("acclimate", "torch", "transformers", *libraries)],
        ]
    )
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    return training.Checkpoint(file=file, key=key, every_seconds=60 * settings.checkpoint_minutes)


def precision_notes(forward: training.Arithmetic, steps: training.Arithmetic) -> tuple[Finding, ...]:
    """Say in what precision forward passes and training steps are computed, and why."""
    return tuple(
        Finding(
            code=f"precision-{what}",
            level="note",
            message=f"{told} {chosen.precision}: {chosen.reason}.",
            details={"precision": chosen.precision},
        )
        for what, told, chosen in (
            ("forward", "Forward passes use", forward),
            ("training", "Training uses float32 weights with products in", steps),
        )
    )
