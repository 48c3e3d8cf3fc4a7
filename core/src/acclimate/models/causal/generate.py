"""Answers written token by token: many at once or streamed, never beyond a limit."""

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from acclimate.contracts import DataError
from acclimate.models.tokens import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The tokens that a model wrote, without the one that ended them, and whether there was such a one."""

    ids: tuple[int, ...]
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How answers are written: `limit` bounds their tokens, `stops` end them.

    At a `temperature` of 0 the likeliest token is taken; above it tokens are drawn, as `seed` says.

    Answers are written in the precision of the weights: one token a pass reads every weight once, and turning weights
    into 16 bits first would read them twice.
    """

    limit: int
    stops: tuple[int, ...]
    temperature: float = 0.0
    seed: int = 0


def context_of(model: LanguageModel) -> int | None:
    """Return how many tokens a model can read, None where nothing bounds them."""
    config: Any = model.encoder.config
    found = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return None if found is None else int(found)


def check_room(model: LanguageModel, tokens: int) -> None:
    """Raise DataError where a prompt leaves no room to answer."""
    context = context_of(model)
    if context is not None and tokens >= context:
        raise DataError(
            f"Its {tokens:,} tokens leave no room to answer: the model reads {context:,}.", "Shorten the chat."
        )


def write(model: LanguageModel, prompts: Sequence[Sequence[int]], writing: Writing) -> list[Written]:
    """Return what a model writes after each prompt; prompts of any lengths are computed together.

    Raises:
        DataError: for a prompt that leaves no room.
    """
    written: list[list[int]] = [[] for _ in prompts]
    stopped = [False] * len(prompts)
    for step in _steps(model, prompts, writing):
        for row, token in step.items():
            if token in writing.stops:
                stopped[row] = True
            else:
                written[row].append(token)
    return [Written(ids=tuple(ids), stopped=end) for ids, end in zip(written, stopped, strict=True)]


def stream(model: LanguageModel, prompt: Sequence[int], writing: Writing) -> Iterator[int]:
    """Yield what a model writes after a prompt as it is written, with the token that ends it.

    Raises:
        DataError: for a prompt that leaves no room.
    """
    for step in _steps(model, [prompt], writing):
        yield from step.values()


def _steps(model: LanguageModel, prompts: Sequence[Sequence[int]], writing: Writing) -> Iterator[dict[int, int]]:
    """Yield of each step the token of every row that has not ended, by row."""
    context = context_of(model)
    for prompt in prompts:
        check_room(model, len(prompt))
    device = model.head.weight.device
    random = torch.Generator(device=device).manual_seed(writing.seed)
    source: _Cached | _Whole = (_Cached if keeps_a_cache(model) else _Whole)(model, prompts)
    lengths = [len(prompt) for prompt in prompts]
    active = set(range(len(prompts)))
    model.eval()
    for _ in range(writing.limit):
        with torch.inference_mode():
            logits = source.next()
            chosen = _chosen(logits, writing.temperature, random)
            source.add(chosen, active)
        tokens: list[int] = chosen.tolist()
        yield {row: tokens[row] for row in sorted(active)}
        for row in tuple(active):
            lengths[row] += 1
            if tokens[row] in writing.stops or lengths[row] == context:
                active.remove(row)
        if not active:
            return


def _chosen(logits: Tensor, temperature: float, random: torch.Generator) -> Tensor:
    """Return a token for each row, [rows], of logits [rows, vocabulary]."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=random)[:, 0]


def keeps_a_cache(model: LanguageModel) -> bool:
    """Tell whether keys and values of tokens read before give the logits that reading them again would.

    Virtual tokens, which a method puts before those of the input, are put there in every pass; nothing then can be
    kept. Of all else a small input shows it.
    """
    if hasattr(model.encoder, "prompt"):
        return False
    device = model.head.weight.device
    ids = torch.arange(1, 7, device=device)[None]
    with torch.inference_mode():
        training = model.training
        model.eval()
        whole = model(input_ids=ids, attention_mask=torch.ones_like(ids))[0, -1]
        source = _Cached(model, [ids[0, :5].tolist()])
        source.next()
        source.add(ids[0, 5:], (0,))
        kept = source.next()[0]
        model.train(training)
    return bool(torch.allclose(whole, kept, atol=1e-3, rtol=1e-3))


class _Cached:
    """The next token from keys and values that are kept; rows are padded on the left, and positions say so."""

    def __init__(self, model: LanguageModel, prompts: Sequence[Sequence[int]]) -> None:
        from transformers import DynamicCache

        self.model, device = model, model.head.weight.device
        longest = max(map(len, prompts))
        self.ids = torch.zeros(len(prompts), longest, dtype=torch.long, device=device)
        self.mask = torch.zeros_like(self.ids)
        for row, prompt in enumerate(prompts):
            self.ids[row, longest - len(prompt) :] = torch.tensor(list(prompt))
            self.mask[row, longest - len(prompt) :] = 1
        self.positions = (self.mask.cumsum(dim=1) - 1).clamp(min=0)
        self.last = (context_of(model) or sys.maxsize) - 1
        self.cache = DynamicCache(config=model.encoder.config)

    def next(self) -> Tensor:
        """Return the logits [rows, vocabulary] of the next token."""
        encoder: Any = self.model.encoder
        output = encoder(
            input_ids=self.ids,
            attention_mask=self.mask,
            position_ids=self.positions,
            past_key_values=self.cache,
            use_cache=True,
        )
        return self.model.logits(output.last_hidden_state[:, -1])

    def add(self, tokens: Tensor, active: Collection[int]) -> None:
        """Go on after a token of each row, [rows]; what rows that are not active go on with does not matter."""
        del active
        # A row that has come to the end of the context waits there for the others.
        self.ids, self.positions = tokens[:, None], (self.positions[:, -1:] + 1).clamp(max=self.last)
        self.mask = torch.cat([self.mask, torch.ones_like(self.ids)], dim=1)


class _Whole:
    """The next token from all tokens read again; rows are padded on the right, where no token sees it."""

    def __init__(self, model: LanguageModel, prompts: Sequence[Sequence[int]]) -> None:
        self.model, self.device = model, model.head.weight.device
        self.rows = [list(prompt) for prompt in prompts]

    def next(self) -> Tensor:
        """Return the logits [rows, vocabulary] of the next token."""
        longest = max(map(len, self.rows))
        ids = torch.zeros(len(self.rows), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(self.rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        inputs = {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}
        encoder: Any = self.model.encoder
        hidden = encoder(**inputs, use_cache=False).last_hidden_state
        last = torch.tensor([len(tokens) - 1 for tokens in self.rows], device=self.device)
        return self.model.logits(hidden[torch.arange(len(self.rows), device=self.device), last])

    def add(self, tokens: Tensor, active: Collection[int]) -> None:
        """Go on after a token of each active row; `tokens` are [rows]."""
        for row in active:
            self.rows[row].append(int(tokens[row]))
