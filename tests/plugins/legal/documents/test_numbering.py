"""Automatic numbers of DOCX files are those that a word processor shows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from acclimate_legal.documents import read_document
from acclimate_legal.documents.counting import shown

Word = Callable[..., Path]

# "1.", "1.1", "(a)", "(i)": how most contracts are numbered.
LEVELS = (("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("lowerRoman", "(%4)"))


def abstract(levels: object = LEVELS, number: int = 0, more: str = "") -> str:
    """Return an abstract numbering."""
    inside = "".join(
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/>{"".join(extra)}</w:lvl>'
        for place, (kind, text, *extra) in enumerate(levels)  # type: ignore[arg-type,var-annotated]
    )
    return f'<w:abstractNum w:abstractNumId="{number}">{more}{inside}</w:abstractNum>'


def instance(number: int = 1, of: int = 0, more: str = "") -> str:
    """Return an instance of an abstract numbering."""
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{of}"/>{more}</w:num>'


def paragraph(text: str, level: int | None = None, number: int = 1, *, style: str = "", more: str = "") -> str:
    """Return a paragraph, numbered at a level."""
    numbered = "" if level is None else f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{numbered}{more}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def labels(path: Path, view: str = "final") -> list[tuple[str, str]]:
    """Return the labels and texts of a document."""
    document = read_document(path, view=view)
    for line in document.lines:
        assert document.text[line.start : line.end].startswith(line.label)
    return [
        (line.label, document.text[line.start : line.end].removeprefix(line.label).strip()) for line in document.lines
    ]


def test_levels_count_on_and_restart_below_a_higher_one(word: Word) -> None:
    depths = (0, 1, 1, 2, 2, 3, 3, 2, 1, 2, 0, 1)
    path = word("".join(paragraph("x", depth) for depth in depths), numbering=abstract() + instance())
    assert [label for label, _ in labels(path)] == (
        ["1.", "1.1", "1.2", "(a)", "(b)", "(i)", "(ii)", "(c)", "1.3", "(a)", "2.", "2.1"]
    )


def test_text_between_does_not_stop_the_count_and_bullets_have_no_number(word: Word) -> None:
    bullets = abstract((("bullet", "•"),), number=5) + instance(9, 5)
    body = paragraph("a", 0) + paragraph("plain") + paragraph("dot", 0, 9) + paragraph("b", 0)
    path = word(body, numbering=abstract() + bullets + instance())
    assert labels(path) == [("1.", "a"), ("", "plain"), ("", "dot"), ("2.", "b")]


def test_instances_of_one_numbering_count_together_unless_they_start_anew(word: Word) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = abstract() + instance(1) + instance(2) + instance(3, more=anew)
    body = "".join(paragraph("x", 0, number) for number in (1, 2, 3, 3, 1))
    assert [label for label, _ in labels(word(body, numbering=numbering))] == ["1.", "2.", "5.", "6.", "7."]


def test_a_level_may_go_on_below_a_higher_one_and_legal_numbers_are_decimal(word: Word) -> None:
    levels = (
        ("upperRoman", "Article %1"),
        ("decimal", "Section %1.%2", '<w:lvlRestart w:val="0"/>', "<w:isLgl/>"),
    )
    body = "".join(paragraph("x", depth) for depth in (0, 1, 1, 0, 1))
    path = word(body, numbering=abstract(levels) + instance())
    assert [label for label, _ in labels(path)] == (
        ["Article I", "Section 1.1", "Section 1.2", "Article II", "Section 2.3"]
    )


def test_styles_number_their_paragraphs_at_the_level_that_is_linked_to_them(word: Word) -> None:
    levels = (("decimal", "%1.", '<w:pStyle w:val="One"/>'), ("decimal", "%1.%2", '<w:pStyle w:val="Two"/>'))
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/>{rest}</w:style>'
        for name, rest in (
            ("One", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'),
            ("Two", '<w:basedOn w:val="One"/>'),
            ("Loose", '<w:basedOn w:val="One"/><w:pPr><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'),
        )
    )
    body = "".join(paragraph("x", style=style) for style in ("One", "Two", "Two", "Loose", "One", "Two"))
    path = word(body, numbering=abstract(levels) + instance(), styles=styles)
    assert [label for label, _ in labels(path)] == ["1.", "1.1", "1.2", "", "2.", "2.1"]


def test_empty_numbered_paragraphs_count(word: Word) -> None:
    path = word(paragraph("a", 0) + paragraph("", 0) + paragraph("c", 0), numbering=abstract() + instance())
    assert labels(path) == [("1.", "a"), ("3.", "c")]


def test_a_numbering_style_stands_for_the_numbering_that_it_names(word: Word) -> None:
    link = abstract((), number=4, more='<w:numStyleLink w:val="Legal"/>')
    styles = (
        '<w:style w:type="numbering" w:styleId="Legal"><w:name w:val="Legal"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    numbering = abstract() + link + instance(1) + instance(2, 4)
    path = word(paragraph("a", 0, 2) + paragraph("b", 1, 2), numbering=numbering, styles=styles)
    assert labels(path) == [("1.", "a"), ("1.1", "b")]


def test_numbers_that_python_docx_writes_are_counted(tmp_path: Path) -> None:
    from docx import Document

    document = Document()
    for style in ("List Number", "List Number 2", "List Number", "List Number 2"):
        document.add_paragraph("x", style=style)
    document.save(str(tmp_path / "a.docx"))
    # Both styles of its template are numberings of their own.
    assert [label for label, _ in labels(tmp_path / "a.docx")] == ["1.", "1.", "2.", "2."]


@pytest.mark.parametrize(
    ("style", "number", "text"),
    [
        ("decimal", 12, "12"),
        ("decimalZero", 7, "07"),
        ("lowerLetter", 26, "z"),
        ("lowerLetter", 27, "aa"),
        ("upperLetter", 54, "BBB"),
        ("lowerRoman", 49, "xlix"),
        ("upperRoman", 1994, "MCMXCIV"),
        ("ordinal", 22, "22nd"),
        ("ordinal", 113, "113th"),
        ("cardinalText", 40, "Forty"),
        ("ordinalText", 12, "Twelfth"),
        ("ordinalText", 21, "Twenty-first"),
        ("ordinalText", 30, "Thirtieth"),
        ("bullet", 3, ""),
        ("lowerLetter", 99_999, "99999"),
        ("chineseCounting", 3, "3"),
    ],
)
def test_numbers_are_written_in_the_formats_of_ooxml(style: str, number: int, text: str) -> None:
    assert shown(number, style) == text
