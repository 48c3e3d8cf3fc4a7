"""A DOCX file as a document."""

from dataclasses import replace
from pathlib import Path

from acclimate.contracts import DataError, OptionError

from acclimate_legal.documents.document import Document, Line
from acclimate_legal.documents.word.numbering import Counter, Instance, Label, instances
from acclimate_legal.documents.word.package import WORD, Package, opened
from acclimate_legal.documents.word.paragraphs import BREAK, VIEWS, Paragraph, View, paragraphs
from acclimate_legal.documents.word.styles import Style, Styles, outline, own_numbering, read_styles

_MAIN = "word/document.xml"


def read_word(path: Path, view: View = "final") -> Document:
    """Return a DOCX file as text, a paragraph a line, each with the number that Word shows before it and a tab.

    `view` "final" has all tracked changes accepted, "original" none of them; paragraphs are numbered in that view.
    Headers, footers, comments and hidden text are left out; foot- and endnotes too, and a note says so. Pages are
    those that a word processor last rendered, where the file tells of them.

    Raises:
        DataError: when it cannot be read; see `package`.
        OptionError: for another view.
    """
    if view not in VIEWS:
        raise OptionError(f"view is {' or '.join(VIEWS)}, found {view!r}.", "Leave it out for the final text.")
    with opened(path) as package:
        main = package.part(_MAIN)
        body = None if main is None else main.find(f"{WORD}body")
        if body is None:
            raise DataError(f"{path.name} is no DOCX file: it has no text in {_MAIN}.", "Save it as .docx.")
        styles = read_styles(package.part("word/styles.xml"))
        counter = Counter(instances=instances(package.part("word/numbering.xml"), styles.numberings))
        found = _Lines(styles, counter)
        for paragraph in paragraphs(body, view, path.name):
            found.add(paragraph)
        notes = tuple(_notes(package))
    return found.document(path.name, notes)


class _Lines:
    """Gathers paragraphs into one text."""

    def __init__(self, styles: Styles, counter: Counter) -> None:
        self.styles, self.counter = styles, counter
        self.pieces: list[str] = []
        self.lines: list[Line] = []
        self.at, self.page, self.rendered = 0, 1, False

    def add(self, paragraph: Paragraph) -> None:
        """Take the next paragraph."""
        name = _style_name(paragraph)
        style = self.styles.of(name)
        said = paragraph.text
        before, broken, _ = said.partition(BREAK)
        if broken and not before.strip():
            self.page, self.rendered = self.page + 1, True
        text = said.replace(BREAK, "").strip()
        if text:
            self._line(paragraph, style, text, self._label(paragraph, name, style))
        elif self._numbered(paragraph, name, style):
            self._label(paragraph, name, style)  # Word counts empty paragraphs, too
        self._turn(said, skipped=bool(broken and not before.strip()))

    def _line(self, paragraph: Paragraph, style: Style, text: str, label: Label | None) -> None:
        whole = f"{label.text}\t{text}" if label else text
        properties = paragraph.properties
        self.lines.append(
            Line(
                start=self.at,
                end=self.at + len(whole),
                page=self.page,
                label=label.text if label else "",
                numbering=label.numbering if label else "",
                level=label.level if label else 0,
                counted=label.counted if label else ("", 0),
                heading=(outline(properties) if properties is not None else 0) or style.heading,
                contents=paragraph.contents or style.contents,
            )
        )
        self.pieces.append(whole + "\n")
        self.at += len(whole) + 1

    def _turn(self, said: str, *, skipped: bool) -> None:
        breaks = said.count(BREAK)
        self.rendered |= breaks > 0
        self.page += breaks - skipped

    def _numbered(self, paragraph: Paragraph, name: str, style: Style) -> tuple[str, int] | None:
        """Return the numbering of a paragraph and its level: its own, else its style's."""
        own, level = ("", None) if paragraph.properties is None else own_numbering(paragraph.properties)
        number = own or style.number
        instance = self.counter.instances.get(number)
        if instance is None or number == "0":
            return None
        if level is None and not own:
            level = _linked(instance, name) if style.level is None else style.level
        elif level is None:
            level = style.level
        return number, level or 0

    def _label(self, paragraph: Paragraph, name: str, style: Style) -> Label | None:
        numbered = self._numbered(paragraph, name, style)
        return self.counter.label(*numbered) if numbered else None

    def document(self, name: str, notes: tuple[str, ...]) -> Document:
        """Return what was gathered; pages only where the file tells of any."""
        lines = self.lines if self.rendered else [replace(line, page=0) for line in self.lines]
        return Document(
            name=name,
            text="".join(self.pieces),
            lines=tuple(lines),
            flowing=True,
            pages=self.page if self.rendered else 0,
            notes=notes,
        )


def _style_name(paragraph: Paragraph) -> str:
    style = None if paragraph.properties is None else paragraph.properties.find(f"{WORD}pStyle")
    return "" if style is None else style.get(f"{WORD}val", "")


def _linked(instance: Instance, style: str) -> int | None:
    """Return the level that is linked to a style."""
    return next((place for place, level in instance.levels.items() if style and level.style == style), None)


def _notes(package: Package) -> list[str]:
    """Say how many foot- and endnotes were left out."""
    said = []
    for kind in ("footnote", "endnote"):
        part = package.part(f"word/{kind}s.xml")
        count = 0 if part is None else sum(not node.get(f"{WORD}type") for node in part.iter(f"{WORD}{kind}"))
        if count:
            said.append(f"{count:,} {kind}s are not read.")
    return said
