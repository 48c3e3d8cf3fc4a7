"""Adaptation methods: each plans what trains, how fast and for how long."""

from collections.abc import Mapping
from typing import Any

from acclimate.contracts import BundleError
from acclimate.methods import lora
from acclimate.methods.head import Head, solve_head
from acclimate.methods.model import Adaptable

__all__ = ["Head", "restore_adapter", "solve_head"]


def restore_adapter(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add to a rebuilt model the weights that a method had added.

    Raises:
        BundleError: for a kind of adapter that this release does not know.
    """
    if not adapter:
        return
    if adapter["kind"] != "lora":
        raise BundleError(
            f"The run was saved with an adapter of kind {adapter['kind']!r}.", "Update acclimate to read it."
        )
    lora.restore(model, adapter)
