"""Training on masks: squares of images teach, whole validation images choose the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods, models, training
from acclimate.api.fitting import Groups, OnEpoch
from acclimate.api.gradient import autocast, checkpoint_of, installed, measured, precision_notes
from acclimate.api.segmenting.subject import MaskSubject
from acclimate.contracts import Finding, OptionError, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; `precision` is that of forward passes, `rates` the peak rates of the optimizer's groups."""

    trained: training.Trained
    precision: str
    rates: tuple[float, ...]
    notes: tuple[Finding, ...]


def check_plan(plan: Plan) -> None:
    """Raise OptionError for a plan that would record what enters its trained blocks: every square is another."""
    if methods.boundary(plan) is not None:
        raise OptionError(
            "Option 'cache' records what whole images give, and masks are learned from squares that change.",
            "Leave 'cache' at 'auto'.",
        )


def learn(subject: MaskSubject, plan: Plan, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    groups = installed(subject, plan)
    forward = measured(subject, partial(_forward, subject), "mask forward")
    steps = measured(subject, partial(_step, subject, plan), f"mask training {plan.method}")
    trained = training.fit(
        subject.model,
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
        loss=training.mask_loss,
    )
    notes = precision_notes(forward, steps)
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    return Learned(trained=trained, precision=forward.precision, rates=rates, notes=notes)


def _validate(subject: MaskSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the scores of the validation images as they are read, and the loss of each."""
    examples = subject.examples["validation"]
    losses, overlaps, tile = np.empty(len(examples)), [], examples.preprocessing.tile
    at_once = 1 if tile else models.IMAGES_AT_ONCE
    for start in range(0, len(examples), at_once):
        rows = range(start, min(start + at_once, len(examples)))
        pairs = [examples.whole(row) for row in rows]
        for number, logits in models.pixel_logits(
            subject.model, [pixels for pixels, _ in pairs], precision=precision, tile=tile
        ):
            truth = pairs[number][1]
            losses[start + number] = float(training.mask_row_losses(logits[None], truth[None]))
            overlaps.append(_overlap(logits.argmax(dim=0), truth, len(subject.model.labels)))
    counted = np.sum(overlaps, axis=0)  # [2, classes]
    dice = counted[0] / np.maximum(counted[1], 1)
    return {"loss": float(losses.mean()), "pixel_dice": float(dice[1:].mean())}, losses


def _overlap(given: torch.Tensor, truth: torch.Tensor, classes: int) -> NDArray[np.int64]:
    """Return of each class twice the pixels in both masks, and the pixels of the one plus those of the other."""
    both = [int(((given == each) & (truth == each)).sum()) for each in range(classes)]
    sizes = [int((given == each).sum() + (truth == each).sum()) for each in range(classes)]
    return np.array([[2 * count for count in both], sizes])


def _forward(subject: MaskSubject, precision: str) -> None:
    pixels = _some(subject, models.IMAGES_AT_ONCE)["pixel_values"]
    with torch.inference_mode(), autocast(precision):
        subject.model(pixel_values=pixels)


def _step(subject: MaskSubject, plan: Plan, precision: str) -> None:
    """Run training squares forward and back, and change no weight."""
    batch = _some(subject, plan.batch_size)
    subject.model.train()
    if plan.frozen_statistics:
        training.freeze_statistics(subject.model)
    with autocast(precision):
        loss = training.mask_loss(subject.model(pixel_values=batch["pixel_values"]), batch["truth"])
    torch.autograd.backward(loss)
    subject.model.zero_grad(set_to_none=True)


def _some(subject: MaskSubject, size: int) -> dict[str, torch.Tensor]:
    examples = subject.examples["train"]
    batch = examples.batch(range(min(size, len(examples))))
    return {name: value.to(training.device()) for name, value in batch.items()}


def _checkpoint(subject: MaskSubject, plan: Plan, groups: Groups) -> training.Checkpoint | None:
    decisive = [
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
    ]
    libraries = ("segmentation-models-pytorch",)
    return checkpoint_of(subject.checkpoint, subject.settings, plan, groups, decisive, libraries)
