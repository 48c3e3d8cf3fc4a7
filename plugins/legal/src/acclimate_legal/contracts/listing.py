"""What contracts hold, without a model: their clauses, and the terms that they define."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import OptionError, did_you_mean
from acclimate.data.read import UNREADABLE

from acclimate_legal.contracts.options import OPTIONS
from acclimate_legal.contracts.rows import clause_rows, files_of
from acclimate_legal.documents import read_document
from acclimate_legal.structure import clause_tree, defined_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of contracts in order, those of pages and files that cannot be read with an `error`.

    `terms` are the defined terms, each with its contract; `options` what the rows were read with.
    """

    rows: tuple[Mapping[str, Any], ...]
    terms: tuple[Mapping[str, Any], ...]
    notes: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any]

    @property
    def clauses(self) -> list[Mapping[str, Any]]:
        """The rows that could be read."""
        return [row for row in self.rows if "error" not in row]

    @property
    def unread(self) -> list[Mapping[str, Any]]:
        """The rows that say why they could not be read."""
        return [row for row in self.rows if "error" in row]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "clauses": [dict(row) for row in self.clauses],
            "terms": [dict(term) for term in self.terms],
            "notes": [dict(note) for note in self.notes],
            "unread": [dict(row) for row in self.unread],
        }


def listed(source: str, options: Mapping[str, Any] | None = None) -> Listing:
    """Return what the contracts of a file or folder hold.

    Raises:
        OptionError: for an option that the reader does not have, or that cannot work.
        DataError: when nothing can be read.
    """
    for name in options or {}:
        if name not in OPTIONS:
            raise OptionError(f"The reader of contracts has no option {name!r}.", did_you_mean(name, OPTIONS))
    chosen: dict[str, Any] = {**OPTIONS, **(options or {})}
    rows = tuple(_with_error(row) for row in clause_rows(source, **chosen))
    broken = {row["contract"] for row in rows if "error" in row and "page" not in row}
    terms: list[Mapping[str, Any]] = []
    notes: list[Mapping[str, Any]] = []
    reading = {name: chosen[name] for name in ("view", "pdf", "pages")}
    for path, name in files_of(Path(source)):
        if name not in broken:
            terms += _terms(path, name, reading, notes)
    return Listing(rows=rows, terms=tuple(terms), notes=tuple(notes), options=chosen)


def _with_error(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != UNREADABLE}
    return {**kept, "error": row[UNREADABLE]} if UNREADABLE in row else kept


def _terms(
    path: Path, name: str, reading: Mapping[str, Any], notes: list[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    document = read_document(path, **reading)
    notes += [{"contract": name, "note": note} for note in document.notes]
    for term in defined_terms(clause_tree(document)):
        yield {"contract": name, **asdict(term)}
