"""Training on windows: those that hold an answer, and some of the many that hold none, which count for less."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import models, training
from acclimate.api import own_truth
from acclimate.api.answering.deciding import choose_rule
from acclimate.api.answering.predicting import texts_of, truth_of
from acclimate.api.answering.rows import questions_of
from acclimate.api.answering.subject import AnswerSubject
from acclimate.api.gradient import Learned, OnEpoch
from acclimate.api.own_truth import Lesson
from acclimate.contracts import DataError, Plan

# How many windows without an answer are learned from for each one that holds one.
EMPTY_FOR_EACH = 3


def taught(examples: models.AnswerExamples, seed: int) -> tuple[models.AnswerExamples, dict[str, Any]]:
    """Return the windows that are learned from, and what a subject tells of them.

    They are those that hold an answer, and of those that show nothing of any three times as many, drawn at random;
    each of these has a weight, so that both kinds count alike. Windows that cut an answer teach nothing.

    Raises:
        DataError: where no window holds an answer wholly.
    """
    held, empty = np.flatnonzero(examples.held == 1), np.flatnonzero(examples.held == 0)
    if not len(held):
        raise DataError("No window holds a whole answer of the training texts.", "Raise max_tokens (--max-tokens).")
    count = min(len(empty), EMPTY_FOR_EACH * len(held))
    drawn = np.random.default_rng(seed).choice(empty, size=count, replace=False)
    told = {
        "empty_share": len(empty) / len(examples),
        "empty_learned": count,
        "empty_weight": min(1.0, len(held) / count) if count else 1.0,
    }
    return examples.some(np.sort(np.concatenate([held, drawn]))), told


def lesson(subject: AnswerSubject) -> Lesson:
    """Return what training on windows has of its own."""
    return Lesson(
        kind="answers",
        loss=partial(training.answer_loss, empty=subject.empty_weight),
        validate=partial(_validate, subject),
        at_once=models.WINDOWS_AT_ONCE,
        libraries=("peft",),
    )


def learn(subject: AnswerSubject, plan: Plan, on_epoch: OnEpoch) -> Learned:
    """Train by the plan, from a head that is drawn at random."""
    with training.seeded(subject.settings.seed):
        subject.model.start_from(int(np.mean(subject.examples["train"].lengths)))
    return own_truth.learn(subject, plan, lesson(subject), on_epoch)


def _validate(subject: AnswerSubject, precision: str) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the scores of the validation texts, and of each its share of the loss.

    All windows are looked at, as many without an answer as there are; in the loss both kinds count alike.
    """
    examples, part = subject.examples["validation"], subject.parts["validation"]
    held = examples.held
    weights = np.select([held == 1, held == 0], [1.0, (held == 1).sum() / max(1, (held == 0).sum())], 0.0)
    losses = np.zeros(len(examples))

    def seen(row: int, logits: Tensor) -> None:
        truth = torch.from_numpy(examples.shares(row))
        losses[row] = float(training.answer_row_losses(logits[None], truth[None]))

    pairs = models.find_answers(subject.model, examples, precision=precision, longest=subject.longest, seen=seen)
    questions = questions_of(part.rows)
    _, f1 = choose_rule(texts_of(part, questions), truth_of(part, questions), pairs)
    texts = np.asarray([examples.asked[number].text for number in examples.windows[:, 0]])
    scale = len(part.truth) / max(float(weights.sum()), 1e-9)
    by_text = scale * np.bincount(texts, weights=losses * weights, minlength=len(part.truth)).astype(np.float64)
    return {"loss": float(by_text.mean()), "answer_f1": f1}, by_text
