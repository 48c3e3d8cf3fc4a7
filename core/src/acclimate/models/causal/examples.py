"""Chats as model inputs: tokens of all rows in one array, batches padded on the right."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.causal.rows import SupervisedRow


class ChatExamples:
    """Rows of chats for training and measuring.

    `ids` and `fingerprints` are those of the chats. A chat may be in several rows: `chats` [rows] says of each row
    which it belongs to.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[SupervisedRow]],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        padding_id: int,
    ) -> None:
        self.ids, self.fingerprints, self.padding_id = ids, fingerprints, padding_id
        every = [row for chat in rows for row in chat]
        self.chats = np.repeat(np.arange(len(rows)), [len(chat) for chat in rows])
        self._lengths = np.array([len(row.ids) for row in every], dtype=np.int64)
        self._prefixes = [row.prefix for row in every]
        self._ends = np.cumsum(self._lengths)
        self._tokens = np.fromiter((token for row in every for token in row.ids), dtype=np.int32)
        self._supervised = np.fromiter((learned for row in every for learned in row.supervised), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row."""
        return self._lengths

    @property
    def supervised_share(self) -> float:
        """The share of all tokens that is learned."""
        return float(self._supervised.mean())

    @property
    def longest_answers(self) -> int:
        """The most tokens that are learned in any row."""
        return int(np.add.reduceat(self._supervised, self._ends - self._lengths, dtype=np.int64).max())

    def row(self, number: int) -> SupervisedRow:
        """Return one row."""
        where = slice(self._ends[number] - self._lengths[number], self._ends[number])
        return SupervisedRow(
            ids=tuple(self._tokens[where].tolist()),
            supervised=tuple(self._supervised[where].tolist()),
            prefix=self._prefixes[number],
        )

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return some rows as `padded` does; text is never augmented."""
        del augment
        return padded([self.row(number) for number in rows], self.padding_id)


def padded(rows: Sequence[SupervisedRow], padding_id: int) -> dict[str, Tensor]:
    """Return `input_ids`, `attention_mask` and `predicting` [batch, tokens], and `truth` [predictions].

    `predicting` says which tokens are followed by one that is learned, `truth` which that is, in the order of rows
    and then of tokens. The mask is of lengths, never of token ids: the padding id may be one that is learned.
    """
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), padding_id, dtype=torch.long)
    mask, learned = torch.zeros_like(ids), torch.zeros(len(rows), longest, dtype=torch.bool)
    for place, row in enumerate(rows):
        length = len(row.ids)
        ids[place, :length] = torch.tensor(row.ids)
        mask[place, :length] = 1
        learned[place, :length] = torch.tensor(row.supervised)
    following = learned[:, 1:]
    predicting = torch.nn.functional.pad(following, (0, 1))
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "predicting": predicting,
        "truth": ids[:, 1:][following],
    }
