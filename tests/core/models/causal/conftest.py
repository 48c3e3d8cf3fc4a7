"""Tiny decoders with random weights as transformers makes them, rows that share prefixes, and each row alone."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import transformers as t
from acclimate.models import LanguageModel
from acclimate.models.causal import SupervisedRow

VOCABULARY = 64
SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SIZE |= {"num_key_value_heads": 1, "head_dim": 8, "vocab_size": VOCABULARY, "max_position_embeddings": 128}
SIZE |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.3}
_MIXED = ["sliding_attention", "full_attention"]
CONFIGS: dict[str, Callable[[], Any]] = {
    "llama": lambda: t.LlamaConfig(**SIZE),
    "qwen3": lambda: t.Qwen3Config(**SIZE),
    "gpt2": lambda: t.GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=128,
        n_embd=16,
        n_layer=2,
        n_head=2,
        initializer_range=0.3,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=1,
        eos_token_id=2,
    ),
    "gemma": lambda: t.GemmaConfig(**SIZE),
    # Windows of 5 tokens, in all layers or in one of two: shorter than the prefixes of the rows below.
    "mistral-window": lambda: t.MistralConfig(**SIZE, sliding_window=5),
    "qwen3-window": lambda: t.Qwen3Config(
        **SIZE, use_sliding_window=True, sliding_window=5, max_window_layers=0, layer_types=_MIXED
    ),
    "gemma3-window": lambda: t.Gemma3TextConfig(
        **SIZE, sliding_window=5, layer_types=_MIXED, query_pre_attn_scalar=8
    ),
}


def made(config: Any, attention: str | None = "sdpa") -> tuple[Any, LanguageModel]:
    """Return a model of transformers and ours with the same weights, apart from each other."""
    torch.manual_seed(0)
    theirs = t.AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():  # norms and biases as they are after training, not all alike
        for weight in theirs.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return theirs, LanguageModel.of(copy.deepcopy(theirs))


def row(prefix: Sequence[int], own: Sequence[int], learned: int, shared: int | None = None) -> SupervisedRow:
    """Return a row whose last `learned` tokens are targets."""
    ids = (*prefix, *own)
    first = len(ids) - learned
    supervised = tuple(place >= first for place in range(len(ids)))
    return SupervisedRow(ids=ids, supervised=supervised, prefix=len(prefix) if shared is None else shared)


@pytest.fixture
def rows() -> list[SupervisedRow]:
    """Return rows behind two prefixes, one row without, and one that is learned whole, prefix and all."""
    random = torch.Generator().manual_seed(3)

    def draw(tokens: int) -> list[int]:
        return torch.randint(3, VOCABULARY, (tokens,), generator=random).tolist()

    first, second = draw(11), draw(7)
    made = [row(first, draw(size), learned) for size, learned in ((9, 4), (3, 3), (14, 6), (1, 1))]
    made += [
        row(second, draw(6), 2),
        row(second, draw(8), 14),
        row([], draw(10), 5),
        row(first, draw(5), 2, shared=0),
    ]
    return made


def alone(model: Any, rows: Sequence[SupervisedRow]) -> torch.Tensor:
    """Return transformers' own loss of each row by itself, summed over its targets; the mean over all of them."""
    total = torch.zeros(())
    for one in rows:
        ids = torch.tensor([one.ids])
        labels = torch.where(torch.tensor([one.supervised]), ids, -100)
        total = total + model(input_ids=ids, labels=labels).loss * sum(one.supervised)
    return total / sum(sum(one.supervised) for one in rows)
