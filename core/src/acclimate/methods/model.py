"""What a method needs to know of a model, and what may be done to its weights."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from torch import nn


class Attentive(Protocol):
    """An encoder of slices, attention that pools them, and a linear head."""

    encoder: nn.Module
    pooler: nn.Module
    head: nn.Linear
    new_head: bool


class Scoring(Protocol):
    """A frozen encoder of patches, `width` channels each, into which a scorer of parts is put."""

    width: int

    def put(self, adapter: Mapping[str, Any]) -> None:
        """Put in the scorer that an adapter describes, empty."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A classifier beside whose features it may stand how unlike good parts an image is."""

    unlikeness: Any

    def put(self, adapter: Mapping[str, Any]) -> None:
        """Put in what an adapter describes, empty."""
        ...


class Adaptable(Protocol):
    """An encoder with a linear head; `new_head` says whether the head is new for the task or was pretrained."""

    encoder: nn.Module
    head: nn.Linear
    new_head: bool


def parameters(module: nn.Module) -> int:
    """Return the number of parameters, trained or not."""
    return sum(parameter.numel() for parameter in module.parameters())


def freeze(module: nn.Module) -> None:
    """Stop all parameters of a module from training."""
    for parameter in module.parameters():
        parameter.requires_grad_(False)


def train_only(model: Adaptable, chosen: Iterable[nn.Parameter]) -> None:
    """Let the chosen parameters train, and the head where it is new; stop all others.

    A pretrained head (a language model's) is part of what was pretrained: it trains only when it is chosen.
    """
    freeze(model.encoder)
    for parameter in model.head.parameters():
        parameter.requires_grad_(model.new_head)
    for parameter in chosen:
        parameter.requires_grad_(True)
