"""Sentence encoders: vectors of length one, pooled as the backbone was trained to."""

from typing import Any

import pytest
import torch
from acclimate.models import Embedder
from acclimate.testing import tiny
from acclimate.testing.real import build as build_real


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_vectors_are_pooled_over_the_words_alone_and_have_length_one(pooling: str) -> None:
    encoder: Any = tiny.encoder("bert").eval()
    model = Embedder(encoder, width=16, pooling=pooling).eval()
    inputs = tiny.inputs("bert", rows=3, tokens=6)
    inputs["attention_mask"][1, 4:] = 0
    with torch.inference_mode():
        found = model(**inputs)
        hidden = encoder(**inputs).last_hidden_state
    kept = [6, 4, 6]
    each = {
        "mean": lambda row: hidden[row, : kept[row]].mean(dim=0),
        "cls": lambda row: hidden[row, 0],
        "last": lambda row: hidden[row, kept[row] - 1],
    }[pooling]
    expected = torch.stack([each(row) / each(row).norm() for row in range(3)])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))


def test_it_has_the_vectors_of_the_classifier_on_the_same_backbone() -> None:
    classifier: Any = build_real("minilm", "text-classification")
    model = Embedder(classifier.encoder, width=classifier.width, pooling=classifier.pooling).eval()
    inputs = {
        "input_ids": torch.tensor([[101, 2054, 2003, 102]]),
        "attention_mask": torch.ones(1, 4, dtype=torch.long),
    }
    with torch.inference_mode():
        torch.testing.assert_close(model(**inputs), classifier.features(inputs))
    assert not list(model.head.parameters())
