"""Where a plan asks for it, the moving average of the weights is what is validated and kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Plan, Settings
from acclimate.training import fit
from acclimate.training.averaging import Average
from torch import nn


class State:
    global_step = 0


def test_the_average_follows_the_formula() -> None:
    parameter = nn.Parameter(torch.tensor([1.0, -2.0]))
    average = Average([{"params": [parameter]}], 0.5)
    expected = parameter.detach().clone()
    for step in range(1, 12):
        with torch.no_grad():
            parameter += step
        state = State()
        state.global_step = step
        average.on_step_end(None, state, None)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * parameter.detach()
    before = parameter.detach().clone()
    with average.applied():
        torch.testing.assert_close(parameter.detach(), expected)
    assert torch.equal(parameter.detach(), before), "training goes on from the weights themselves"


@pytest.fixture
def kept(
    network: Callable[..., nn.Module], plan: Callable[..., Plan], problem: Any
) -> Callable[[float], torch.Tensor]:
    """Train with a decay; return the head that was kept, which must be the one validated last."""

    def run(decay: float) -> torch.Tensor:
        return trained_head(network(), plan, problem, decay)

    return run


def trained_head(model: Any, plan: Callable[..., Plan], problem: Any, decay: float) -> torch.Tensor:
    given = plan(epochs=3, average=decay, patience=9)
    assert given.groups is not None
    seen: list[torch.Tensor] = []

    def validate() -> tuple[dict[str, float], np.ndarray]:
        seen.append(model.head.weight.detach().clone())
        return {"log_loss": 1.0 / len(seen)}, np.array([1.0 / len(seen)])  # the last epoch is the best

    settings = Settings(learning_rate=0.1)
    groups = given.groups(model)
    fit(model, given, groups, *problem, settings=settings, precision="float32", validate=validate, shown=False)
    assert torch.equal(model.head.weight.detach(), seen[-1])
    return seen[-1]


def test_an_average_is_not_the_last_step(kept: Callable[[float], torch.Tensor]) -> None:
    assert not torch.equal(kept(0.0), kept(0.9))
