"""PDF files page by page: their text layer, with the pages that have none told of."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from acclimate.contracts import DataError, MissingPackageError, OptionError
from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from acclimate_legal.documents import layout
from acclimate_legal.documents.document import Document, Unread, printed
from acclimate_legal.furniture import furniture

Reading = Literal["auto", "text", "layout"]
READINGS: tuple[Reading, ...] = ("auto", "text", "layout")
MOST_PAGES = 2_000
# Fewer letters than this on a page with a picture: the page is a scan, perhaps with a stamp.
FEWEST_LETTERS = 50
# A page of print has some 3,000 characters; a hundred times that is a trap.
_LARGEST_PAGE = 300_000
_LONG_WORD = 25
_UNKNOWN = re.compile(r"\(cid:\d+\)|[\ufffd\ue000-\uf8ff]")
# What pypdf raises of damaged files beside its own errors, and of sound ones whose filter or encryption it does not
# know.
_UNREADABLE = (
    PyPdfError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RecursionError,
    EOFError,
    NotImplementedError,
    ZeroDivisionError,
)


def read_pdf(path: Path, *, reading: Reading = "auto", most_pages: int = MOST_PAGES) -> Document:
    """Return the text of a PDF, its pages divided by form feeds, without what only the printed page adds.

    Pages are read one after the other, by pypdf. With `reading` "auto" pages whose words are glued together are read
    again by pdfplumber, and the reading with fewer glued words is kept; "layout" reads all pages so, "text" none.
    A page is unread when it has a picture and next to no letters (a scan), when its letters have no known characters,
    or when it is damaged.

    Raises:
        DataError: when it is encrypted, damaged, has more than `most_pages` pages, or no page can be read.
        OptionError: for another reading.
        MissingPackageError: for "layout" without pdfplumber.
    """
    if reading not in READINGS:
        raise OptionError(f"pdf is {', '.join(READINGS)}, found {reading!r}.", "Leave it out.")
    if reading == "layout" and not layout.available():
        raise MissingPackageError(
            "pdf=layout needs the package pdfplumber.", "Install it: pip install 'acclimate-legal[layout]'."
        )
    with _quiet(), path.open("rb") as stream:
        pages = _opened(stream, path.name)
        count = _counted(pages, path.name, most_pages)
        texts, unread, glued = _read(pages, count)
    chosen = list(range(count)) if reading == "layout" else glued if reading == "auto" else []
    notes = _read_again(path, texts, chosen, always=reading == "layout") if chosen else []
    if len(unread) == count:
        raise _nothing(path.name, unread)
    text = "\f".join(texts)
    return printed(path.name, text, furniture(text), flowing=False, pages=count, notes=notes, unread=unread)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf from telling every damaged object on the screen."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _opened(stream: Any, name: str) -> PdfReader:
    try:
        reader = PdfReader(stream)
        # Many contracts are encrypted with an empty password, which only asks readers not to print or copy.
        if reader.is_encrypted and not reader.decrypt(""):
            raise DataError(f"{name} is encrypted.", "Open it with its password and save a copy without one.")
        return reader
    except DataError:
        raise
    except DependencyError as error:
        raise MissingPackageError(f"{name} is encrypted: {error}.", "pip install 'pypdf[crypto]'.") from error
    except _UNREADABLE as error:
        raise _unreadable(name, error) from error


def _counted(reader: PdfReader, name: str, most: int) -> int:
    try:
        count = len(reader.pages)
    except _UNREADABLE as error:
        raise _unreadable(name, error) from error
    if not count:
        raise DataError(f"{name} has no pages.", "Name another file.")
    if count > most:
        raise DataError(
            f"{name} has {count:,} pages, more than {most:,}.",
            f"It may hold more than one contract: split it, or read it as it is with --read pages={count}.",
        )
    return count


def _read(reader: PdfReader, count: int) -> tuple[list[str], list[Unread], list[int]]:
    """Return the text of each page, the pages that cannot be read, and the places of those with glued words."""
    texts: list[str] = []
    unread: list[Unread] = []
    glued: list[int] = []
    for number in range(1, count + 1):
        text, reason = "", ""
        try:
            page = reader.pages[number - 1]
            text = page.extract_text().replace("\f", "\n")
            reason = _reason(page, text)
        except _UNREADABLE as error:
            reason = f"the page {_kind(error)} ({type(error).__name__})"
        if reason:
            text = ""
            unread.append(Unread(page=number, reason=reason))
        elif layout.glued(text) > layout.MOST_GLUED:
            glued.append(number - 1)
        texts.append(text)
        # What pypdf keeps of a page that was read is not needed again.
        reader.resolved_objects.clear()
    return texts, unread, glued


def _reason(page: Any, text: str) -> str:
    """Return why a page counts as unread; "" for one with text, and for an empty one."""
    letters = sum(character.isalnum() for character in text)
    if len(text) > _LARGEST_PAGE:
        return f"the page has {len(text):,} characters, which no printed page has"
    unknown = len("".join(_UNKNOWN.findall(text)))
    if unknown > len(text) / 5 and unknown > FEWEST_LETTERS:
        return "its letters have no known characters (a font without them)"
    if letters < FEWEST_LETTERS and _has_picture(page):
        return "the page is a picture (a scan): it has no text"
    return ""


def _has_picture(page: Any) -> bool:
    """Return whether a page shows an image, also one inside a form."""
    waiting, depth = [page.get("/Resources")], 0
    while waiting and depth < 50:
        depth += 1
        resources = _resolved(waiting.pop())
        drawn = _resolved(resources.get("/XObject")) if isinstance(resources, dict) else None
        for reference in (drawn or {}).values() if isinstance(drawn, dict) else ():
            shown = _resolved(reference)
            if shown.get("/Subtype") == "/Image":
                return True
            waiting.append(shown.get("/Resources"))
    return False


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _read_again(path: Path, texts: list[str], places: list[int], *, always: bool) -> list[str]:
    """Read pages by their layout, in place; return what a user should know."""
    if not layout.available():
        return [
            f"Words of {len(places):,} pages are glued together; install a second reader for them: "
            "pip install 'acclimate-legal[layout]'."
        ]
    better = 0
    for place, text in layout.pages(path, places):
        if always or layout.glued(text) < layout.glued(texts[place]):
            texts[place] = text
            better += 1
    return [] if always else [f"{better:,} of {len(places):,} pages with glued words were read by their layout."]


def _unreadable(name: str, error: BaseException) -> DataError:
    return DataError(
        f"{name} {_kind(error)}: {type(error).__name__}: {error}.",
        "Open it in a PDF reader and print it to a new PDF.",
    )


def _kind(error: BaseException) -> str:
    return "has what pypdf does not read" if isinstance(error, NotImplementedError) else "is damaged"


def _nothing(name: str, unread: list[Unread]) -> DataError:
    reasons = dict.fromkeys(one.reason for one in unread)
    scanned = all("scan" in reason for reason in reasons)
    hint = "Run text recognition (OCR) over it first." if scanned else "Print it to a new PDF, or use OCR."
    return DataError(f"None of the {len(unread):,} pages of {name} can be read: {'; '.join(reasons)}.", hint)
