"""The hooks of acclimate-manufacturing."""

from collections.abc import Iterator

from acclimate.plugins import Loader, Preset, Ref, hookimpl
from acclimate_manufacturing import defects

SOLAR_CELLS = "package:elpv-dataset"


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield defects


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the reader of the solar-cell images."""
    yield Loader(
        name="solar-cells",
        summary="Electroluminescence images of solar cells from the elpv-dataset package.",
        read=Ref("acclimate_manufacturing.solar_cells:read"),
    )


@hookimpl
def choose_loader(source: str) -> str | None:
    """Take the solar cells for their package; core knows files and folders."""
    return "solar-cells" if source == SOLAR_CELLS else None
