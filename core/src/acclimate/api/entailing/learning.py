"""Training on passages: each that is evidence and each of the many that are none counts the same."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from acclimate import models, training
from acclimate.api.entailing.deciding import choose_rule
from acclimate.api.entailing.rows import Judged
from acclimate.api.own_truth import Lesson
from acclimate.api.passages.subject import PassageSubject


def lesson(subject: PassageSubject[Judged]) -> Lesson:
    """Return what training on passages has of its own."""
    return Lesson(
        kind="hypotheses",
        loss=training.loss_of,
        validate=partial(_validate, subject),
        at_once=models.PASSAGES_AT_ONCE,
        libraries=("peft",),
    )


def _validate(subject: PassageSubject[Judged], precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the scores of the validation texts, and of each its share of the loss of what texts say."""
    own = subject.marked["validation"]
    passages = models.passage_logits(subject.model, subject.examples["validation"], precision=precision)
    rule, _ = choose_rule(own, passages)
    logits = rule.logits(passages)
    losses = -log_softmax(logits, axis=1)[np.arange(len(own.truth)), own.truth]
    texts = len(own.texts)
    by_text = np.bincount(own.of_text, weights=losses, minlength=texts) * texts / len(losses)
    accuracy = float((logits.argmax(axis=1) == own.truth).mean())
    return {"loss": float(losses.mean()), "accuracy": accuracy}, by_text.astype(np.float64)
