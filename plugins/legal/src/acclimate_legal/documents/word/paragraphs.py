"""The paragraphs of a DOCX file in one of two views: with all tracked changes accepted, or with none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from xml.etree.ElementTree import Element

from acclimate.contracts import DataError

from acclimate_legal.documents.word.numbering import on
from acclimate_legal.documents.word.package import WORD

View = Literal["final", "original"]
VIEWS: tuple[View, ...] = ("final", "original")
BREAK = "\f"
_DEEPEST = 150
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# What a view leaves out: in the final one what was deleted, in the original one what was inserted.
_GONE = {
    "final": (f"{WORD}del", f"{WORD}moveFrom"),
    "original": (f"{WORD}ins", f"{WORD}moveTo"),
}
_CHARACTERS = {
    "tab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "\u2011",
    "softHyphen": "\u00ad",
    "ptab": "\t",
}
# Properties, and what is shown elsewhere on the page or not at all.
_PASSED = {
    f"{WORD}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "instrText", "delInstrText", "tblPr", "trPr")
}
_PASSED |= {f"{WORD}{name}" for name in ("footnoteReference", "endnoteReference", "commentReference", "txbxContent")}
_PASSED |= {f"{_COMPATIBLE}Fallback"}


@dataclass(kw_only=True)
class Paragraph:
    """A paragraph as a view shows it: its text, where BREAK is the begin of a page, and its properties in that view.

    `contents` says that it stands in a table of contents.
    """

    properties: Element | None
    pieces: list[str] = field(default_factory=list)
    contents: bool = False

    @property
    def text(self) -> str:
        """The text."""
        return "".join(self.pieces)


def paragraphs(body: Element, view: View, name: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of a document body in reading order; those of text boxes come after the one they hang on.

    A paragraph whose end was deleted runs on into the next one and has that one's properties, since a word processor
    keeps them with the end; so nothing is left of a paragraph that was deleted whole.

    Raises:
        DataError: when elements nest deeper than any word processor nests them.
    """
    return _Walk(view, name).blocks(body, 0, contents=False)


class _Walk:
    def __init__(self, view: View, name: str) -> None:
        self.gone, self.view, self.name = _GONE[view], view, name
        self.open: Paragraph | None = None

    def blocks(self, node: Element, depth: int, *, contents: bool) -> Iterator[Paragraph]:
        yield from self._blocks(node, depth, contents)
        if self.open is not None:
            yield self.open
            self.open = None

    def _blocks(self, node: Element, depth: int, contents: bool) -> Iterator[Paragraph]:
        self._check(depth)
        for child in node:
            if child.tag == f"{WORD}p":
                yield from self._paragraph(child, depth, contents)
            elif len(child) and not self._passed(child):
                yield from self._blocks(child, depth + 1, contents or _is_contents(child))

    def _paragraph(self, node: Element, depth: int, contents: bool) -> Iterator[Paragraph]:
        properties = self._properties(node)
        if self.open is None:
            self.open = Paragraph(properties=properties, contents=contents)
        self.open.properties = properties
        self._runs(node, self.open.pieces, depth + 1)
        if self._runs_on(node):
            return
        done, self.open = self.open, None
        yield done
        for box in node.iter(f"{WORD}txbxContent"):
            if not _in_fallback(box, node):
                yield from _Walk(self.view, self.name).blocks(box, depth + 1, contents=False)

    def _runs(self, node: Element, pieces: list[str], depth: int) -> None:
        self._check(depth)
        for child in node:
            if child.tag in self.gone or child.tag in _PASSED:
                continue
            if child.tag == f"{WORD}r":
                if not _hidden(child):
                    self._runs(child, pieces, depth + 1)
            elif child.tag in (f"{WORD}t", f"{WORD}delText"):
                pieces.append(child.text or "")
            elif child.tag == f"{WORD}lastRenderedPageBreak":
                pieces.append(BREAK)
            elif child.tag == f"{WORD}br" and child.get(f"{WORD}type") == "page":
                # Word writes where the page was rendered, too, once the document was opened in it.
                continue
            elif child.tag.removeprefix(WORD) in _CHARACTERS:
                pieces.append(_CHARACTERS[child.tag.removeprefix(WORD)])
            elif child.tag == f"{WORD}sym":
                pieces.append(_symbol(child))
            else:
                self._runs(child, pieces, depth + 1)

    def _properties(self, node: Element) -> Element | None:
        """Return a paragraph's properties; in the original view those from before a tracked change of them."""
        properties = node.find(f"{WORD}pPr")
        if properties is None or self.view == "final":
            return properties
        before = properties.find(f"{WORD}pPrChange/{WORD}pPr")
        return properties if before is None else before

    def _runs_on(self, node: Element) -> bool:
        """Return whether a view has no end of the paragraph, which then goes on in the next one."""
        return any(node.find(f"{WORD}pPr/{WORD}rPr/{gone}") is not None for gone in self.gone)

    def _passed(self, node: Element) -> bool:
        """Return whether a view leaves a block out, as it does with a row of a table that was deleted."""
        if node.tag in self.gone or node.tag in _PASSED:
            return True
        return node.tag == f"{WORD}tr" and self._row_gone(node)

    def _row_gone(self, row: Element) -> bool:
        return any(row.find(f"{WORD}trPr/{gone}") is not None for gone in self.gone)

    def _check(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise DataError(
                f"{self.name} nests more than {_DEEPEST} elements in each other, which no word processor does.",
                "It may be an attack. Save it anew from a word processor that you trust.",
            )


def _hidden(run: Element) -> bool:
    return on(run.find(f"{WORD}rPr/{WORD}vanish"))


def _symbol(node: Element) -> str:
    code = node.get(f"{WORD}char", "")
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    # Symbol fonts lie in the private area; which character they show, only the font knows.
    return "" if 0xE000 <= value <= 0xF8FF or value > 0xFFFF else chr(value)


def _is_contents(node: Element) -> bool:
    """Return whether a block is Word's own table of contents."""
    gallery = node.find(f"{WORD}sdtPr/{WORD}docPartObj/{WORD}docPartGallery")
    return gallery is not None and gallery.get(f"{WORD}val") == "Table of Contents"


def _in_fallback(box: Element, paragraph: Element) -> bool:
    """Return whether a text box is that of a fallback, which repeats another."""
    return any(box in set(fallback.iter()) for fallback in paragraph.iter(f"{_COMPATIBLE}Fallback"))
