"""Contracts written for each test: DOCX from raw XML, and PDF by reportlab."""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

WriteWord = Callable[..., Path]
WritePdf = Callable[..., Path]


@pytest.fixture
def word(tmp_path: Path) -> WriteWord:
    """Write a DOCX file: `word("<w:p>…</w:p>", numbering="<w:abstractNum …", styles="<w:style …")`."""

    def written(
        body: str, *, numbering: str = "", styles: str = "", name: str = "contract.docx", **parts: str
    ) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            document = f"{_HEAD}<w:document {_W} {_MC}><w:body>{body}</w:body></w:document>"
            archive.writestr("word/document.xml", parts.pop("document", document))
            if numbering:
                archive.writestr("word/numbering.xml", f"{_HEAD}<w:numbering {_W}>{numbering}</w:numbering>")
            if styles:
                archive.writestr("word/styles.xml", f"{_HEAD}<w:styles {_W}>{styles}</w:styles>")
            for part, content in parts.items():
                archive.writestr(f"word/{part}.xml", f"{_HEAD}<w:{part} {_W}>{content}</w:{part}>")
        return path

    return written


@pytest.fixture
def pdf(tmp_path: Path) -> WritePdf:
    """Write a PDF of pages of lines: `pdf([["first line", …], …], header=…, footer=…)`; {} is the page's number."""

    def written(
        pages: Sequence[Sequence[str]], *, header: str = "", footer: str = "", name: str = "contract.pdf"
    ) -> Path:
        from reportlab.pdfgen.canvas import Canvas

        path = tmp_path / name
        canvas = Canvas(str(path), pagesize=(595, 842))
        for number, lines in enumerate(pages, 1):
            if header:
                canvas.drawString(72, 800, header.format(number))
            for place, line in enumerate(lines):
                canvas.drawString(72, 760 - 14 * place, line)
            if footer:
                canvas.drawString(72, 40, footer.format(number))
            canvas.showPage()
        canvas.save()
        return path

    return written
