"""The rows of chats, their tokens in one array, and what they cost a model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.causal.masks import padded_inputs
from acclimate.models.causal.packing import separate
from acclimate.models.causal.rows import SupervisedRow
from acclimate.models.tokens import LanguageModel

_ROWS = 8
_AT_ONCE = 256  # logits are as wide as the vocabulary


class ChatExamples:
    """Rows of chats for training and measuring.

    `ids` and `fingerprints` are those of the chats. A chat may be in several rows: `chats` [rows] says of each row
    which it belongs to.
    """

    def __init__(
        self, rows: Sequence[Sequence[SupervisedRow]], ids: Sequence[str], fingerprints: Sequence[str]
    ) -> None:
        self.ids, self.fingerprints = ids, fingerprints
        every = [row for chat in rows for row in chat]
        self.chats = np.repeat(np.arange(len(rows)), [len(chat) for chat in rows])
        self.lengths: NDArray[np.int64] = np.array([len(row.ids) for row in every], dtype=np.int64)
        self._prefixes = [row.prefix for row in every]
        self._ends = np.cumsum(self.lengths)
        self._tokens = np.fromiter((token for row in every for token in row.ids), dtype=np.int32)
        self._supervised = np.fromiter((learned for row in every for learned in row.supervised), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def supervised_share(self) -> float:
        """The share of all tokens that is learned."""
        return float(self._supervised.mean())

    @property
    def longest_answers(self) -> int:
        """The most tokens that are learned in any row."""
        return int(np.add.reduceat(self._supervised, self._ends - self.lengths, dtype=np.int64).max())

    def row(self, number: int) -> SupervisedRow:
        """Return one row."""
        where = slice(self._ends[number] - self.lengths[number], self._ends[number])
        return SupervisedRow(
            ids=tuple(self._tokens[where].tolist()),
            supervised=tuple(self._supervised[where].tolist()),
            prefix=self._prefixes[number],
        )

    def longest(self, count: int) -> list[SupervisedRow]:
        """Return the longest rows, at most so many."""
        return [self.row(int(number)) for number in np.argsort(-self.lengths, kind="stable")[:count]]


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
    order = np.argsort(-examples.lengths, kind="stable")
    for start in range(0, len(order), _ROWS):
        numbers = order[start : start + _ROWS]
        packs = separate([examples.row(int(number)) for number in numbers])
        inputs: dict[str, Any] = {name: value.to(device) for name, value in padded_inputs(packs).items()}
        sources, targets = inputs.pop("sources"), inputs.pop("targets")
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            hidden = model.encoder(**inputs, use_cache=False).last_hidden_state.flatten(0, 1)[sources]
            losses = torch.cat([_losses(model, hidden[at], targets[at]) for at in _pieces(len(targets))])
        owners = examples.chats[numbers][[number for pack in packs for number in pack.target_rows]]
        found[:, 0] += np.bincount(owners, losses.cpu().numpy(), minlength=len(found))
        found[:, 1] += np.bincount(owners, minlength=len(found))
        if progress:
            progress(len(numbers))
    return found


def _pieces(count: int) -> list[slice]:
    return [slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE)]


def _losses(model: LanguageModel, hidden: Tensor, targets: Tensor) -> Tensor:
    logits = model.logits(hidden).double()
    return logits.logsumexp(dim=-1) - logits.gather(-1, targets[:, None])[:, 0]
