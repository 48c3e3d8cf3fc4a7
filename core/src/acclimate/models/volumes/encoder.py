"""A three-dimensional network as an encoder: one vector of features for a whole volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from acclimate.models.volumes.networks import LEAST, NETWORKS, build

MODEL_TYPE = "monai"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeConfig:
    """What a network is built from: its name in `NETWORKS`, the channels that it reads, and arguments of its own."""

    architecture: str
    channels: int = 1
    arguments: Mapping[str, Any] = field(default_factory=dict)
    model_type: str = MODEL_TYPE

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "model_type": self.model_type,
            "architecture": self.architecture,
            "channels": self.channels,
            "arguments": dict(self.arguments),
        }


class VolumeEncoder(nn.Module):
    """Pooled features of volumes.

    `stages` are the names of its parts from input to output, `input_shape` is that of the smallest volume it reads,
    [channels, depth, height, width], and `width` the number of features.
    """

    main_input_name = "pixel_values"

    def __init__(self, config: VolumeConfig) -> None:
        super().__init__()
        self.config = config
        self.network = build(config.architecture, config.channels, config.arguments)
        self.stages = tuple(f"network.{name}" for name in NETWORKS[config.architecture].stages)
        self.input_shape = (config.channels, LEAST, LEAST, 2 * LEAST)
        self.width = _width(self.network)

    def forward(self, pixel_values: Tensor) -> SimpleNamespace:
        """Return `pooler_output` [batch, width] of volumes [batch, channels, depth, height, width]."""
        found: Any = self.network(pixel_values)
        if isinstance(found, list):  # the maps of all stages, of which the last has seen most
            found = found[-1].flatten(2).mean(dim=2)
        return SimpleNamespace(pooler_output=found)


def _width(network: nn.Module) -> int:
    """Return the number of features: the channels of the last normalisation or convolution, by kind of network."""
    inner: Any = network
    if hasattr(inner, "in_planes"):
        return int(inner.in_planes)
    if hasattr(inner, "features"):
        return int(inner.features.norm5.num_features)
    return 2 * int(inner.num_features)  # the last stage joins eight patches of its width into one of twice that


def drawn(config: VolumeConfig) -> VolumeEncoder:
    """Return an encoder with random weights, which are the same each time: they are named by their hash."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VolumeEncoder(config)
