"""What a method needs to know of a model."""

from typing import Protocol

from torch import nn


class Adaptable(Protocol):
    """An encoder with a head that is new for the task."""

    encoder: nn.Module
    head: nn.Linear


def parameters(module: nn.Module) -> int:
    """Return the number of parameters, trained or not."""
    return sum(parameter.numel() for parameter in module.parameters())


def freeze(module: nn.Module) -> None:
    """Stop all parameters of a module from training."""
    for parameter in module.parameters():
        parameter.requires_grad_(False)
