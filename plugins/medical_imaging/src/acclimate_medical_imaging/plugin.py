"""The hooks of acclimate-medical-imaging."""

from collections.abc import Iterator

from acclimate.plugins import Preset, hookimpl

from acclimate_medical_imaging import diagnosis


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield diagnosis
