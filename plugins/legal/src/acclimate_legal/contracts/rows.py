"""Clauses of contracts as rows, each with where it stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read import UNREADABLE, existing

from acclimate_legal.contracts.options import is_document
from acclimate_legal.contracts.units import units
from acclimate_legal.documents import read_document


def clause_rows(
    source: str, unit: str = "clause", view: str = "final", pdf: str = "auto", pages: int = 2_000
) -> Iterator[dict[str, Any]]:
    """Yield the clauses of a contract, or of all contracts in a folder, in the order of the text.

    A row has `id` ("msa.docx#7.2(a)"), `text` as a model reads it, `contract` (the file's name), `path`, `heading`
    (the titles that it stands under), `page` (None where the file does not say), `start` and `end` in the text that
    `read_document` returns. A page that cannot be read is a row that says why, and so is a file of a folder. `unit`
    is as `units` takes it, the other options as `read_document` does.

    Raises:
        DataError: when the source, or all files of a folder, cannot be read; no clause is left.
        OptionError: for an option that cannot work.
        MissingPackageError: when a package is needed that is not installed.
    """
    path = existing(source)
    empty = True
    for file, name in files_of(path):
        try:
            for row in _rows(file, name, unit=unit, view=view, pdf=pdf, pages=pages):
                empty = empty and UNREADABLE in row
                yield row
        except DataError as error:
            if not path.is_dir():
                raise
            yield {"id": name, "contract": name, UNREADABLE: error.message}
    if empty:
        raise DataError(f"{source} has no clauses.", "Name a contract in PDF, DOCX, HTML or plain text.")


def files_of(path: Path) -> list[tuple[Path, str]]:
    """Return the documents of a file or folder, with their names in it."""
    if not path.is_dir():
        return [(path, path.name)]
    found = sorted(file for file in path.rglob("*") if is_document(file))
    return [(file, file.relative_to(path).as_posix()) for file in found]


def _rows(file: Path, name: str, *, unit: str, view: str, pdf: str, pages: int) -> Iterator[dict[str, Any]]:
    document = read_document(file, view=view, pdf=pdf, pages=pages)
    for missed in document.unread:
        yield {
            "id": f"{name}#page {missed.page}",
            "contract": name,
            "page": missed.page,
            UNREADABLE: f"page {missed.page}: {missed.reason}",
        }
    for each in units(document, unit):
        yield {
            "id": f"{name}#{each.path}",
            "text": each.plain,
            "contract": name,
            "path": each.path,
            "heading": each.heading,
            "page": each.page or None,
            "start": each.start,
            "end": each.end,
        }
