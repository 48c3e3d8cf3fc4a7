"""Answers to questions that stand in a text of any length, which is read in windows that overlap.

Shapes: [batch, tokens] of a question with one window, [batch, tokens, 2] of the logits of first and last tokens.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from acclimate.contracts import DataError
from acclimate.models.answer_decoding import Pair, best_pairs, merged
from acclimate.models.fingerprint import json_hash
from acclimate.models.infer import Progress, batches
from acclimate.models.tagger import WINDOWS_AT_ONCE, Divided, TagPreprocessing, windows_of
from acclimate.models.text import TextPreprocessing
from acclimate.models.tokens import TokenClassifier

ENDS = ("start", "end")
NOT_LEARNED = -100.0
_BEST_OF_WINDOW, _BEST_OF_TEXT = 5, 20
Integers = NDArray[np.int64]


class Answerer(TokenClassifier):
    """Logits of being the first and the last token of an answer, for every token."""

    def __init__(self, encoder: nn.Module, *, width: int) -> None:
        super().__init__(encoder, width=width, labels=ENDS)

    def start_from(self, tokens: int) -> None:
        """Draw a new head, of which windows of so many tokens are as likely to hold an answer as not."""
        self.head.reset_parameters()
        with torch.no_grad():
            self.head.bias.fill_(-float(np.log(max(tokens, 2))))


class AnswerPreprocessing(TagPreprocessing):
    """A tokenizer, the length of a question with its window, and how many tokens windows share at least."""

    def __init__(self, tokenizer: Any, *, max_tokens: int, overlap: int) -> None:
        super().__init__(tokenizer, max_tokens=max_tokens, units="pieces")
        self.overlap = overlap

    @cached_property
    def hash(self) -> str:
        """Name tokenizer, length and overlap exactly."""
        return json_hash([self.tokens_hash, "answers", self.overlap])

    @cached_property
    def frame(self) -> tuple[list[int], list[int], list[int]]:
        """The special tokens before the question, between it and the window, and after both.

        Where a tokenizer puts nothing between two texts, its separator or its end of a text stands there.
        """
        found = self.tokenizer("a", "a")
        ids, parts = found["input_ids"], found.sequence_ids()
        first, second = ([place for place, part in enumerate(parts) if part == number] for number in (0, 1))
        between = ids[first[-1] + 1 : second[0]]
        if not between:
            own = (self.tokenizer.sep_token_id, self.tokenizer.eos_token_id)
            between = [token for token in own if token is not None][:1]
        return ids[: first[0]], between, ids[second[-1] + 1 :]

    def question(self, text: str) -> list[int]:
        """Return the tokens of a question.

        Raises:
            DataError: for one that leaves less than half of the tokens to the text.
        """
        found: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if 2 * self.size(len(found)) < self.max_tokens:
            raise DataError(
                f"A question has {len(found):,} tokens, which leaves {max(0, self.size(len(found))):,} of "
                f"{self.max_tokens:,} to the text, less than half: {text[:80]!r}.",
                "Shorten it, or raise max_tokens (--max-tokens).",
            )
        return found

    def size(self, question: int) -> int:
        """Return how many tokens of a text a window shows beside a question of so many."""
        return self.max_tokens - sum(map(len, self.frame)) - question

    def spread(self, tokens: int, question: int) -> list[tuple[int, int]]:
        """Return the windows over so many tokens of a text, beside a question of so many."""
        size = self.size(question)
        return windows_of(tokens, size, min(self.overlap, size // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question on a text: the place of that among all texts, the question's tokens, and where its answers stand.

    An answer is its first and its last token; `answers` are None where they are not known.
    """

    text: int
    question: NDArray[np.int32]
    answers: tuple[tuple[int, int], ...] | None = None


def tokens_of_answer(text: Divided, start: int, end: int) -> tuple[int, int]:
    """Return the first and the last token that show some of the characters from `start` up to `end`."""
    inside = np.flatnonzero((text.starts < end) & (text.ends > start))
    if not len(inside):
        raise DataError(
            f"The answer at {start} to {end} has no token of the backbone.", "Mark what has letters or digits."
        )
    return int(inside[0]), int(inside[-1])


