"""What a text says to hypotheses: every passage of it is compared with every hypothesis by one linear head.

Texts and hypotheses are encoded apart, as sentence encoders compare them (Conneau et al. 2017, "InferSent"; Reimers
and Gurevych 2019), so that a contract is read once however many hypotheses are asked of it. A passage is the mean of
its tokens in a window that shows what stands around it.

Shapes: [rows, tokens] of windows and of hypotheses, [pairs, 4 x width] of compared features, [pairs,
labels] of logits.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from acclimate.contracts import DataError
from acclimate.models.classifier import Inputs
from acclimate.models.fingerprint import json_hash
from acclimate.models.infer import Progress, batches
from acclimate.models.tagger import Divided, TagPreprocessing
from acclimate.models.text import TextPreprocessing

PASSAGES_AT_ONCE = 16  # windows of them in a forward pass without gradients
NOT_LEARNED = -100  # as torch's cross-entropy passes over it
Integers = NDArray[np.int64]
Piece = tuple[int, int]


class Entailer(nn.Module):
    """Logits of what a passage says to a hypothesis, for pairs of both.

    `labels` are the names of entailment, contradiction and neither, in this order; or of what else a passage may be
    to what is asked, the last one that of all that have nothing to do with it.
    """

    new_head = True

    def __init__(self, encoder: nn.Module, *, width: int, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(4 * width, len(labels))
        self.labels = labels

    def features(self, inputs: Inputs) -> Tensor:
        """Return what is compared of each pair [pairs, 4 x width] in float32; inputs are those of `forward`."""
        passages = self._pooled(inputs["input_ids"], inputs["attention_mask"], inputs["pieces"])
        asked = self._pooled(inputs["asked_ids"], inputs["asked_mask"], inputs["asked_pieces"])
        passage, hypothesis = passages[inputs["pairs"][:, 0]], asked[inputs["pairs"][:, 1]]
        return torch.cat([hypothesis, passage, (hypothesis - passage).abs(), hypothesis * passage], dim=1)

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the logits [pairs, labels] in float32.

        `input_ids` and `attention_mask` [windows, tokens] are windows of texts, `pieces` [windows, tokens] the number
        of the piece of a text that a token belongs to, counted over the batch, -1 for none; `asked_…` are the same of
        hypotheses, and `pairs` [pairs, 2] the pieces and the hypotheses that are compared.
        """
        features = self.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return cast(Tensor, self.head(features))

    def _pooled(self, ids: Tensor, mask: Tensor, pieces: Tensor) -> Tensor:
        """Return the mean of the tokens of each piece [pieces, width], of length one."""
        hidden: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        inside = pieces >= 0
        count = int(pieces.max()) + 1
        found = hidden.new_zeros(count, hidden.shape[-1]).index_add(0, pieces[inside], hidden[inside])
        with torch.autocast(hidden.device.type, enabled=False):
            return normalize(found, dim=-1)  # a sum has the direction of the mean


