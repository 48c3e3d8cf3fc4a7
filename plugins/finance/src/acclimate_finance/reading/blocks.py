"""The blocks of a page that a reader sees: paragraphs, headings, and tables as lines."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from acclimate.contracts import DataError
from lxml import etree

from acclimate_finance.reading.tables import is_data, lines, rows_of

_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "html", "li", "main", "nav", "ol", "p", "pre",
        "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    )
)  # fmt: skip
_TITLES = frozenset(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"))
_UNSEEN = frozenset(("head", "script", "style", "title", "template", "noscript", "svg", "ix:header"))
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_THIN = re.compile(r"font-weight\s*:\s*(?:normal|[1-5]00)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BREAK = re.compile(r"(?:page-)?break-(before|after)\s*:\s*(?:always|page)", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—\s]*(?:[a-z]{1,2}-)?\d{1,4}[-–—\s]*", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:back to )?(?:table of )?contents|index", re.IGNORECASE)
_FACTS = ("DocumentType", "DocumentPeriodEndDate", "EntityRegistrantName", "EntityCentralIndexKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph on one line, or a table on lines.

    `bold` and `linked` are whether all of it is bold, or a link into the same page; `fresh` is whether a page begins
    with it.
    """

    text: str
    table: bool = False
    bold: bool = False
    linked: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The blocks of a document in order, and what iXBRL says of the document as a whole, by name."""

    blocks: tuple[Block, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


def page_of(text: str, name: str) -> Page:
    """Return what a reader sees of a page in HTML or iXBRL; numbers, signs and brackets as they are written.

    Links are followed nowhere, entities are those of HTML alone. What is hidden is left out but for facts. Page
    numbers before a page break and links back to the contents are left out too.

    Raises:
        DataError: it declares entities, nests deeper than pages do, or has nothing to see; `name` is in the message.
    """
    if re.search(r"<!ENTITY", text, re.IGNORECASE):
        raise DataError(f"{name} declares entities, which no filing does.", "Do not read it: it may be an attack.")
    root = _parsed(text, name)
    blocks = tuple(_without_furniture(list(_Walk(name).blocks(root))))
    if not blocks:
        raise DataError(f"{name} has no text to see.", "A scan has to be recognised first.")
    return Page(blocks=blocks, facts=_facts(root))


def _parsed(text: str, name: str) -> Any:
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.LxmlError as error:
        raise DataError(f"{name} cannot be read as HTML: {error}.", "Check that it is the whole document.") from error
    # The parser gives back what it had read until then, which would be a filing without its end.
    fatal = [each for each in parser.error_log if each.level == etree.ErrorLevels.FATAL]
    if fatal or root is None:
        why = fatal[0].message if fatal else "it has no elements"
        raise DataError(f"{name} cannot be read to its end: {why}.", "Filings nest less deeply; check the document.")
    return root


def _facts(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("ix:nonnumeric"):
        fact = element.get("name", "").rpartition(":")[2]
        if fact in _FACTS and (said := " ".join("".join(element.itertext()).split())):
            found.setdefault(fact, said)
    return found


class _Walk:
    """One way through a tree, by a stack: the text that waits to become a block, and how it is set."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: list[tuple[str, bool, bool]] = []  # text, bold, linked
        self._fresh = False

    def blocks(self, root: Any) -> Iterator[Block]:
        # An entry is an element that begins, or a function for what comes after it.
        waiting: list[tuple[str, Any, bool, bool]] = [("begin", root, False, False)]
        while waiting:
            what, node, bold, linked = waiting.pop()
            if what == "text":
                self._pieces.append((node, bold, linked))
            elif what == "break":
                yield from self._end()
                self._fresh = True
            elif what == "end":
                yield from self._end()
            else:
                yield from self._begin(node, bold, linked, waiting)

    def _begin(
        self, node: Any, bold: bool, linked: bool, waiting: list[tuple[str, Any, bool, bool]]
    ) -> Iterator[Block]:
        tag, style = node.tag, node.get("style", "")
        if node.tail:
            waiting.append(("text", node.tail, bold, linked))
        if tag in _UNSEEN or node.get("hidden") is not None or _HIDDEN.search(style):
            return
        broken = _BREAK.search(style)
        if tag == "hr" or (broken and broken[1].lower() == "before"):
            yield from self._end()
            self._fresh = True
        if broken and broken[1].lower() == "after":
            waiting.append(("break", None, False, False))
        if tag == "br":
            yield from self._line()
            return
        bold = (
            bold or tag in ("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th") or bool(_BOLD.search(style))
        ) and (not _THIN.search(style))
        linked = linked or (tag == "a" and (node.get("href") or "").startswith("#"))
        if tag in _BLOCKS:
            yield from self._end()
            waiting.append(("end", None, False, False))
        if tag == "table" and node.find(".//table") is None and (rows := rows_of(node, self._name)):
            if is_data(rows):
                yield from self._table(lines(rows))
                return
            if not any(_holds_paragraphs(cell) for cell in node.iter("td", "th")):
                # Laid out as a table, read as lines: "Item 1." beside "Business" is one heading.
                waiting.extend(self._laid_out(node, bold, linked))
                return
        waiting.extend(_inside(node, bold, linked))

    def _laid_out(self, node: Any, bold: bool, linked: bool) -> Iterator[tuple[str, Any, bool, bool]]:
        for row in reversed(list(node.iter("tr"))):
            yield ("end", None, False, False)
            for cell in reversed(row):
                yield from reversed(list(_runs(cell, bold or cell.tag == "th", linked)))
                yield ("text", " ", bold, linked)
            yield ("end", None, False, False)

    def _table(self, found: str) -> Iterator[Block]:
        yield from self._end()
        if found:
            yield Block(text=found, table=True, fresh=self._taken_fresh())

    def _line(self) -> Iterator[Block]:
        """A line break is a space, two of them end the paragraph."""
        if self._pieces and self._pieces[-1][0] == "\n":
            yield from self._end()
        else:
            self._pieces.append(("\n", True, True))

    def _end(self) -> Iterator[Block]:
        pieces, self._pieces = self._pieces, []
        text = " ".join("".join(piece for piece, _, _ in pieces).split())
        if text:
            said = [(bold, linked) for piece, bold, linked in pieces if piece.strip()]
            yield Block(
                text=text,
                bold=all(bold for bold, _ in said),
                linked=all(linked for _, linked in said),
                fresh=self._taken_fresh(),
            )

    def _taken_fresh(self) -> bool:
        fresh, self._fresh = self._fresh, False
        return fresh


