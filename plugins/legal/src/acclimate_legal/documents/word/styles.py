"""Paragraph styles of DOCX files: which of them number their paragraphs, and which are headings."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from acclimate_legal.documents.word.package import WORD

_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a paragraph has by its style: a numbering ("" for none) with a level, and the level of a heading from 1.

    `contents` marks the entries of a table of contents.
    """

    number: str = ""
    level: int | None = None
    heading: int = 0
    contents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """The paragraph styles by id, the one of paragraphs that name none, and the `numId` of numbering styles."""

    paragraphs: Mapping[str, Style]
    default: str
    numberings: Mapping[str, str]

    def of(self, name: str) -> Style:
        """Return the style of that id; a plain one where there is none."""
        return self.paragraphs.get(name or self.default, Style())


def read_styles(root: Element | None) -> Styles:
    """Return the styles of a styles part, each with what it has from those that it is based on."""
    nodes = {} if root is None else {node.get(f"{WORD}styleId", ""): node for node in root.iter(f"{WORD}style")}
    kinds = {name: node.get(f"{WORD}type", "paragraph") for name, node in nodes.items()}
    numberings = {name: own_numbering(node)[0] for name, node in nodes.items() if kinds[name] == "numbering"}
    paragraphs = {name: _style(name, nodes) for name in nodes if kinds[name] == "paragraph"}
    default = next((name for name in paragraphs if nodes[name].get(f"{WORD}default") in ("1", "true", "on")), "")
    return Styles(paragraphs=paragraphs, default=default, numberings=numberings)


def _style(name: str, nodes: Mapping[str, Element]) -> Style:
    number, level, heading, contents = "", None, 0, False
    for _ in range(_DEEPEST):
        node = nodes.get(name)
        if node is None:
            break
        own, own_level = own_numbering(node)
        number = number or own
        level = own_level if level is None else level
        heading = heading or outline(node)
        title = _child(node, "name").casefold()
        contents = contents or title.startswith("toc ")
        if not heading and title.startswith("heading ") and title[8:].isdecimal():
            heading = int(title[8:])
        name = _child(node, "basedOn")
    return Style(number=number, level=level, heading=heading, contents=contents)


def own_numbering(node: Element) -> tuple[str, int | None]:
    """Return `numId` and level of the paragraph properties below a node; "" and None where it has none."""
    properties = node.find(f"{WORD}pPr") if node.tag != f"{WORD}pPr" else node
    numbered = None if properties is None else properties.find(f"{WORD}numPr")
    if numbered is None:
        return "", None
    level = _child(numbered, "ilvl")
    return _child(numbered, "numId"), int(level) if level.isdecimal() and len(level) < 3 else None


def outline(node: Element) -> int:
    """Return the level of a heading by its outline, from 1; 0 for plain text."""
    properties = node.find(f"{WORD}pPr") if node.tag != f"{WORD}pPr" else node
    level = "" if properties is None else _child(properties, "outlineLvl")
    return int(level) + 1 if level.isdecimal() and len(level) == 1 and level != "9" else 0


def _child(node: Element, name: str) -> str:
    child = node.find(f"{WORD}{name}")
    return "" if child is None else child.get(f"{WORD}val", "")
