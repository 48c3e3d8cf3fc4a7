"""Saliency points at what decides: exactly where the model is linear, and by removal where it is real."""

import numpy as np
import pytest
import torch
from acclimate.models import Classifier, pixel_saliency, resolve, token_saliency
from acclimate.plugins import default_host
from torch import Tensor, nn


class Linear(nn.Module):
    """Token embeddings that a mean and a linear head turn into logits."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(20, 6)

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> object:
        del attention_mask
        return type("Outputs", (), {"last_hidden_state": self.embedding(input_ids)})()


def test_of_a_linear_model_it_is_each_tokens_share_of_the_logit() -> None:
    model = Classifier(Linear(), width=6, labels=("a", "b", "c"), pooling="mean")
    ids = torch.tensor([[3, 7, 9, 1], [5, 2, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    found = token_saliency(model, {"input_ids": ids, "attention_mask": mask}, [2, 0]).numpy()
    weight = model.head.weight.detach().numpy()
    for row, label in enumerate((2, 0)):
        vectors = model.encoder.embedding.weight.detach().numpy()[ids[row]]
        share = np.maximum(vectors @ (weight[label] - weight.mean(axis=0)) * mask[row].numpy(), 0)
        np.testing.assert_allclose(found[row], share / max(share.max(), 1e-9), atol=1e-5)
    assert found.max() == 1


def test_nothing_is_left_behind_in_the_model() -> None:
    model = Classifier(Linear(), width=6, labels=("a", "b"), pooling="mean")
    model.requires_grad_(False)
    inputs = {"input_ids": torch.tensor([[1, 2]]), "attention_mask": torch.ones(1, 2, dtype=torch.long)}
    token_saliency(model, inputs, [0])
    assert not model.encoder.embedding._forward_hooks
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.fixture(scope="module")
def resolved() -> object:
    backbone = default_host().candidates("backbone", "general")["minilm-l6"]
    return resolve(backbone, labels=("sport", "law"), max_tokens=32)


def test_taking_out_the_words_that_spoke_most_turns_a_real_model_away(resolved: object) -> None:
    preprocessing, model = resolved.preprocessing, resolved.model  # type: ignore[attr-defined]
    texts = ["the judge heard the appeal on monday", "the striker scored a late goal in the final"]
    topics = ["a court of law and a trial", "a football match"]

    def features(items: list[str]) -> Tensor:
        with torch.no_grad():
            return model.features(preprocessing.collate(preprocessing.encode(items)[0]))

    with torch.no_grad():  # a head that tells the two topics apart
        vectors = features(topics)
        model.head.weight.copy_(torch.stack([vectors[1], vectors[0]]) * 10)
        model.head.bias.zero_()
    encoded = preprocessing.encode(texts)[0]
    weights = token_saliency(model, preprocessing.collate(encoded), [1, 0])
    for text, ids, row, label in zip(texts, encoded, weights, (1, 0), strict=True):
        words = text.split()
        tokens = preprocessing.tokenizer.convert_ids_to_tokens(ids)
        assert tokens[1:-1] == words, "every word here is one token"
        order = row[1 : 1 + len(words)].argsort(descending=True).tolist()
        assert words[order[0]] in ("judge", "appeal", "striker", "scored", "goal")

        def margin(without: list[int], words: list[str] = words, label: int = label) -> float:
            kept = [word for place, word in enumerate(words) if place not in without]
            with torch.no_grad():
                logits = model.head(features([" ".join(kept)]))[0]
            return float(logits[label] - logits[1 - label])

        half = len(words) // 2
        assert margin(order[:half]) < margin(order[-half:]) - 1, "what is left has far less for the label"


class Corner(nn.Module):
    """Feature maps whose first channel sees only the upper left corner."""

    def forward(self, pixel_values: Tensor) -> object:
        corner = torch.zeros_like(pixel_values)
        corner[:, :, :16, :16] = 1
        seen = torch.stack([(pixel_values * corner).sum((1, 2, 3)), pixel_values.sum((1, 2, 3)) * 0], dim=1)
        return type("Outputs", (), {"pooler_output": seen})()


def test_of_an_image_it_is_the_place_that_is_looked_at() -> None:
    model = Classifier(Corner(), width=2, labels=("a", "b"), pooling="own")
    with torch.no_grad():
        model.head.weight.copy_(torch.eye(2))
    pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) + 0.5
    found = pixel_saliency(model, {"pixel_values": pixels}, [0, 0])
    assert found.shape == (2, 64, 64)
    assert found.max() == 1
    assert found[:, :14, :14].min() > 0.2
    assert found[:, 20:, 20:].max() == 0