def _holds_paragraphs(cell: Any) -> bool:
    """Return whether a cell is a place for paragraphs, as where a whole page stands in one table."""
    found = (each for each in cell.iter("p", "div", "li") if each.find("p") is None and each.find("div") is None)
    return sum(bool("".join(each.itertext()).strip()) for each in found) > 1


def _inside(node: Any, bold: bool, linked: bool) -> Iterator[tuple[str, Any, bool, bool]]:
    """Yield what an element holds, the last first."""
    for child in reversed(node):
        yield ("begin", child, bold, linked)
    if node.text:
        yield ("text", node.text, bold, linked)


def _runs(cell: Any, bold: bool, linked: bool) -> Iterator[tuple[str, Any, bool, bool]]:
    """Yield the texts of a cell in order, each with how it is set, as one line."""
    waiting: list[tuple[str, Any, bool, bool]] = [("begin", cell, bold, linked)]
    while waiting:
        what, node, bold, linked = waiting.pop()
        if what == "text":
            yield what, node, bold, linked
            continue
        if node is not cell and node.tail:
            waiting.append(("text", node.tail, bold, linked))
        style = node.get("style", "")
        if node.tag in _UNSEEN or _HIDDEN.search(style):
            continue
        bold = (bold or node.tag in ("b", "strong") or bool(_BOLD.search(style))) and not _THIN.search(style)
        linked = linked or (node.tag == "a" and (node.get("href") or "").startswith("#"))
        if node.tag in _BLOCKS or node.tag == "br":
            yield "text", " ", bold, linked
        waiting.extend(_inside(node, bold, linked))


def _without_furniture(blocks: list[Block]) -> Iterator[Block]:
    """Yield blocks without page numbers at a page's end and links back to the contents."""
    fresh = False
    for place, block in enumerate(blocks):
        last = place + 1 == len(blocks) or blocks[place + 1].fresh
        number = last and not block.table and _PAGE_NUMBER.fullmatch(block.text)
        if number or (block.linked and _CONTENTS.fullmatch(block.text)):
            fresh = fresh or block.fresh or bool(block.linked)
            continue
        yield Block(
            text=block.text,
            table=block.table,
            bold=block.bold,
            linked=block.linked,
            fresh=block.fresh or fresh,
        )
        fresh = False
