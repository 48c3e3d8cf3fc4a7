"""The hooks of acclimate-finance."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.plugins import Finding, Preset, Report, hookimpl

from acclimate_finance import entities, sentiment
from acclimate_finance.review import opposite_calls, seen_before


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield sentiment
    yield entities


@hookimpl
def review_report(report: Report, records: Mapping[str, Any]) -> Iterator[Finding]:
    """Say how often bad news was called good, and what the backbone was trained on."""
    if report.task == "text-classification":
        yield from opposite_calls(records["truth"], records["predicted"])
    yield from seen_before(report.backbone)
