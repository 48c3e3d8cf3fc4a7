"""A document that was read: its text, and what is known of each line."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a document: `text[start:end]`, without white space at its ends.

    `page` counts from 1; it is 0 where the file does not say. `label` is a number that stands at its start and that
    the file counts by itself, as a word processor shows it ("7.2", "(a)"); `numbering` is what counts it, and
    `level` how deep, from 0; `counted` is its own part of the label, such as ("lowerRoman", 2). `heading` is the
    level of a heading that the file marks, from 1; 0 elsewhere. `contents` marks an entry of a table of contents.
    """

    start: int
    end: int
    page: int = 0
    label: str = ""
    numbering: str = ""
    level: int = 0
    counted: tuple[str, int] = ("", 0)
    heading: int = 0
    contents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A page of which nothing could be read, and why."""

    page: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was read of a file.

    `text` is what all offsets are of: of plain text the file's own characters; of other formats what a reader sees,
    a line for each paragraph of DOCX and HTML, and a form feed between the pages of a PDF. `lines` leave out the
    page furniture and empty lines. `flowing` says that each line is a paragraph. `notes` are what a user should know
    of the reading, `unread` the pages without text.
    """

    name: str
    text: str
    lines: tuple[Line, ...]
    flowing: bool
    pages: int = 0
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = field(default=())


def spans_of_lines(text: str) -> Iterable[tuple[int, int]]:
    """Yield start and end of every line, without white space at its ends; empty ones are start == end."""
    at = 0
    for line in text.replace("\f", "\n").replace("\r", "\n").split("\n"):
        kept = line.strip()
        start = at + (line.find(kept) if kept else 0)
        yield start, start + len(kept)
        at += len(line) + 1


def printed(
    name: str,
    text: str,
    dropped: Iterable[tuple[int, int]],
    *,
    flowing: bool,
    pages: int = 0,
    notes: Sequence[str] = (),
    unread: Sequence[Unread] = (),
) -> Document:
    """Return a document whose pages are divided by form feeds, without the lines that are `dropped`.

    Pages are numbered where there is more than one, or where the number of `pages` is given.
    """
    gone = {start for start, _ in dropped}
    breaks = [place for place, character in enumerate(text) if character == "\f"]
    known = bool(breaks) or pages > 0
    lines = tuple(
        Line(start=start, end=end, page=bisect_right(breaks, start) + 1 if known else 0)
        for start, end in spans_of_lines(text)
        if start < end and start not in gone
    )
    return Document(
        name=name,
        text=text,
        lines=lines,
        flowing=flowing,
        pages=pages or (len(breaks) + 1 if known else 0),
        notes=tuple(notes),
        unread=tuple(unread),
    )
