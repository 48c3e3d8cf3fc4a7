"""Training on tags: every word of the training texts teaches once an epoch, and validation texts choose the epoch."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from acclimate import evaluation, models, training
from acclimate.api.own_truth import Lesson
from acclimate.api.tagging.predicting import found_in
from acclimate.api.tagging.rows import spans_of
from acclimate.api.tagging.subject import TagSubject


def lesson(subject: TagSubject) -> Lesson:
    """Return what training on tags has of its own."""
    return Lesson(
        kind="tags",
        loss=training.loss_of,
        validate=partial(_validate, subject),
        at_once=models.WINDOWS_AT_ONCE,
        libraries=("peft",),
    )


def _validate(subject: TagSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the scores of the validation texts, and of each the loss of its words over the mean number of words."""
    examples, part = subject.examples["validation"], subject.parts["validation"]
    assert examples.tags is not None
    logits = models.unit_values(subject.model, examples, precision=precision)
    tags = np.concatenate([*examples.tags, np.empty(0, dtype=np.int64)])
    by_unit = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(tags)), tags]
    size = max(1.0, len(tags) / len(examples.texts))
    losses = np.array([by_unit[examples.units(row)].sum() / size for row in range(len(examples.texts))])
    given = [[span[:3] for span in spans] for spans in found_in(examples, logits, subject.model.labels, 0.0)]
    counted = evaluation.strict_statistics(spans_of(part.rows), given)
    f1 = evaluation.f1_of_totals(counted, np.ones(len(counted)))
    return {"loss": float(losses.mean()), "span_f1": 0.0 if np.isnan(f1) else f1}, losses