class EntailPreprocessing(TagPreprocessing):
    """A tokenizer and the length of the windows that texts are read in."""

    def __init__(self, tokenizer: Any, *, max_tokens: int) -> None:
        super().__init__(tokenizer, max_tokens=max_tokens, units="pieces")

    @cached_property
    def hash(self) -> str:
        """Name tokenizer and length exactly."""
        return json_hash([self.tokens_hash, "passages"])

    @property
    def size(self) -> int:
        """How many tokens of a text a window shows."""
        return self.max_tokens - sum(map(len, self.around))

    def hypothesis(self, text: str) -> list[int]:
        """Return the tokens of a hypothesis.

        Raises:
            DataError: for one that is longer than a window.
        """
        found: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if len(found) > self.size:
            raise DataError(
                f"A hypothesis has {len(found):,} tokens, and a window {self.size:,}: {text[:80]!r}.",
                "Shorten it, or raise max_tokens (--max-tokens).",
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """A text in passages: its tokens, and of each passage the pieces (first token, one past the last) it is read in.

    A passage has one piece, or several where it is longer than a window.
    """

    text: Divided
    pieces: tuple[tuple[Piece, ...], ...]


def has_token(text: Divided, start: int, end: int) -> bool:
    """Return whether a token of the backbone shows some of the characters from `start` up to `end`."""
    return bool(((text.starts < end) & (text.ends > start)).any())


def passages_in(text: Divided, places: Sequence[tuple[int, int]], size: int) -> Passages:
    """Return a text in the passages at some characters, each in pieces of `size` tokens or less.

    Raises:
        DataError: for a passage without a token of the backbone.
    """
    found = []
    for start, end in places:
        inside = np.flatnonzero((text.starts < end) & (text.ends > start))
        if not len(inside):
            raise DataError(
                f"The passage at {start} to {end} has no token of the backbone.", "Passages have letters or digits."
            )
        first, last = int(inside[0]), int(inside[-1]) + 1
        count = -(-(last - first) // size)
        edges = np.linspace(first, last, count + 1).astype(int).tolist()
        found.append(tuple(pairwise(edges)))
    return Passages(text=text, pieces=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """A hypothesis on a text: the place of that among all texts, its tokens, and what each passage says to it.

    `truth` [passages] are places of labels, None where they are not known, `NOT_LEARNED` where nothing is learned.
    """

    text: int
    hypothesis: tuple[int, ...]
    truth: Integers | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """The pieces that a window shows, one after the other, each as (passage, first token, one past the last)."""

    text: int
    pieces: tuple[tuple[int, int, int], ...]


class EntailExamples:
    """Texts in windows with the hypotheses asked of them; rows are windows.

    `ids` and `fingerprints` are those of the texts. A window shows whole pieces, as many as it has room for, and what
    stands between them. Batches hold a pair for every piece and every hypothesis of its text, one piece after the
    other, with `truth` [pairs] where it is known.
    """

    def __init__(
        self,
        texts: Sequence[Passages],
        asserted: Sequence[Asserted],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: EntailPreprocessing,
    ) -> None:
        self.texts, self.asserted, self.preprocessing = texts, asserted, preprocessing
        self.ids, self.fingerprints = ids, fingerprints
        self.of_text: list[list[int]] = [[] for _ in texts]
        for number, each in enumerate(asserted):
            self.of_text[each.text].append(number)
        self.windows = [
            window
            for number, text in enumerate(texts)
            if self.of_text[number]
            for window in _windows(number, text, preprocessing.size)
        ]
        special = sum(map(len, preprocessing.around))
        spans = [window.pieces[-1][2] - window.pieces[0][1] for window in self.windows]
        self._lengths = np.asarray(spans, dtype=np.int64) + special

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def lengths(self) -> Integers:
        """Tokens of each window with its special ones."""
        return self._lengths

    def pairs(self, row: int) -> list[tuple[int, int]]:
        """Return the pairs of a window, as the hypothesis among all and the passage of its text."""
        window = self.windows[row]
        return [(asked, piece[0]) for piece in window.pieces for asked in self.of_text[window.text]]

    def truth(self, row: int) -> Integers:
        """Return the labels of the pairs of a window."""
        found = [cast(Integers, self.asserted[asked].truth)[passage] for asked, passage in self.pairs(row)]
        return np.asarray(found, dtype=np.int64)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the inputs of `Entailer.forward`, and `truth` [pairs], where labels are known."""
        del augment
        before, after = self.preprocessing.around
        hypotheses: dict[tuple[int, ...], int] = {}
        lines: list[list[int]] = []
        marks: list[list[int]] = []
        pairs: list[tuple[int, int]] = []
        count = 0
        for row in rows:
            window = self.windows[row]
            start, end = window.pieces[0][1], window.pieces[-1][2]
            lines.append([*before, *self.texts[window.text].text.ids[start:end].tolist(), *after])
            mark = [-1] * len(lines[-1])
            for _, first, last in window.pieces:
                for token in range(first, last):
                    mark[token - start + len(before)] = count
                for asked in self.of_text[window.text]:
                    place = hypotheses.setdefault(self.asserted[asked].hypothesis, len(hypotheses))
                    pairs.append((count, place))
                count += 1
            marks.append(mark)
        asked_lines = [[*before, *tokens, *after] for tokens in hypotheses]
        asked_marks = [
            [-1] * len(before) + [number] * len(tokens) + [-1] * len(after)
            for number, tokens in enumerate(hypotheses)
        ]
        own, asked_inputs = self.preprocessing.collate(lines), self.preprocessing.collate(asked_lines)
        found = {
            **own,
            "pieces": _padded(marks, own["input_ids"].shape),
            "asked_ids": asked_inputs["input_ids"],
            "asked_mask": asked_inputs["attention_mask"],
            "asked_pieces": _padded(asked_marks, asked_inputs["input_ids"].shape),
            "pairs": torch.tensor(pairs, dtype=torch.long).reshape(-1, 2),
        }
        if any(self.asserted[asked].truth is None for row in rows for asked in self.of_text[self.windows[row].text]):
            return found
        return {**found, "truth": torch.from_numpy(np.concatenate([self.truth(row) for row in rows]))}


def _windows(number: int, text: Passages, size: int) -> Iterator[_Window]:
    """Yield windows over the pieces of a text, each as full as its pieces allow."""
    waiting: list[tuple[int, int, int]] = []
    for passage, pieces in enumerate(text.pieces):
        for first, last in pieces:
            if waiting and last - waiting[0][1] > size:
                yield _Window(number, tuple(waiting))
                waiting = []
            waiting.append((passage, first, last))
    if waiting:
        yield _Window(number, tuple(waiting))


def _padded(marks: Sequence[Sequence[int]], shape: torch.Size) -> Tensor:
    found = torch.full(tuple(shape), -1, dtype=torch.long)
    for line, mark in enumerate(marks):
        found[line, : len(mark)] = torch.tensor(mark, dtype=torch.long)
    return found


def pair_values(
    model: Entailer,
    examples: EntailExamples,
    *,
    precision: str,
    rows: Sequence[int] | None = None,
    features: bool = False,
    progress: Progress | None = None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield each window, or those of `rows`, with the logits [pairs, labels] of its pairs, or their features."""
    device = model.head.weight.device
    function: Callable[[Inputs], Tensor] = model.features if features else lambda inputs: model(**inputs)
    model.eval()
    chosen = range(len(examples)) if rows is None else rows
    for some in batches(examples, chosen, PASSAGES_AT_ONCE):
        inputs = {name: value.to(device) for name, value in examples.batch(some).items() if name != "truth"}
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            values = function(inputs).float().cpu().numpy()
        start = 0
        for row in some:
            count = len(examples.pairs(row))
            yield row, values[start : start + count]
            start += count
        if progress:
            progress(len(some))


def passage_logits(
    model: Entailer,
    examples: EntailExamples,
    *,
    precision: str,
    seen: Callable[[int, NDArray[np.float32]], None] | None = None,
) -> list[NDArray[np.float32]]:
    """Return of each hypothesis the logits [passages, labels] of the passages of its text.

    The last label is that of passages that are no evidence. A passage of several pieces has the logits of the piece
    that speaks most for evidence. `seen` is shown each window's.
    """
    labels = len(model.labels)
    found = [
        np.full((len(examples.texts[each.text].pieces), labels), -np.inf, dtype=np.float32)
        for each in examples.asserted
    ]
    for row, logits in pair_values(model, examples, precision=precision):
        if seen is not None:
            seen(row, logits)
        for (asked, passage), own in zip(examples.pairs(row), logits, strict=True):
            there = found[asked][passage]
            if np.isneginf(there[0]) or own[:-1].max() - own[-1] > there[:-1].max() - there[-1]:
                found[asked][passage] = own
    return found


def load_entail_preprocessing(folder: Path, *, max_tokens: int) -> EntailPreprocessing:
    """Return the preprocessing that was saved in a folder."""
    found = TextPreprocessing.from_folder(folder, max_tokens=max_tokens)
    return EntailPreprocessing(found.tokenizer, max_tokens=max_tokens)
