"""Contrastive fine-tuning: texts of one label are drawn together, then the head is solved on the new features.

The plan of SetFit (Tunstall et al. 2022): first the encoder learns from pairs, of which few rows give many, then a
logistic regression learns from its features. The loss is the supervised contrastive one (Khosla et al. 2020, equation
2) instead of SetFit's squared error of one cosine per pair: there a text is encoded for one comparison, here it is
compared with every other text of its batch for the price of one encoding.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from acclimate.contracts import Need, Objective, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options

TASK = "text-classification"
OPTIONS = {"pairs": 0, "temperature": 0.05, "weight_decay": -1.0}
_BATCH_SIZE = 128
_PAIRS_PER_ROW = 4


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train every weight of a text encoder on pairs; the head is solved before training and after each epoch.

    Options:
        pairs: how many pairs of one label are drawn in an epoch, at most; 0 is four for each row. They are spread
            evenly over the labels, however rare, and over the rows of each label. A batch is half as many pairs as
            `batch_size` says rows.
        temperature: what cosines are divided by; the lower, the more the nearest texts of other labels count.
        weight_decay: AdamW's, 0.01.

    Raises:
        OptionError: for other tasks, rows of several labels, and values out of range.
    """
    if need.task != TASK:
        raise OptionError(
            f"Method 'contrastive' does {TASK}, asked for was {need.task}: it compares one feature per text.",
            "Use 'full', 'lora' or 'frozen' for images, 'full' or 'lora' for tokens.",
        )
    if need.multilabel:
        raise OptionError(
            "Method 'contrastive' pairs rows by their one label; these rows may carry several.",
            "Use 'full', 'lora' or 'frozen'.",
        )
    options = read_options("contrastive", settings.options, OPTIONS)
    chosen = chosen_defaults("contrastive", model, need, settings)
    size = settings.batch_size or _BATCH_SIZE
    _check(options, size)
    weight_decay = options["weight_decay"] if options["weight_decay"] >= 0 else chosen.weight_decay

    def train(model: Adaptable) -> list[dict[str, Any]]:
        # The head gets no gradient. It is here because it changes from epoch to epoch and is kept with the best one.
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=weight_decay,
        )

    objective = Objective(
        loss=partial(contrastive_loss, temperature=options["temperature"]),
        draw=partial(_draw, pairs=options["pairs"] or _PAIRS_PER_ROW * need.rows),
        steps=partial(_steps, pairs=options["pairs"] or _PAIRS_PER_ROW * need.rows),
    )
    return plan_with("contrastive", chosen, need, settings, groups=train, batch_size=size, objective=objective)


def contrastive_loss(features: Tensor, truth: Tensor, *, temperature: float) -> Tensor:
    """Return how badly each row tells the rows of its class from all others of the batch, averaged over rows.

    It is the supervised contrastive loss, Khosla et al. 2020, equation 2: a softmax over the cosines to all other
    rows, whose mean log-probability over the rows of the same class is maximised. Rows alone in their class are
    compared with, and have no term of their own.

    Args:
        features: [batch, width], of any length.
        truth: [batch], class indices.
        temperature: divides the cosines.
    """
    unit = normalize(features, dim=-1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similarity = (unit @ unit.T / temperature).masked_fill(itself, float("-inf"))  # [batch, batch]
    alike = (truth[:, None] == truth[None, :]) & ~itself
    log_probability = similarity.log_softmax(dim=1).masked_fill(~alike, 0.0)
    counts = alike.sum(dim=1)
    paired = counts > 0
    return -(log_probability.sum(dim=1)[paired] / counts[paired]).mean()


def draw_pairs(truth: NDArray[np.int64], random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows of one class without end, holding no more than the rows.

    Every class has its turn before one has its second, and every row of a class (one may be left out where their
    number is odd) before one of them comes again. The only row of a class is paired with itself: dropout makes its
    two encodings differ (Gao et al. 2021, SimCSE), and it is a text that the other classes must keep away from.
    """
    members = {int(label): np.flatnonzero(truth == label) for label in np.unique(truth)}
    waiting: dict[int, list[int]] = {label: [] for label in members}
    while True:
        for label in random.permutation(list(members)):
            rows = waiting[int(label)]
            if len(rows) < 2:
                own = members[int(label)]
                rows[:] = random.permutation(own).tolist() if len(own) > 1 else [int(own[0])] * 2
            yield rows.pop(), rows.pop()


def _draw(truth: NDArray[np.int64], batch_size: int, seed: int, epoch: int, *, pairs: int) -> Iterator[list[int]]:
    stream = draw_pairs(truth, np.random.default_rng([seed, epoch]))
    size = min(batch_size // 2, pairs)
    for _ in range(_steps(batch_size, pairs=pairs)):
        yield [row for _ in range(size) for row in next(stream)]


def _steps(batch_size: int, *, pairs: int) -> int:
    """Return the batches of an epoch: whole ones, since one of a single pair would have nothing to tell apart."""
    return max(1, pairs // (batch_size // 2))


def _check(options: dict[str, Any], batch_size: int) -> None:
    if options["pairs"] < 0 or options["pairs"] == 1:
        raise OptionError(
            f"Option 'pairs' of method 'contrastive' is 2 or more, found {options['pairs']}.",
            "0 is four for each training row.",
        )
    if not options["temperature"] > 0:
        raise OptionError(
            f"Option 'temperature' of method 'contrastive' is above 0, found {options['temperature']}.",
            f"Its default is {OPTIONS['temperature']}.",
        )
    if batch_size < 4:
        raise OptionError(
            f"Method 'contrastive' needs a batch_size of 4 or more, which are two pairs, found {batch_size}.",
            f"Its default is {_BATCH_SIZE}.",
        )
