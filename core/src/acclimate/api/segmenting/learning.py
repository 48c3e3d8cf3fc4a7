"""Training on masks: squares of images teach, whole validation images choose the epoch."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import methods, models, training
from acclimate.api import own_truth
from acclimate.api.gradient import Learned, OnEpoch
from acclimate.api.segmenting.subject import MaskSubject
from acclimate.contracts import OptionError, Plan


def check_plan(plan: Plan) -> None:
    """Raise OptionError for a plan that would record what enters its trained blocks: every square is another."""
    if methods.boundary(plan) is not None:
        raise OptionError(
            "Option 'cache' records what whole images give, and masks are learned from squares that change.",
            "Leave 'cache' at 'auto'.",
        )


def learn(subject: MaskSubject, plan: Plan, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    return own_truth.learn(subject, plan, _lesson(subject), on_epoch)


def seconds(subject: MaskSubject, plan: Plan) -> float:
    """Return about how long training and its tests take, by one step and one whole image; the model is used up."""
    step = own_truth.step_seconds(subject, plan, _lesson(subject))
    train, validation, test = (len(subject.examples[name]) for name in ("train", "validation", "test"))
    by_epoch = math.ceil(train / plan.batch_size)
    steps = min(plan.epochs * by_epoch, subject.settings.max_steps or math.inf)
    whole = (1 + math.ceil(steps / by_epoch)) * validation + test
    (pixels, _), tile = subject.examples["train"].whole(0), subject.resolved.preprocessing.tile

    def forward() -> None:
        list(models.pixel_logits(subject.model, [pixels], precision="float32", tile=tile))

    forward()  # the first one allocates and chooses kernels
    return steps * step + whole * training.seconds_of(forward)


def _lesson(subject: MaskSubject) -> own_truth.Lesson:
    return own_truth.Lesson(
        kind="mask",
        loss=training.mask_loss,
        validate=partial(_validate, subject),
        at_once=models.IMAGES_AT_ONCE,
        libraries=("segmentation-models-pytorch",),
    )


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
