"""The hooks of acclimate-support."""

from collections.abc import Iterator

from acclimate.plugins import Preset, hookimpl

from acclimate_support import faq, intents


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield intents
    yield faq
