"""Training on sentences, of which few are in a summary."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from acclimate import models, training
from acclimate.api.own_truth import Lesson
from acclimate.api.passages.subject import PassageSubject
from acclimate.api.summarising.rows import Summarised


def lesson(subject: PassageSubject[Summarised]) -> Lesson:
    """Return what training on sentences has of its own."""
    return Lesson(
        kind="summaries",
        loss=training.loss_of,
        validate=partial(_validate, subject),
        at_once=models.PASSAGES_AT_ONCE,
        libraries=("peft",),
    )


def _validate(subject: PassageSubject[Summarised], precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the loss of the validation sentences, and of each text its share of it."""
    own = subject.marked["validation"]
    logits = models.passage_logits(subject.model, subject.examples["validation"], precision=precision)
    sums = np.array(
        [
            -log_softmax(each.astype(np.float64), axis=1)[np.arange(len(marks)), (~marks).astype(int)].sum()
            for each, marks in zip(logits, own.best, strict=True)
        ]
    )
    count = sum(map(len, own.best))
    return {"loss": float(sums.sum() / count)}, sums * len(sums) / count
