"""Toy tasks that every architecture can learn in seconds: rows as model inputs with their truth."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.contracts import STACKS
from acclimate.testing import tiny
from acclimate.testing.zoo import zoo

IGNORED = -100


class ToyExamples:
    """Rows of one toy task.

    Texts of 4 to 9 tokens: the label is which of three tokens stands first and last ("text-classification"), the
    remainder of each token divided by three ("token-classification"), or each next token of a counting sequence
    ("text-generation").
    Images: the brightest of the three colours. Volumes: how bright they are.
    """

    def __init__(self, architecture: str, task: str, rows: int = 24, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.task, self.rows, self.padding = task, rows, zoo(architecture).padding(architecture)
        self.ids = [str(number) for number in range(rows)]
        self.fingerprints = [f"{number:064x}" for number in range(rows)]
        self.classes = np.arange(rows) % len(tiny.LABELS)
        self.lengths: NDArray[np.int64] | None = None
        if task == "image-classification":
            side = zoo(architecture).image_size(architecture)
            noise = random.random((rows, 3, side, side), dtype=np.float32) * 0.3
            noise[np.arange(rows), self.classes] += 0.7
            self.pixels = torch.from_numpy(noise * 2 - 1)
            return
        if task == STACKS:
            voxels = random.random((rows, *tiny.VOXELS), dtype=np.float32) * 0.3
            voxels += 0.35 * self.classes.astype(np.float32).reshape(-1, 1, 1, 1, 1)
            self.pixels = torch.from_numpy(voxels * 2 - 1)
            return
        self.lengths = random.integers(4, 10, rows)
        if task == "text-generation":
            starts = random.integers(3, 40, rows)
            self.tokens = [start + np.arange(length) for start, length in zip(starts, self.lengths, strict=True)]
        else:
            self.tokens = [random.integers(6, tiny.VOCABULARY, length) for length in self.lengths]
            for tokens, label in zip(self.tokens, self.classes, strict=True):
                tokens[0] = 3 + label
                tokens[-1] = 3 + label  # decoders read the last token
        self.tokens = [zoo(architecture).FIRST_TOKEN + tokens for tokens in self.tokens]

    def __len__(self) -> int:
        return self.rows

    @property
    def truth(self) -> NDArray[np.int64] | None:
        """The class of each row; None where every token has one."""
        return self.classes if self.task.endswith(("text-classification", "image-classification", STACKS)) else None

    def batch(
        self, rows: Sequence[int], augment: np.random.Generator | None = None, *, left: bool = False
    ) -> dict[str, Tensor]:
        """Return model inputs, padded on the right or the left; `truth` [batch, tokens] where tokens have one."""
        del augment
        if self.task in ("image-classification", STACKS):
            return {"pixel_values": self.pixels[list(rows)]}
        length = max(len(self.tokens[row]) for row in rows)
        ids = torch.full((len(rows), length), self.padding)
        mask = torch.zeros_like(ids)
        truth = torch.full_like(ids, IGNORED)
        for place, row in enumerate(rows):
            tokens = torch.from_numpy(self.tokens[row])
            where = slice(length - len(tokens), length) if left else slice(0, len(tokens))
            ids[place, where] = tokens
            mask[place, where] = 1
            truth[place, where] = self._token_truth(tokens)
        inputs = {"input_ids": ids, "attention_mask": mask}
        return inputs if self.truth is not None else {**inputs, "truth": truth}

    def _token_truth(self, tokens: Tensor) -> Tensor:
        if self.task == "token-classification":
            return tokens % len(tiny.LABELS)
        following = torch.full_like(tokens, IGNORED)
        following[:-1] = tokens[1:]
        return following
