"""The hooks of acclimate-legal."""

from collections.abc import Iterator

from acclimate.plugins import Loader, Preset, Ref, hookimpl

from acclimate_legal import clauses, contract_spans, precedents

LICENCES = "package:licensedcode-data"


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield clauses
    yield contract_spans
    yield precedents


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the reader of the licence texts."""
    yield Loader(
        name="licences",
        summary="Licence texts and their categories from the licensedcode-data package.",
        read=Ref("acclimate_legal.licences:read"),
    )


@hookimpl
def choose_loader(source: str) -> str | None:
    """Take the licences for their package; core knows files and folders."""
    return "licences" if source == LICENCES else None
