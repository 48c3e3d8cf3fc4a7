"""Logits of nothing but what is learned, and what each row of chats costs a model."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acclimate.models.causal.examples import ChatExamples
from acclimate.models.infer import batches
from acclimate.models.tokens import LanguageModel

_ROWS = 8
_AT_ONCE = 256  # logits are as wide as the vocabulary


class Supervised(nn.Module):
    """A language model that computes logits only where the next token is learned."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, predicting: Tensor, **inputs: Tensor) -> Tensor:
        """Return the logits [predictions, vocabulary] of the tokens that `predicting` [batch, tokens] marks."""
        return self.model.logits(hidden_of(self.model, inputs)[predicting])


def hidden_of(model: LanguageModel, inputs: dict[str, Tensor]) -> Tensor:
    """Return the last hidden states [batch, tokens, width] of model inputs."""
    return cast(Tensor, model.encoder(**inputs, use_cache=False).last_hidden_state)


def chat_losses(
    model: LanguageModel,
    examples: ChatExamples,
    *,
    precision: str,
    progress: Callable[[int], object] | None = None,
) -> NDArray[np.float64]:
    """Return of each chat [chats, 2] minus the logarithm of the probability of all its answers, and their tokens.

    The sums are in float64, and the same whatever stands beside a row in a batch.
    """
    model.eval()
    found = np.zeros((len(examples.ids), 2))
    device = model.head.weight.device
    for rows in batches(examples, range(len(examples)), _ROWS):
        batch = {name: value.to(device) for name, value in examples.batch(rows).items()}
        truth, predicting = batch.pop("truth"), batch.pop("predicting")
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            hidden = hidden_of(model, batch)[predicting]
            losses = torch.cat([_losses(model, hidden[at], truth[at]) for at in _pieces(len(truth))]).cpu().numpy()
        owners = examples.chats[rows][predicting.nonzero()[:, 0].cpu().numpy()]
        np.add.at(found, (owners, 0), losses)
        np.add.at(found, (owners, 1), 1)
        if progress:
            progress(len(rows))
    return found


def _pieces(count: int) -> list[slice]:
    return [slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE)]


def _losses(model: LanguageModel, hidden: Tensor, truth: Tensor) -> Tensor:
    logits = model.logits(hidden).double()
    return logits.logsumexp(dim=-1) - logits.gather(-1, truth[:, None])[:, 0]
