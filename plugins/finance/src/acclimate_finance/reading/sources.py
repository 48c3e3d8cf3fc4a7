"""Which sources are filings, told without reading them whole."""

from pathlib import Path

SUFFIXES = (".htm", ".html", ".xhtml")
_HEAD = 1 << 12
_SUBMISSION = (b"<SEC-DOCUMENT>", b"<SEC-HEADER>", b"<DOCUMENT>")


def holds_filings(source: str) -> bool:
    """Return whether a source is a folder with pages in HTML, or a full submission to the SEC in plain text."""
    path = Path(source)
    if path.is_dir():
        return any(file.suffix.lower() in SUFFIXES for file in path.iterdir())
    if not path.is_file() or path.suffix.lower() != ".txt":
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD).upper()
    return any(mark in head for mark in _SUBMISSION)
