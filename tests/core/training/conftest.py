"""A tiny separable problem and a tiny model with everything that training may disturb."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Plan
from torch import Tensor, nn


class Points:
    """Rows of numbers as `x` [batch, 4]; `lengths` may be given to batch by them."""

    def __init__(self, values: np.ndarray, lengths: np.ndarray | None = None) -> None:
        self.values, self.lengths = torch.from_numpy(values), lengths
        self.seen: list[list[int]] = []
        self.random: list[np.random.Generator | None] = []

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        self.seen.append(list(rows))
        self.random.append(augment)
        return {"x": self.values[list(rows)]}


class Network(nn.Module):
    """A linear layer, batch normalisation, and a head."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(4, 8), nn.BatchNorm1d(8)
        self.dropout, self.head = nn.Dropout(dropout), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(torch.relu(self.norm(self.first(x)))))


@pytest.fixture
def problem() -> tuple[Points, np.ndarray]:
    """Forty points of two classes."""
    random = np.random.default_rng(0)
    truth = np.arange(40) % 2
    values = (random.normal(size=(40, 4)) + 2 * truth[:, None]).astype(np.float32)
    return Points(values, random.integers(1, 30, 40)), truth


@pytest.fixture
def network() -> Callable[..., Network]:
    """Build the same random network each time."""

    def make(dropout: float = 0.0, seed: int = 0) -> Network:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return Network(dropout)

    return make


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """Plan to train all of a network: `plan(epochs=3)`."""

    def make(rate: float = 0.01, **values: Any) -> Plan:
        def groups(model: nn.Module) -> list[Mapping[str, Any]]:
            return [
                {"params": [p for p in model.parameters() if p.ndim > 1], "lr": rate, "weight_decay": 0.05},
                {"params": [p for p in model.parameters() if p.ndim <= 1], "lr": rate / 2, "weight_decay": 0.0},
            ]

        return Plan(method="full", groups=groups, **{"epochs": 3, "batch_size": 8, **values})

    return make
