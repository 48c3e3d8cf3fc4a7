"""What training by gradient steps needs whatever is learned: what is added, measured, kept and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

from acclimate import models, training
from acclimate.api.subject import Trainable
from acclimate.contracts import Finding, Plan

Groups = Sequence[Mapping[str, Any]]
OnEpoch = Callable[[Mapping[str, float]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; `precision` is that of forward passes, `rates` the peak rates of the optimizer's groups.

    `trained` is None where no gradient step was taken.
    """

    trained: training.Trained | None
    precision: str
    rates: tuple[float, ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def history(self) -> tuple[Mapping[str, float], ...]:
        """The scores of each epoch."""
        return self.trained.history if self.trained else ()


def install(subject: Trainable, plan: Plan) -> Groups:
    """Add what the method adds to the model, and return the optimizer groups."""
    assert plan.groups is not None, "what trains nothing has nothing to learn"
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


def measured(subject: Trainable, step: Callable[[str], None], kind: str) -> training.Arithmetic:
    """Return the precision for a kind of step, as asked for or as measured once on this machine."""
    with training.seeded(subject.settings.seed):
        return training.choose_arithmetic(
            subject.settings.precision,
            step,
            store=subject.cache / "precision.json",
            key=f"{kind} {subject.resolved.weights[:16]}",
        )


def autocast(precision: str) -> torch.autocast:
    """Return the context in which products are computed in a precision."""
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def some(examples: Any, size: int) -> dict[str, Tensor]:
    """Return the first rows as a batch, at most `size` of them, on the device that computes."""
    batch = examples.batch(range(min(size, len(examples))))
    return {name: value.to(training.device()) for name, value in batch.items()}


def try_step(model: torch.nn.Module, plan: Plan, loss: Callable[[], Tensor], precision: str) -> None:
    """Compute a loss forward and back, and change no weight."""
    model.train()
    if plan.frozen_statistics:
        training.freeze_statistics(model)
    with autocast(precision):
        found = loss()
    torch.autograd.backward(found)
    model.zero_grad(set_to_none=True)


def checkpoint_of(
    subject: Trainable,
    plan: Plan,
    groups: Groups,
    *,
    decisive: Sequence[Any] = (),
    libraries: Sequence[str] = ("peft",),
) -> training.Checkpoint | None:
    """Return where the state is kept, if it is, under a key of all that decides the result.

    `decisive` is what decides it besides weights, rows and options, in plain JSON; `libraries` are distributions of
    which versions give other results.
    """
    if subject.checkpoint is None:
        return None
    key = [
        asdict(subject.settings),
        plan.method,
        plan.adapter,
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
        *decisive,
        rates_of(groups),
        [version(name) for name in ("acclimate", "torch", "transformers", *libraries)],
    ]
    subject.checkpoint.absolute().parent.mkdir(parents=True, exist_ok=True)
    every = 60 * subject.settings.checkpoint_minutes
    return training.Checkpoint(file=subject.checkpoint, key=models.json_hash(key), every_seconds=every)


def rates_of(groups: Groups) -> tuple[float, ...]:
    """Return the peak rates of the optimizer's groups, from the lowest on."""
    return tuple(sorted({float(group["lr"]) for group in groups}))


def told_forward(chosen: training.Arithmetic) -> Finding:
    """Say in what precision forward passes are computed, and why."""
    return _told("forward", f"Forward passes use {chosen.precision}", chosen)


def told_training(chosen: training.Arithmetic) -> Finding:
    """Say in what precision training steps are computed, and why."""
    return _told("training", f"Training uses float32 weights with {chosen.precision} products", chosen)


def _told(what: str, words: str, chosen: training.Arithmetic) -> Finding:
    return Finding(
        code=f"precision-{what}",
        level="note",
        message=f"{words}: {chosen.reason}.",
        details={"precision": chosen.precision},
    )


def without_gain(
    trained: training.Trained | None, start: str = "the start of training", *, otherwise: str = "or more epochs"
) -> tuple[Finding, ...]:
    """Say where training left the model as it was at its `start`; `otherwise` is what else may be tried."""
    if trained is None or trained.best_epoch:
        return ()
    message = f"No epoch was better on the validation rows than {start}; the saved model is that start. "
    message += f"Try a lower learning_rate, {otherwise}."
    return (Finding(code="training-did-not-help", message=message),)
