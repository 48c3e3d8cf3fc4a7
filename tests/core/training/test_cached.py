"""Gradients of a whole batch from pieces of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Objective, Plan, Settings
from acclimate.models import Embedder
from acclimate.testing import tiny
from acclimate.training import fit
from acclimate.training.cached import backward_in_pieces
from torch import Tensor


def build(dropout: bool) -> tuple[Embedder, dict[str, Tensor]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder: Any = tiny.encoder("bert")
    model = Embedder(encoder, width=16, pooling="mean").train()
    if not dropout:
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    inputs = tiny.inputs("bert", rows=11, tokens=9)
    for row, length in enumerate((9, 3, 5, 9, 2, 7, 4, 4, 8, 6, 1)):
        inputs["attention_mask"][row, length:] = 0
    return model, inputs


def contrast(features: Tensor) -> Tensor:
    """Return a loss in which every row meets every other one."""
    similarity = 20 * features @ features.T
    return torch.nn.functional.cross_entropy(similarity[:5, 5:], torch.arange(5) % 6)


def gradients(model: Embedder) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("size", [1, 4, 10])
def test_the_gradient_in_pieces_is_that_of_the_whole_batch(size: int) -> None:
    model, inputs = build(dropout=False)
    whole = contrast(model.features(inputs))
    torch.autograd.backward(whole)
    expected = gradients(model)
    model.zero_grad()
    value = backward_in_pieces(model.features, contrast, inputs, torch.autograd.backward, rows_at_once=size)
    assert value.item() == pytest.approx(whole.item(), abs=1e-5)
    found = gradients(model)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-5)


def test_a_piece_has_the_same_dropout_both_times_and_the_next_batch_another() -> None:
    model, inputs = build(dropout=True)
    seen: list[Tensor] = []

    def features(rows: Mapping[str, Tensor]) -> Tensor:
        found = model.features(rows)
        seen.append(found.detach())
        return found

    for _ in range(2):
        backward_in_pieces(features, contrast, inputs, torch.autograd.backward, rows_at_once=4)
    first, again, later = seen[:3], seen[3:6], seen[6:9]
    for one, other, third in zip(first, again, later, strict=True):
        torch.testing.assert_close(one, other)
        assert not torch.allclose(one, third)


def test_no_more_rows_than_a_piece_go_through_the_model_at_once() -> None:
    model, inputs = build(dropout=False)
    sizes: list[int] = []

    def features(rows: Mapping[str, Tensor]) -> Tensor:
        sizes.append(len(rows["input_ids"]))
        return model.features(rows)

    backward_in_pieces(features, contrast, inputs, torch.autograd.backward, rows_at_once=4)
    assert sizes == [4, 4, 3, 4, 4, 3]


class Texts:
    """Rows of random tokens."""

    def __init__(self, inputs: Mapping[str, Tensor]) -> None:
        self.inputs = inputs
        self.lengths = inputs["attention_mask"].sum(dim=1).numpy()

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        del augment
        return {name: value[list(rows)] for name, value in self.inputs.items()}


def learned(rows_at_once: int) -> tuple[Tensor, int]:
    """Train for two epochs of two steps; return the features, and the most rows that were in the model at once."""
    model, inputs = build(dropout=False)
    sizes: list[int] = []
    model.encoder.register_forward_pre_hook(
        lambda _, __, given: sizes.append(len(given["input_ids"])), with_kwargs=True
    )
    objective = Objective(
        loss=lambda features, truth: contrast(features) + 0 * truth.sum(),
        draw=lambda truth, batch_size, seed, epoch: iter([list(range(11)), list(range(11))]),
        steps=lambda batch_size: 2,
        rows_at_once=rows_at_once,
    )
    groups = [{"params": list(model.parameters()), "lr": 1e-2, "weight_decay": 0.0}]
    losses = iter((1.0, 0.5, 0.25))

    def validate() -> tuple[dict[str, float], np.ndarray[Any, Any]]:
        loss = next(losses)
        return {"loss": loss}, np.full(4, loss)

    fit(
        model,
        Plan(method="full", groups=lambda _: groups, epochs=2, batch_size=11, objective=objective),
        groups,
        Texts(inputs),
        np.arange(11),
        settings=Settings(),
        precision="float32",
        validate=validate,
        shown=False,
    )
    with torch.inference_mode():
        most = max(sizes)
        return model.features(inputs), most


def test_the_engine_learns_the_same_in_pieces() -> None:
    (whole, most), (pieces, fewer) = learned(0), learned(3)
    assert (most, fewer) == (11, 3)
    model, inputs = build(dropout=False)
    with torch.inference_mode():
        start = model.features(inputs)
    assert float((whole - start).abs().max()) > 0.05
    torch.testing.assert_close(pieces, whole, atol=1e-3, rtol=1e-3)
