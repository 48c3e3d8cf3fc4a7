"""Texts: the backbone's own tokenizer, rows cut and stored once, batches of similar length."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.contracts import BackboneError
from acclimate.models.fingerprint import json_hash


class TextPreprocessing:
    """A tokenizer with the length at which it cuts."""

    def __init__(self, tokenizer: Any, *, max_tokens: int) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise BackboneError(
                f"The tokenizer {type(tokenizer).__name__} has no tokenizer.json.",
                "Choose a backbone with a fast tokenizer; it reports what it cuts away.",
            )
        self.tokenizer, self.max_tokens = tokenizer, max_tokens
        # Decoders often come without a padding token. What stands there never matters: the mask hides it.
        self.padding_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0

    @classmethod
    def from_folder(cls, folder: Path, *, max_tokens: int) -> "TextPreprocessing":
        """Load the tokenizer files of a folder.

        Raises:
            BackboneError: when they are not there.
        """
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        files = tuple(tokenizer.vocab_files_names.values())
        if not any((folder / name).is_file() for name in files):
            # Without them transformers makes up a vocabulary of special tokens, and every word is unknown.
            raise BackboneError(
                f"{folder} has no tokenizer: none of {', '.join(files)}.",
                "Copy the tokenizer's files of the backbone there.",
            )
        return cls(tokenizer, max_tokens=max_tokens)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, JSON and text only."""
        self.tokenizer.save_pretrained(folder)

    @cached_property
    def hash(self) -> str:
        """Name the tokenizer, the length and all else that decides the inputs exactly."""
        return self.tokens_hash

    @cached_property
    def tokens_hash(self) -> str:
        """Name the tokenizer and the length exactly."""
        backend = json.loads(self.tokenizer.backend_tokenizer.to_str())
        backend.pop("truncation", None), backend.pop("padding", None)  # left behind by the last call
        return json_hash([backend, self.max_tokens])

    def encode(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Return token ids per text, cut at `max_tokens`, and how many tokens each lost."""
        encoded = self.tokenizer(
            list(texts), truncation=True, max_length=self.max_tokens, return_attention_mask=False
        )
        special = self.tokenizer.num_special_tokens_to_add()
        lost = [sum(len(piece.ids) - special for piece in encoding.overflowing) for encoding in encoded.encodings]
        return encoded["input_ids"], lost

    def collate(self, rows: Sequence[Sequence[int] | np.ndarray[Any, Any]]) -> dict[str, Tensor]:
        """Pad rows on the right to the longest of them: `input_ids`, `attention_mask` [batch, tokens]."""
        lengths = [len(row) for row in rows]
        ids = torch.full((len(rows), max(lengths)), self.padding_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : lengths[index]] = torch.as_tensor(np.asarray(row, dtype=np.int64))
            mask[index, : lengths[index]] = 1
        return {"input_ids": ids, "attention_mask": mask}


class TextExamples:
    """Rows of text as token ids, kept in one memory-mapped file; `lost` is the tokens cut from each row."""

    def __init__(
        self,
        texts: Iterable[Sequence[str]],
        ids: Sequence[str],
        *,
        preprocessing: TextPreprocessing,
        prepare: Callable[[str], str] | None,
        fingerprint: Callable[[Sequence[str]], list[str]],
        file: Path,
    ) -> None:
        self.ids, self.preprocessing = ids, preprocessing
        self.fingerprints: list[str] = []
        lengths: list[int] = []
        lost: list[int] = []
        with file.open("wb") as stream:
            for chunk in texts:
                prepared = [prepare(text) for text in chunk] if prepare else list(chunk)
                encoded, cut = preprocessing.encode(prepared)
                self.fingerprints.extend(fingerprint(prepared))
                lengths.extend(len(row) for row in encoded)
                lost.extend(cut)
                stream.write(np.concatenate([np.asarray(row, dtype=np.int32) for row in encoded]).tobytes())
        self._lengths = np.asarray(lengths, dtype=np.int64)
        self.lost = np.asarray(lost, dtype=np.int64)
        self._ends = np.cumsum(self._lengths)
        self._tokens = np.memmap(file, dtype=np.int32, mode="r")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row, after cutting."""
        return self._lengths

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `input_ids` and `attention_mask` [batch, tokens]; text is never augmented."""
        del augment
        return self.preprocessing.collate(
            [self._tokens[self._ends[row] - self._lengths[row] : self._ends[row]] for row in rows]
        )
