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
_BREAKS = ("page-break-before:always", "page-break-after:always", "break-before:page", "break-after:page")


@dataclass(kw_only=True)
class _Block:
    """What is gathered of one line."""

    pieces: list[str] = field(default_factory=list)
    label: str = ""
    numbering: str = ""
    level: int = 0
    counted: tuple[str, int] = ("", 0)
    heading: int = 0


def read_web(path: Path) -> Document:
    """Return a page in HTML as text: hidden parts and the navigation left out, ordered lists with their numbers.

    Raises:
        DataError: when it cannot be read.
    """
    text, note = _source(path)
    soup = BeautifulSoup(text, "html.parser")
    pieces: list[str] = []
    lines: list[Line] = []
    at, page, broken = 0, 1, False
    for block in _blocks(soup, path):
        if block is None:
            if pieces:
                pieces.append("\f")
                at, page, broken = at + 1, page + 1, True
            continue
        said = " ".join("".join(block.pieces).split())
        if not said:
            continue
        shown_text = f"{block.label}\t{said}" if block.label else said
        start = at
        lines.append(
            Line(
                start=start,
                end=start + len(shown_text),
                page=page,
                label=block.label,
                numbering=block.numbering,
                level=block.level,
                counted=block.counted,
                heading=block.heading,
            )
        )
        pieces.append(shown_text + "\n")
        at = start + len(shown_text) + 1
    whole = "".join(pieces)
    if broken:
        gone = {start for start, _ in furniture(whole)}
        lines = [line for line in lines if line.start not in gone]
    else:
        lines = [replace(line, page=0) for line in lines]
    return Document(
        name=path.name,
        text=whole,
        lines=tuple(lines),
        flowing=True,
        pages=page if broken else 0,
        notes=(note,) if note else (),
    )


def _source(path: Path) -> tuple[str, str]:
    """Return a page's source by the encoding it declares, else as plain text is read."""
    raw = path.read_bytes()[:4096]
    declared = EncodingDetector.find_declared_encoding(raw, is_html=True)
    if declared and declared.casefold().replace("-", "") not in ("utf8", "utf16", "ascii", "usascii"):
        try:
            return path.read_bytes().decode(declared), ""
        except (LookupError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path.name} says that it is {declared}, and is not: {error}.", "Save it as UTF-8."
            ) from error
    return decoded(path)


def _blocks(soup: BeautifulSoup, path: Path) -> Iterator[_Block | None]:
    """Yield the blocks of a page in order, and None where a page of print ends; by a stack, since tags nest."""
    block = _Block()
    waiting: list[Any] = [(soup, 0)]
    lists: list[tuple[Tag, str, int]] = []
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            yield block
            block = _Block()
            if node == "break":
                yield None
            elif node == "list":
                lists.pop()
        elif isinstance(node, NavigableString):
            if type(node) in (NavigableString, CData):
                block.pieces.append(str(node))
        elif node.name == "br":
            yield block
            block = _Block()
        elif node.name not in _UNSEEN and not _hidden(node):
            if depth > _DEEPEST:
                raise DataError(f"{path.name} nests more than {_DEEPEST} tags in each other.", "It is no contract.")
            if node.name in _BLOCKS:
                yield block
                block = _Block(heading=int(node.name[1]) if node.name in _HEADINGS else 0)
                style = str(node.get("style", "")).replace(" ", "").casefold()
                if any(each in style and "before" in each for each in _BREAKS):
                    yield None
                if node.name in ("ol", "ul"):
                    lists.append((node, _TYPES.get(str(node.get("type", "")), "decimal"), _start(node)))
                    waiting.append(("list", depth))
                elif node.name == "li" and lists:
                    _count(node, lists, block)
                after = any(each in style and "after" in each for each in _BREAKS)
                waiting.append(("break" if after else "block", depth))
            elif block.pieces and node.name in ("td", "th"):
                block.pieces.append(" ")
            waiting.extend((child, depth + 1) for child in reversed(node.contents))
    yield block


_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def _hidden(tag: Tag) -> bool:
    style = str(tag.get("style", "")).replace(" ", "").casefold()
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style


def _start(tag: Tag) -> int:
    given = str(tag.get("start", "1"))
    return int(given) if given.lstrip("-").isdecimal() and len(given) < 7 else 1


def _count(item: Tag, lists: list[tuple[Tag, str, int]], block: _Block) -> None:
    """Give a block the number of its item, and count its list on."""
    tag, style, number = lists[-1]
    if tag.name != "ol":
        return
    given = str(item.get("value", ""))
    number = int(given) if given.isdecimal() and len(given) < 7 else number
    lists[-1] = (tag, style, number + 1)
    block.label = f"{shown(number, style)}."
    block.numbering, block.level, block.counted = (
        str(id(tag)),
        sum(each[0].name == "ol" for each in lists) - 1,
        (style, number),
    )
