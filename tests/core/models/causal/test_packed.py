"""The engine trains on packs as it does on rows apart, with far fewer tokens."""

import numpy as np
import pytest
import torch
from acclimate import training
from acclimate.contracts import Need, Plan, Settings
from acclimate.models import LanguageModel
from acclimate.models.causal import PackedExamples, SupervisedLoss, SupervisedRow, batch_loss, layout_of
from acclimate.plugins import Host

from .conftest import CONFIGS, made


class Rows:
    """Rows in a list."""

    def __init__(self, rows: list[SupervisedRow]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(row.ids) for row in self.rows])

    def row(self, number: int) -> SupervisedRow:
        return self.rows[number]


def trained(method: str, rows: list[SupervisedRow], *, packed: bool) -> tuple[LanguageModel, list[int]]:
    """Return a model after three epochs of two steps, and how many tokens each of its batches had."""
    _, model = made(CONFIGS["qwen3-window"]())
    offer = Host(discover=False).methods()[method]
    settings = Settings(seed=0, batch_size=4, epochs=3, learning_rate=1e-2)
    need = Need(task="text-generation", modality="text", rows=len(rows), labels=())
    plan: Plan = Host(discover=False).load(offer)(model, need, settings)
    torch.manual_seed(1)
    if offer.install is not None:
        offer.install.load()(model, plan.adapter)
    assert plan.groups is not None
    examples = PackedExamples(Rows(rows), layout_of(model, rows, budget_tokens=40, packed=packed))
    tokens: list[int] = []
    model.encoder.register_forward_pre_hook(
        lambda _module, _args, inputs: tokens.append(inputs["input_ids"].numel()), with_kwargs=True
    )
    falling = iter(range(9, 0, -1))
    training.fit(
        SupervisedLoss(model),
        plan,
        plan.groups(model),
        examples,
        None,
        settings=settings,
        precision="float32",
        validate=lambda: ({"loss": float(number := next(falling))}, np.array([float(number)])),
        shown=False,
        loss=batch_loss,
    )
    return model, tokens


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_engine_gets_the_same_weights_from_packs_as_from_rows_apart(
    method: str, rows: list[SupervisedRow]
) -> None:
    one, few = trained(method, rows, packed=True)
    other, many = trained(method, rows, packed=False)
    start = made(CONFIGS["qwen3-window"]())[1].state_dict()
    assert len(few) == len(many) == 6
    assert sum(few) < sum(many)
    for name, weight in one.state_dict().items():
        assert weight == pytest.approx(other.state_dict()[name], abs=1e-4), name
    moved = [name for name, weight in one.state_dict().items() if name not in start or not weight.equal(start[name])]
    assert moved