class AnswerExamples:
    """Questions with the windows of their texts as model inputs; rows are windows.

    `ids` and `fingerprints` are those of the texts. Where answers are known, batches hold `truth` [batch, tokens, 2]:
    the share that a token has of the answers which begin, or end, with it; 0 for other tokens of the window;
    `NOT_LEARNED` for all tokens outside it.
    """

    def __init__(
        self,
        texts: Sequence[Divided],
        asked: Sequence[Asked],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: AnswerPreprocessing,
    ) -> None:
        self.texts, self.asked, self.preprocessing = texts, asked, preprocessing
        self.ids, self.fingerprints = ids, fingerprints
        whole = [
            (number, *window)
            for number, one in enumerate(asked)
            for window in preprocessing.spread(len(texts[one.text].ids), len(one.question))
        ]
        self.windows: Integers = np.asarray(whole, dtype=np.int64).reshape(-1, 3)
        special = sum(map(len, preprocessing.frame))
        questions = np.asarray([len(one.question) for one in asked], dtype=np.int64)
        self._lengths = special + questions[self.windows[:, 0]] + self.windows[:, 2] - self.windows[:, 1]

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def lengths(self) -> Integers:
        """Tokens of each window with its question and special ones."""
        return self._lengths

    def some(self, rows: NDArray[np.integer]) -> "AnswerExamples":
        """Return these windows alone, of the same texts."""
        found = AnswerExamples(self.texts, (), self.ids, self.fingerprints, preprocessing=self.preprocessing)
        found.asked, found.windows, found._lengths = self.asked, self.windows[rows], self._lengths[rows]
        return found

    @cached_property
    def held(self) -> Integers:
        """Of each window: 1 where it holds an answer wholly, 0 where it shows nothing of any, else -1."""
        found = np.zeros(len(self.windows), dtype=np.int64)
        for row, (number, start, end) in enumerate(self.windows.tolist()):
            answers = self.asked[number].answers or ()
            if any(start <= first and last < end for first, last in answers):
                found[row] = 1
            elif any(first < end and last >= start for first, last in answers):
                found[row] = -1
        return found

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `input_ids` and `attention_mask` [batch, tokens], and `truth`, where answers are known."""
        del augment
        before, between, after = self.preprocessing.frame
        lines = [self.windows[row].tolist() for row in rows]
        found = self.preprocessing.collate(
            [
                [*before, *self.asked[number].question.tolist(), *between, *self._ids(number, start, end), *after]
                for number, start, end in lines
            ]
        )
        if any(self.asked[number].answers is None for number, _, _ in lines):
            return found
        truth = torch.full((*found["input_ids"].shape, 2), NOT_LEARNED)
        for line, row in enumerate(rows):
            truth[line, self.place(row)] = torch.from_numpy(self.shares(row))
        return {**found, "truth": truth}

    def shares(self, row: int) -> NDArray[np.float32]:
        """Return the share of a window's answers that begin, and end, with each token of its text [tokens, 2]."""
        number, start, end = self.windows[row].tolist()
        found = np.zeros((end - start, 2), dtype=np.float32)
        answers = self.asked[number].answers or ()
        inside = [(first - start, last - start) for first, last in answers if start <= first and last < end]
        for first, last in inside:
            found[first, 0] += 1 / len(inside)
            found[last, 1] += 1 / len(inside)
        return found

    def place(self, row: int) -> slice:
        """Return where the tokens of the text stand among those of a window with its question."""
        number, start, end = self.windows[row].tolist()
        before, between, _ = self.preprocessing.frame
        first = len(before) + len(self.asked[number].question) + len(between)
        return slice(first, first + end - start)

    def _ids(self, number: int, start: int, end: int) -> list[int]:
        found: list[int] = self.texts[self.asked[number].text].ids[start:end].tolist()
        return found


def window_logits(
    model: Answerer, examples: AnswerExamples, *, precision: str, progress: Progress | None = None
) -> Iterator[tuple[int, Tensor]]:
    """Yield each window with the logits [tokens, 2] of its tokens of the text, computed by length."""
    device = model.head.weight.device
    model.eval()
    for rows in batches(examples, range(len(examples)), WINDOWS_AT_ONCE):
        inputs = {name: value.to(device) for name, value in examples.batch(rows).items() if name != "truth"}
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            values = model(**inputs).float().cpu()
        for line, row in enumerate(rows):
            yield row, values[line, examples.place(row)]
        if progress:
            progress(len(rows))


def find_answers(
    model: Answerer,
    examples: AnswerExamples,
    *,
    precision: str,
    longest: int,
    seen: Callable[[int, Tensor], None] | None = None,
) -> list[list[Pair]]:
    """Return of each question the best answers (start, end, score) in characters of its text, the best one first.

    They never overlap, and none has more than `longest` tokens. `seen` is shown each window's logits [tokens, 2].
    """
    found: list[list[Pair]] = [[] for _ in examples.asked]
    for row, logits in window_logits(model, examples, precision=precision):
        if seen is not None:
            seen(row, logits)
        number, start, end = examples.windows[row].tolist()
        text = examples.texts[examples.asked[number].text]
        shown = text.starts[start:end] < text.ends[start:end]  # no answer begins or ends with mere white space
        values = np.where(shown[:, None], logits.numpy(), -np.inf)
        for first, last, score in best_pairs(values[:, 0], values[:, 1], longest=longest, count=_BEST_OF_WINDOW):
            found[number].append((int(text.starts[start + first]), int(text.ends[start + last]), score))
    return [merged(pairs, count=_BEST_OF_TEXT) for pairs in found]


def load_answer_preprocessing(folder: Path, *, max_tokens: int, overlap: int) -> AnswerPreprocessing:
    """Return the preprocessing that was saved in a folder."""
    found = TextPreprocessing.from_folder(folder, max_tokens=max_tokens)
    return AnswerPreprocessing(found.tokenizer, max_tokens=max_tokens, overlap=overlap)
