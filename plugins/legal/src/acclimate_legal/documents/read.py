"""One door to all kinds of documents."""

from pathlib import Path

from acclimate.contracts import DataError, OptionError

from acclimate_legal.documents.document import Document
from acclimate_legal.endings import ENDINGS

_PAGES = 2_000


def read_document(path: str | Path, *, view: str = "final", pdf: str = "auto", pages: int = _PAGES) -> Document:
    """Return what a document says, read by the ending of its name: PDF, DOCX, HTML or plain text.

        >>> from tempfile import mkdtemp
        >>> file = Path(mkdtemp()) / "note.txt"
        >>> _ = file.write_text("1. Term. Two years.")
        >>> document = read_document(file)
        >>> [document.text[line.start : line.end] for line in document.lines]
        ['1. Term. Two years.']

    Args:
        path: the file.
        view: of DOCX with tracked changes, "final" (all accepted) or "original" (none).
        pdf: how pages of PDF are read: "auto", "text" or "layout"; see `pdf.read_pdf`.
        pages: a PDF with more is refused.

    Raises:
        DataError: when there is no such file, or it cannot be read.
        OptionError: for an option that cannot work.
        MissingPackageError: when a package is needed that is not installed.
    """
    file = _existing(str(path))
    ending = file.suffix.lower()
    if file.is_dir() or ending not in ENDINGS:
        raise DataError(f"{file.name} is no document that is read.", f"Its name ends with {', '.join(ENDINGS)}.")
    if not file.stat().st_size:
        raise DataError(f"{file.name} is empty.", "Name another file.")
    if ending == ".pdf":
        from acclimate_legal.documents.pdf import read_pdf

        return read_pdf(file, reading=pdf, most_pages=_whole(pages))  # type: ignore[arg-type] # it checks
    if ending in (".docx", ".docm"):
        from acclimate_legal.documents.word.reading import read_word

        return read_word(file, view)  # type: ignore[arg-type] # it checks
    if ending == ".txt":
        from acclimate_legal.documents.plain import read_plain

        return read_plain(file)
    from acclimate_legal.documents.web import read_web

    return read_web(file)


def _existing(path: str) -> Path:
    if not Path(path).exists():
        # What names similar files in the error comes with the tables of core, whose libraries take seconds to import.
        from acclimate.data.read import existing

        return existing(path)
    return Path(path)


def _whole(pages: int) -> int:
    if isinstance(pages, bool) or not isinstance(pages, int) or pages < 1:
        raise OptionError(f"pages is a whole number from 1 on, found {pages!r}.", "Such as pages=5000.")
    return pages
