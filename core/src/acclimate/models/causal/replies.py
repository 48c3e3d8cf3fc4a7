"""Replies that are compared: in tokens, and how likely a model finds each, by which preferences are learned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acclimate.contracts import Standing
from acclimate.models.causal.examples import ChatExamples
from acclimate.models.causal.layout import Layout
from acclimate.models.causal.loss import SupervisedLoss
from acclimate.models.causal.rows import SupervisedRow
from acclimate.models.tokens import LanguageModel


class Replies(ChatExamples):
    """Two replies for each row of preferences, the one behind the other: replies 2 k and 2 k + 1 are of row k.

    They are the chosen one and the rejected one; or the one that is approved or not, and a stray one: that of another
    row, as if it were a reply to this one. `standings` [replies] say which is which.
    """

    def __init__(
        self,
        replies: Sequence[SupervisedRow],
        standings: Sequence[Standing],
        ids: Sequence[str],
        fingerprints: Sequence[str],
    ) -> None:
        super().__init__([(row,) for row in replies], ids, fingerprints)
        self.standings: NDArray[np.int64] = np.array(standings, dtype=np.int64)

    @property
    def paired(self) -> bool:
        """Whether a row has a chosen reply and a rejected one."""
        return not bool((self.standings == Standing.STRAY).any())

    def rows_of(self, standing: Standing) -> list[int]:
        """Return the numbers of the replies of one standing."""
        return [int(number) for number in np.flatnonzero(self.standings == standing)]


class PackedReplies:
    """Examples for the training engine, for a model wrapped in `ReplyLogProbabilities`: one for each row.

    `reference` [replies] are the logarithms of the probabilities that the untuned model gives.
    """

    def __init__(self, replies: Replies, layout: Layout, reference: NDArray[np.float64]) -> None:
        self.replies, self.layout, self.reference = replies, layout, reference

    def __len__(self) -> int:
        return len(self.replies) // 2

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of both replies of each row."""
        return self.replies.lengths[0::2] + self.replies.lengths[1::2]

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Any]:
        """Return the replies of some rows as model inputs; `truth` [replies, 3] is reference, standing and tokens.

        The stray ones stand behind all others, in inputs of their own: nothing is learned from them.
        """
        del augment
        every = [number for row in rows for number in (2 * row, 2 * row + 1)]
        stray = [number for number in every if self.replies.standings[number] == Standing.STRAY]
        learned = [number for number in every if self.replies.standings[number] != Standing.STRAY]
        inputs = self._inputs(learned)
        if stray:
            inputs["stray"] = self._inputs(stray)
        return {**inputs, "truth": self.truth([*learned, *stray])}

    def truth(self, numbers: Sequence[int]) -> Tensor:
        """Return reference, standing and learned tokens of some replies, [replies, 3]."""
        tokens = [sum(self.replies.row(number).supervised) for number in numbers]
        at = list(numbers)
        return torch.from_numpy(np.stack([self.reference[at], self.replies.standings[at], tokens], axis=1)).float()

    def _inputs(self, numbers: Sequence[int]) -> dict[str, Any]:
        parts = self.layout.parts([self.replies.row(number) for number in numbers])
        packs = [pack for part in parts for pack in part]
        owners = torch.tensor([owner for pack in packs for owner in pack.target_rows])
        return {**self.layout.inputs(packs), "owners": owners}


class ReplyLogProbabilities(nn.Module):
    """A language model that returns the logarithm of the probability of each reply, [replies], in float32."""

    def __init__(self, model: LanguageModel) -> None:
        """Take the model, whose weights stay its own.

        Raises:
            BackboneError: as `SupervisedLoss`.
        """
        super().__init__()
        self.losses = SupervisedLoss(model)

    def forward(self, *, owners: Tensor, stray: Mapping[str, Any] | None = None, **inputs: Any) -> Tensor:
        """Return those of the learned replies, which `owners` [targets] number from 0 on, then those of stray ones.

        No gradient flows through stray ones.
        """
        found = self._sums(owners, inputs)
        if stray is None:
            return found
        rest = {name: value for name, value in stray.items() if name != "owners"}
        with torch.no_grad():
            others = self._sums(stray["owners"], rest)
        return torch.cat([found, others])

    def _sums(self, owners: Tensor, inputs: Mapping[str, Any]) -> Tensor:
        losses: Tensor = self.losses(**inputs)
        return losses.new_zeros(int(owners.max()) + 1).index_add(0, owners, -losses)
