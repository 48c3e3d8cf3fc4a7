"""Tickets made for each test, and a tiny random backbone that knows their words."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SAID = {
    "cancel": ("cancel", "stop", "end"),
    "delivery": ("where", "arrived", "parcel"),
    "refund": ("money", "refund", "back"),
}
OTHERS = ("weather", "song", "pasta", "poem")
FILLER = ("please", "my", "order", "the", "I", "want", "today", "thanks", "week", "about")


@pytest.fixture(autouse=True)
def cheap(brief: None) -> None:
    """Make every report here a brief one."""


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return options of a run that takes a second."""
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / "cache"))
    words = [*FILLER, *OTHERS, *(word for said in SAID.values() for word in said)]
    return {
        "method": "frozen",
        "backbone": backbone(tmp_path / "backbone", words),
        "precision": "float32",
        "shown": False,
    }


def backbone(folder: Path, words: Sequence[str]) -> str:
    """Save a tiny random BERT to which each word is one token."""
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def tickets(tmp_path: Path) -> Callable[..., Path]:
    """Write a table of tickets, each word of which is known: `tickets(rows=120, outside=0)`."""

    def written(rows: int = 120, outside: int = 0, name: str = "tickets.csv", label: str = "oos") -> Path:
        found = []
        for number in range(rows):
            intent = list(SAID)[number % 3]
            found.append({"text": _said(SAID[intent], number), "label": intent, "customer": f"c{number // 2}"})
        for number in range(outside):
            found.append({"text": _said(OTHERS, rows + number), "label": label, "customer": f"o{number}"})
        return table(tmp_path / name, found)

    return written


def _said(words: Sequence[str], number: int) -> str:
    filler = [FILLER[(number * step) % len(FILLER)] for step in (3, 7)]
    return " ".join(
        [filler[0], words[number // 3 % len(words)], filler[1], words[number // 5 % len(words)], str(number)]
    )


def table(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
