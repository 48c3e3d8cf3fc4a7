"""Spans of texts: a tag for every unit of a text of any length, which is read in windows that overlap.

Shapes: [batch, tokens] of a window, [batch, tokens, tags] of logits, [units, tags] of the logits of a whole text.

A unit is what gets one tag: a word, as the tokenizer divides texts ("words"), or each of its pieces ("pieces"), which
let spans end inside a word ("$1.2bn"). A word is decided at its first piece.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acclimate.contracts import OptionError
from acclimate.models.bio import begin, tags_of
from acclimate.models.fingerprint import json_hash
from acclimate.models.infer import Progress, batches
from acclimate.models.text import TextPreprocessing
from acclimate.models.tokens import TokenClassifier

Units = Literal["words", "pieces"]
Span = tuple[int, int, str]
Integers = NDArray[np.int64]

WINDOWS_AT_ONCE = 32
_OVERLAP = 4  # windows share a quarter of their tokens with the next one
_SHORTEST = 8
_NOT_LEARNED = -100  # as torch's cross-entropy passes over it


class Tagger(TokenClassifier):
    """Logits of the tags of every token; `labels` are those of spans, `tags` has two for each and "O"."""

    def __init__(self, encoder: nn.Module, *, width: int, labels: tuple[str, ...]) -> None:
        super().__init__(encoder, width=width, labels=tags_of(labels))
        self.tags, self.labels = self.labels, labels

    def features(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the features [batch, tokens, width] of every token in float32."""
        found: Tensor = self.encoder(**inputs).last_hidden_state.float()
        return found


