"""A training that was stopped goes on bit for bit, also where weights do not lie in the order of their axes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Plan, Settings
from acclimate.training import Checkpoint, Trained, fit, loss_of
from acclimate.training.engine import Engine
from torch import Tensor, nn


class Pictures:
    """Forty pictures of eight pixels each way, as `x` [batch, 3, 8, 8]."""

    lengths = None

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(0)
        self.truth = np.arange(40) % 2
        self.values = torch.randn(40, 3, 8, 8, generator=random) + torch.from_numpy(self.truth)[:, None, None, None]

    def __len__(self) -> int:
        return 40

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        noise = 0.0 if augment is None else float(augment.normal())
        return {"x": self.values[list(rows)] + noise}


class Network(nn.Module):
    """Two convolutions, whose weights differ in memory by their format, and a dropout that draws."""

    def __init__(self, memory: torch.memory_format) -> None:
        super().__init__()
        layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(128, 2)
        self.layers = nn.Sequential(*layers).to(memory_format=memory)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits


def train(memory: torch.memory_format, checkpoint: Checkpoint | None) -> tuple[Trained, Network]:
    pictures = Pictures()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = Network(memory)

    def groups(model: nn.Module) -> list[Mapping[str, Any]]:
        return [{"params": list(model.parameters()), "lr": 0.01, "weight_decay": 0.05}]

    def validate() -> tuple[Mapping[str, float], np.ndarray]:
        model.eval()
        with torch.inference_mode():
            logits = model(pictures.values)
            losses = np.array([float(loss_of(logits[k : k + 1], torch.tensor([k % 2]))) for k in range(40)])
        return {"log_loss": float(losses.mean())}, losses

    plan = Plan(method="full", groups=groups, epochs=3, batch_size=8, augment=True, average=0.9)
    trained = fit(
        model,
        plan,
        groups(model),
        pictures,
        pictures.truth,
        settings=Settings(seed=3),
        precision="float32",
        validate=validate,
        shown=False,
        checkpoint=checkpoint,
    )
    return trained, model


@pytest.mark.parametrize(
    "memory", [torch.contiguous_format, torch.channels_last], ids=["contiguous", "channels last"]
)
@pytest.mark.parametrize("steps", [3, 5, 8])
def test_training_that_was_stopped_ends_with_the_very_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: torch.memory_format, steps: int
) -> None:
    whole, expected = train(memory, None)
    checkpoint = Checkpoint(file=tmp_path / "state", key="run", every_steps=1)
    step, taken = Engine.training_step, []

    def stopping(engine: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        if len(taken) == steps:
            raise KeyboardInterrupt
        taken.append(1)
        return step(engine, model, inputs, num_items_in_batch)

    monkeypatch.setattr(Engine, "training_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train(memory, checkpoint)
    monkeypatch.undo()
    again, found = train(memory, checkpoint)
    assert again == whole
    for (name, one), other in zip(expected.state_dict().items(), found.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
