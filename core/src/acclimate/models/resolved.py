"""A model on pretrained weights, with the preprocessing that belongs to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

M = TypeVar("M")
P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Generic[M, P]):
    """A model on pretrained weights, its preprocessing, and the `spec` that rebuilds both.

    `weights` is the hash of the weights of the backbone as they were found.
    """

    model: M
    preprocessing: P
    weights: str
    spec: Mapping[str, Any]
