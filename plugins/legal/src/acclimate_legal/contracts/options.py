"""What may be asked of the reader of contracts, without importing it."""

from pathlib import Path

from acclimate_legal.endings import ENDINGS

__all__ = ["ENDINGS", "KEPT", "OPTIONS", "TOLD", "UNITS", "UNLABELLED", "is_document"]

UNITS = ("clause", "item", "sentence")
OPTIONS = {"unit": "clause", "view": "final", "pdf": "auto", "pages": 2_000}
KEPT = ("unit",)
UNLABELLED = (
    "List the clauses (acclimate clauses FOLDER --output clauses.csv), fill in the column label, and use that."
)
TOLD: dict[str, type] = {
    "contract": str,
    "path": str,
    "heading": str,
    "page": int,
    "start": int,
    "end": int,
    "text": str,
}


def is_document(path: Path) -> bool:
    """Return whether a path is that of a document, and not of what a word processor keeps beside it."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith((".", "~$")) and path.is_file()
