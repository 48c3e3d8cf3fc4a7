"""Contracts as web pages: what a browser shows, a block a line, with headings, list numbers and page breaks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import CData, NavigableString, Tag

from acclimate_legal.documents.counting import shown
from acclimate_legal.documents.document import Document, Line
from acclimate_legal.documents.plain import decoded
from acclimate_legal.furniture import furniture

_UNSEEN = ("head", "script", "style", "template", "noscript", "title", "svg", "nav")
_BLOCKS = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
]
_TYPES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_DEEPEST = 400
_BREAKS = (("page-break", "always"), ("break", "page"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_AS_PLAIN = ("utf8", "utf16", "ascii", "usascii")
_LARGEST = 20_000_000


@dataclass(kw_only=True)
class _Block:
    """What is gathered of one line; `ends_page` makes it the end of a page of print, without any text."""

    pieces: list[str] = field(default_factory=list)
    label: str = ""
    numbering: str = ""
    level: int = 0
    counted: tuple[str, int] = ("", 0)
    heading: int = 0
    ends_page: bool = False

    @property
    def text(self) -> str:
        """The text on one line, its number before a tab."""
        said = " ".join("".join(self.pieces).split())
        return f"{self.label}\t{said}" if self.label and said else said


def read_web(path: Path) -> Document:
    """Return a page in HTML as text: hidden parts and the navigation left out, ordered lists with their numbers.

    Where its styles break it into pages of print, those are counted, and lose what repeats on them.

    Raises:
        DataError: when it cannot be read.
    """
    source, note = _source(path)
    pieces: list[str] = []
    lines: list[Line] = []
    at, page = 0, 1
    for block in _Reading(path.name).blocks(BeautifulSoup(source, "html.parser")):
        said = "\f" if block.ends_page and pieces else block.text
        if not said:
            continue
        if said == "\f":
            page += 1
        else:
            lines.append(_line(block, at, at + len(said), page))
            said += "\n"
        pieces.append(said)
        at += len(said)
    text = "".join(pieces)
    gone = {start for start, _ in furniture(text)} if page > 1 else set()
    return Document(
        name=path.name,
        text=text,
        lines=tuple(line if page > 1 else replace(line, page=0) for line in lines if line.start not in gone),
        flowing=True,
        pages=page if page > 1 else 0,
        notes=(note,) if note else (),
    )


def _line(block: _Block, start: int, end: int, page: int) -> Line:
    return Line(
        start=start,
        end=end,
        page=page,
        label=block.label,
        numbering=block.numbering,
        level=block.level,
        counted=block.counted,
        heading=block.heading,
    )


def _source(path: Path) -> tuple[str, str]:
    """Return a page's source by the encoding it declares, else as plain text is read."""
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path.name} has more than {_LARGEST:,} bytes.", "A contract is smaller; split it.")
    raw = path.read_bytes()
    declared = EncodingDetector.find_declared_encoding(raw[:4096], is_html=True)
    if not declared or declared.casefold().replace("-", "") in _AS_PLAIN:
        return decoded(path)
    try:
        return raw.decode(declared), ""
    except (LookupError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path.name} says that it is {declared}, and is not: {error}.", "Save it as UTF-8."
        ) from error


class _Reading:
    """Goes through a page in order, by a stack, since tags nest."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.block = _Block()
        self.lists: list[tuple[Tag, str, int]] = []
        self.waiting: list[tuple[Any, int]] = []

    def blocks(self, soup: BeautifulSoup) -> Iterator[_Block]:
        """Yield the blocks of a page, empty ones too."""
        self.waiting = [(soup, 0)]
        while self.waiting:
            node, depth = self.waiting.pop()
            if depth > _DEEPEST:
                raise DataError(f"{self.name} nests more than {_DEEPEST} tags in each other.", "It is no contract.")
            if isinstance(node, Tag):
                yield from self._tag(node, depth)
            elif isinstance(node, NavigableString):
                if type(node) in (NavigableString, CData):
                    self.block.pieces.append(str(node))
            else:
                yield from self._end(node)
        yield self.block

    def _tag(self, tag: Tag, depth: int) -> Iterator[_Block]:
        if tag.name in _UNSEEN or _hidden(tag):
            return
        if tag.name in _BLOCKS or tag.name == "br":
            yield from self._next(int(tag.name[1]) if tag.name in _HEADINGS else 0)
            if _breaks(tag, "before"):
                yield _Block(ends_page=True)
            self._count(tag)
            self.waiting.append((_End(page=_breaks(tag, "after"), list=tag.name in ("ol", "ul")), depth))
        self.waiting.extend((child, depth + 1) for child in reversed(tag.contents))

    def _end(self, end: "_End") -> Iterator[_Block]:
        yield from self._next(0)
        if end.page:
            yield _Block(ends_page=True)
        if end.list:
            self.lists.pop()

    def _next(self, heading: int) -> Iterator[_Block]:
        """Give the block that was gathered, and begin another."""
        done, self.block = self.block, _Block(heading=heading)
        yield done

    def _count(self, tag: Tag) -> None:
        """Begin to count a list, or give the block the number of its item."""
        if tag.name in ("ol", "ul"):
            self.lists.append((tag, _TYPES.get(str(tag.get("type", "")), "decimal"), _whole(tag, "start", 1)))
        elif tag.name == "li" and self.lists and self.lists[-1][0].name == "ol":
            of, style, number = self.lists[-1]
            number = _whole(tag, "value", number)
            self.lists[-1] = (of, style, number + 1)
            self.block.label, self.block.counted = f"{shown(number, style)}.", (style, number)
            self.block.numbering = str(id(of))
            self.block.level = sum(each.name == "ol" for each, _, _ in self.lists) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where a block ends, and with it a page of print, or a list."""

    page: bool
    list: bool


def _hidden(tag: Tag) -> bool:
    style = _style(tag)
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style


def _breaks(tag: Tag, where: str) -> bool:
    """Return whether a page of print ends before or after a tag."""
    return any(f"{name}-{where}:{value}" in _style(tag) for name, value in _BREAKS)


def _style(tag: Tag) -> str:
    return str(tag.get("style", "")).replace(" ", "").casefold()


def _whole(tag: Tag, name: str, otherwise: int) -> int:
    given = str(tag.get(name, ""))
    return int(given) if given.isdecimal() and len(given) < 7 else otherwise