class TagPreprocessing(TextPreprocessing):
    """A tokenizer, the length of its windows, and what gets a tag."""

    def __init__(self, tokenizer: Any, *, max_tokens: int, units: Units) -> None:
        super().__init__(tokenizer, max_tokens=max_tokens)
        self.units = units

    @cached_property
    def hash(self) -> str:
        """Name tokenizer, length and units exactly."""
        return json_hash([self.tokens_hash, self.units])

    @cached_property
    def around(self) -> tuple[list[int], list[int]]:
        """The special tokens before and after those of a window."""
        found = self.tokenizer("a", return_special_tokens_mask=True)
        ids, special = found["input_ids"], found["special_tokens_mask"]
        first, last = special.index(0), len(special) - special[::-1].index(0)
        return ids[:first], ids[last:]

    def check(self) -> None:
        """Raise OptionError where windows are too short to show what is around a token."""
        special = sum(map(len, self.around))
        if self.max_tokens - special < _SHORTEST:
            raise OptionError(
                f"max_tokens is {self.max_tokens}, of which {special} are special tokens; windows show "
                f"{_SHORTEST} or more besides.",
                "Leave max_tokens out for 256.",
            )

    def divide(self, text: str) -> "Divided":
        """Return the tokens of a whole text, however long it is, and its units."""
        # One that is longer than the model reads is what windows are for: no warning of it.
        encoding = self.tokenizer(text, add_special_tokens=False, verbose=False).encodings[0]
        starts, ends = _trimmed(text, encoding.offsets)
        first = _first_of_units(starts, ends, encoding.word_ids if self.units == "words" else None)
        return Divided(ids=np.asarray(encoding.ids, dtype=np.int32), starts=starts, ends=ends, first=first)

    def windows(self, tokens: int) -> list[tuple[int, int]]:
        """Return the first token of each window of so many tokens and one past its last; none is short."""
        size = self.max_tokens - sum(map(len, self.around))
        return windows_of(tokens, size, max(1, size // _OVERLAP))


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """The tokens of a text: ids, where each begins and ends in it [tokens], and at which tokens units begin [units].

    Tokens that stand for no character (of white space, say) begin no unit.
    """

    ids: NDArray[np.int32]
    starts: Integers
    ends: Integers
    first: Integers

    @property
    def unit_starts(self) -> Integers:
        """Where each unit begins in the text, [units]."""
        return self.starts[self.first]

    @property
    def unit_ends(self) -> Integers:
        """One past where each unit ends in the text, [units]."""
        if not len(self.first):
            return self.first
        shown = np.where(self.starts < self.ends, self.ends, 0)  # not those of white space behind a unit
        found: Integers = np.maximum.reduceat(shown, self.first)
        return found

    def misplaced(self, spans: Sequence[Span]) -> list[Span]:
        """Return the spans that do not begin where a unit begins and end where one ends."""
        starts, ends = set(self.unit_starts.tolist()), set(self.unit_ends.tolist())
        return [span for span in spans if span[0] not in starts or span[1] not in ends]

    def tags(self, spans: Sequence[Span], labels: Sequence[str]) -> Integers:
        """Return the tag of each unit [units] by the characters that spans cover, those that are cut too."""
        number = {label: place for place, label in enumerate(labels)}
        found = np.zeros(len(self.first), dtype=np.int64)
        starts, ends = self.unit_starts, self.unit_ends
        for start, end, label in spans:
            inside = np.flatnonzero((starts < end) & (ends > start))
            found[inside] = begin(number[label]) + 1
            found[inside[:1]] = begin(number[label])
        return found


class TagExamples:
    """Texts in windows as model inputs; with `tags` [units] of each, batches hold these, each in one window only.

    Rows are windows. `ids` and `fingerprints` are those of the texts, `lengths` the tokens of each window. A unit
    counts in the window that shows most on both sides of it.
    """

    def __init__(
        self,
        texts: Sequence[Divided],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: TagPreprocessing,
        tags: Sequence[Integers] | None = None,
    ) -> None:
        self.texts, self.ids, self.fingerprints, self.preprocessing = texts, ids, fingerprints, preprocessing
        self.tags = tags
        self.windows = [
            (number, *window)
            for number, text in enumerate(self.texts)
            for window in preprocessing.windows(len(text.ids))
        ]
        special = sum(map(len, preprocessing.around))
        self._lengths = np.asarray([special + end - start for _, start, end in self.windows], dtype=np.int64)
        self._own = _owned(self.texts, self.windows)
        # Of all texts the units one after the other.
        self.ends = np.cumsum([len(text.first) for text in self.texts])

    def some(self, rows: Sequence[int]) -> "TagExamples":
        """Return these texts alone."""
        return TagExamples(
            [self.texts[row] for row in rows],
            [self.ids[row] for row in rows],
            [self.fingerprints[row] for row in rows],
            preprocessing=self.preprocessing,
            tags=None if self.tags is None else [self.tags[row] for row in rows],
        )

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def lengths(self) -> Integers:
        """Tokens of each window with its special ones."""
        return self._lengths

    def units(self, row: int) -> slice:
        """Return the places of a text's units among those of all texts."""
        return slice(int(self.ends[row]) - len(self.texts[row].first), int(self.ends[row]))

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `input_ids` and `attention_mask` [batch, tokens], and `truth` with the tags, if any."""
        del augment
        before, after = self.preprocessing.around
        found = self.preprocessing.collate([[*before, *self._ids(row), *after] for row in rows])
        if self.tags is None:
            return found
        truth = torch.full_like(found["input_ids"], _NOT_LEARNED)
        for line, row in enumerate(rows):
            text = self.windows[row][0]
            places, units = self.own(row)
            truth[line, torch.from_numpy(places)] = torch.from_numpy(self.tags[text][units])
        return {**found, "truth": truth}

    def own(self, row: int) -> tuple[Integers, Integers]:
        """Return the units that count in a window: their places in it, and their numbers in its text."""
        text, start, _ = self.windows[row]
        units = self._own[row]
        return self.texts[text].first[units] - start + len(self.preprocessing.around[0]), units

    def _ids(self, row: int) -> list[int]:
        text, start, end = self.windows[row]
        found: list[int] = self.texts[text].ids[start:end].tolist()
        return found


def unit_values(
    model: Tagger,
    examples: TagExamples,
    *,
    precision: str,
    features: bool = False,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Return the logits [units, tags] of all texts, one after the other, or the features [units, width].

    Windows are computed by length, and each unit is taken from the one that shows most around it.
    """
    width = model.head.in_features if features else len(model.tags)
    found = np.zeros((int(examples.ends[-1]) if len(examples.ends) else 0, width), dtype=np.float32)
    device, function = model.head.weight.device, _function(model, features)
    model.eval()
    for rows in batches(examples, range(len(examples)), WINDOWS_AT_ONCE):
        inputs = {name: value.to(device) for name, value in examples.batch(rows).items() if name != "truth"}
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            values = function(inputs).float().cpu()
        for line, row in enumerate(rows):
            places, units = examples.own(row)
            found[examples.units(examples.windows[row][0])][units] = values[line].numpy()[places]
        if progress:
            progress(len(rows))
    return found


def _function(model: Tagger, features: bool) -> Callable[[dict[str, Tensor]], Tensor]:
    return model.features if features else lambda inputs: model(**inputs)


def windows_of(tokens: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Return the windows of `size` tokens that cover so many, each sharing `overlap` or more with the next one.

    Whatever is not longer than `overlap` lies wholly inside one of them.
    """
    if tokens <= size:
        return [(0, tokens)]
    starts = [*range(0, tokens - size, size - overlap), tokens - size]
    return [(start, start + size) for start in starts]


def load_tag_preprocessing(folder: Path, *, max_tokens: int, units: Units) -> TagPreprocessing:
    """Return the preprocessing that was saved in a folder."""
    found = TextPreprocessing.from_folder(folder, max_tokens=max_tokens)
    return TagPreprocessing(found.tokenizer, max_tokens=max_tokens, units=units)


def _trimmed(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[Integers, Integers]:
    """Return where tokens begin and end without the white space that some tokenizers count to them."""
    pairs = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    for place, (start, end) in enumerate(offsets):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        pairs[place] = start, end
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def _first_of_units(starts: Integers, ends: Integers, words: Sequence[int | None] | None) -> Integers:
    """Return the tokens at which units begin: with each word, or with each token that begins behind the one before.

    Several tokens may stand for one character: they are one unit.
    """
    first: list[int] = []
    word: int | None = None
    reached = 0
    for place, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start == end:
            continue
        own = None if words is None else words[place]
        if start >= reached and (own is None or own != word):
            first.append(place)
        word, reached = own, max(reached, end)
    return np.asarray(first, dtype=np.int64)


def _owned(texts: Sequence[Divided], windows: Sequence[tuple[int, int, int]]) -> list[Integers]:
    """Return of each window the units of its text that count there."""
    by_text: dict[int, list[int]] = {}
    for row, (text, _, _) in enumerate(windows):
        by_text.setdefault(text, []).append(row)
    found: list[Integers] = [np.empty(0, dtype=np.int64)] * len(windows)
    for text, rows in by_text.items():
        first, last = texts[text].first, len(texts[text].ids)
        around = np.stack([_context(first, *windows[row][1:], last) for row in rows]) if len(first) else first[None]
        chosen = around.argmax(axis=0) if len(first) else first
        for place, row in enumerate(rows):
            found[row] = np.flatnonzero(chosen == place)
    return found


def _context(tokens: Integers, start: int, end: int, last: int) -> NDArray[np.float64]:
    """Return how many tokens a window shows on the poorer side of each token; no side is poor where the text ends."""
    before = np.where(start == 0, np.inf, tokens - start)
    after = np.where(end == last, np.inf, end - 1 - tokens)
    found: NDArray[np.float64] = np.minimum(before, after).astype(np.float64)
    return np.where((tokens >= start) & (tokens < end), found, -1.0)
