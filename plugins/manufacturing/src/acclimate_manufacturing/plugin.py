"""The hooks of acclimate-manufacturing."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.plugins import Finding, Loader, Preset, Ref, Report, hookimpl

from acclimate_manufacturing import anomalies, defects, segmentation
from acclimate_manufacturing.review import escapes_and_overkill

SOLAR_CELLS = "package:elpv-dataset"


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield anomalies
    yield defects
    yield segmentation


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


@hookimpl
def review_report(report: Report, records: Mapping[str, Any]) -> Iterator[Finding]:
    """Say how many defective parts would leave the line, and how many good ones would be scrapped."""
    if report.task != "image-segmentation":  # of masks there are classes of pixels, and no decision on the part
        yield from escapes_and_overkill(records["truth"], records["predicted"], report.settings.get("good", ""))
