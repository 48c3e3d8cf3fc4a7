"""Acclimate: adapt pretrained models to a trade."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acclimate.api import Run, adapt, compare, estimate, evaluate, latency, load, monitor, repeat, suspects

__all__ = ["Run", "adapt", "compare", "estimate", "evaluate", "latency", "load", "monitor", "repeat", "suspects"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Resolve the public names on first use, so that importing a plugin imports no torch."""
    if name in __all__:
        return getattr(import_module("acclimate.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
