"""Training on preferences: what the untuned model gives replies is computed once, and kept beside their tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import models, training
from acclimate.api.generating import learning
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import Learned, OnEpoch
from acclimate.api.preferring.scoring import rewards
from acclimate.contracts import Plan, Settings, Standing

Floats = NDArray[np.float64]
BETA, SFT_WEIGHT = 0.1, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is minimised: `loss` is "dpo" for pairs, "kto" for single replies, whose two kinds have `weights`."""

    loss: str
    beta: float
    sft_weight: float
    weights: tuple[float, float]

    def told(self) -> dict[str, Any]:
        """Return what a report and a saved run tell of it."""
        return {"loss": self.loss, "beta": self.beta, "sft_weight": self.sft_weight}

    def losses(self, found: Tensor, truth: Tensor) -> Tensor:
        """Return what each row adds to the loss, of which it is the mean."""
        if self.loss == "dpo":
            return training.dpo_losses(found, truth, beta=self.beta, sft_weight=self.sft_weight)
        return training.kto_losses(found, truth, beta=self.beta, weights=self.weights)


def objective_of(settings: Settings, replies: models.Replies) -> Objective:
    """Return what is minimised: DPO with the cross-entropy of chosen replies for pairs, KTO for single ones.

    Of single replies the rarer kind weighs more, so that both count the same: the ratio is at the lower end of those
    that the paper recommends (equation 8: 1 to 4/3).
    """
    beta = settings.beta or BETA
    if replies.paired:
        sft_weight = SFT_WEIGHT if settings.sft_weight is None else settings.sft_weight
        return Objective(loss="dpo", beta=beta, sft_weight=sft_weight, weights=(1.0, 1.0))
    counts = [len(replies.rows_of(standing)) for standing in (Standing.CHOSEN, Standing.REJECTED)]
    most = max(counts)
    return Objective(loss="kto", beta=beta, sft_weight=0.0, weights=(most / counts[0], most / counts[1]))


def forward_arithmetic(subject: ChatSubject) -> training.Arithmetic:
    """Return the precision in which replies are compared: float32, unless another is asked for.

    What is compared are differences of sums over whole replies, which rounding to 16 bits would hide.
    """
    if subject.settings.precision == "auto":
        return training.Arithmetic(precision="float32", reason="replies are compared by small differences")
    return learning.forward_arithmetic(subject)


def log_probabilities(
    model: models.LanguageModel, replies: models.Replies, precision: str, *, title: str, shown: bool
) -> Floats:
    """Return minus the logarithm of the probability of each reply, and its tokens, [replies, 2]."""
    model.to(training.device())
    with training.bar(title, len(replies), "reply", shown=shown) as bar:
        return models.chat_losses(model, replies, precision=precision, progress=bar.update)


def learn(
    subject: ChatSubject,
    plan: Plan,
    forward: training.Arithmetic,
    objective: Objective,
    reference: Mapping[str, Floats],
    on_epoch: OnEpoch,
) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch.

    `reference` holds by part the logarithms of the probabilities [replies] that the untuned model gives. Both replies
    of a row are packed behind what they reply to, where the model gives in packs what it gives apart.
    """
    return learning.learn_rows(
        subject,
        plan,
        forward,
        on_epoch,
        rows=lambda layout: models.PackedReplies(_replies(subject, "train"), layout, reference["train"]),
        outputs=models.ReplyLogProbabilities,
        loss=lambda found, truth: training.mean_loss(objective.losses(found, truth)),
        validate=partial(_validate, subject, forward.precision, objective, reference["validation"]),
        kind="preference",
        decisive=[objective.loss, objective.beta, objective.sft_weight, objective.weights],
    )


def _replies(subject: ChatSubject, part: str) -> models.Replies:
    found = subject.examples[part]
    assert isinstance(found, models.Replies)
    return found


def _validate(
    subject: ChatSubject, precision: str, objective: Objective, reference: Floats
) -> tuple[Mapping[str, float], Floats]:
    """Return the loss of the validation rows, the share of which the rewards are right, and what each row adds."""
    replies = _replies(subject, "validation")
    found = models.chat_losses(subject.model, replies, precision=precision)
    table = np.stack([reference, replies.standings, found[:, 1]], axis=1)
    losses: Floats = objective.losses(torch.from_numpy(-found[:, 0]), torch.from_numpy(table)).numpy()
    truth, scores = rewards(replies, -found[:, 0] - reference, objective.beta)
    right = float((scores.argmax(axis=1) == truth).mean())
    return {"loss": float(losses.mean()), "implicit_accuracy": right}, losses
