"""The hooks of acclimate-legal."""

from collections.abc import Iterator
from pathlib import Path

from acclimate.plugins import Command, Loader, Preset, Ref, hookimpl

from acclimate_legal import clauses, contract_spans, entailment, precedents
from acclimate_legal.contracts import options as of_contracts

_CONTRACTS = "contracts"
LICENCES = "package:licensedcode-data"


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield clauses
    yield contract_spans
    yield entailment
    yield precedents


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the readers of contracts and of the licence texts."""
    yield Loader(
        name=_CONTRACTS,
        summary="Clauses of contracts in PDF, DOCX, HTML and plain text, one file or a folder of them.",
        read=Ref("acclimate_legal.contracts.rows:clause_rows"),
        suffixes=of_contracts.ENDINGS,
        options=of_contracts.OPTIONS,
        kept=of_contracts.KEPT,
        unlabelled=of_contracts.UNLABELLED,
        told=of_contracts.TOLD,
        page=Ref("acclimate_legal.contracts.page:write_page"),
    )
    yield Loader(
        name="licences",
        summary="Licence texts and their categories from the licensedcode-data package.",
        read=Ref("acclimate_legal.licences:read"),
    )


@hookimpl
def choose_loader(source: str) -> str | None:
    """Take the licences for their package, and documents and folders of them; core knows tables."""
    if source == LICENCES:
        return "licences"
    path = Path(source)
    return _CONTRACTS if path.is_dir() and any(map(of_contracts.is_document, path.iterdir())) else None


@hookimpl
def register_commands() -> Iterator[Command]:
    """Offer the list of a contract's clauses, and the courts of a table."""
    yield Command(
        name="clauses",
        summary="List the clauses of contracts with path, page and offsets, to look at or to label.",
        run=Ref("acclimate_legal.commands.clauses:clauses"),
    )
    yield Command(
        name="courts",
        summary="Add to each row of a table where its court sits, its system and level, to split and slice by.",
        run=Ref("acclimate_legal.commands.courts:courts"),
    )
