"""DOCX files: what a reader sees is read, and what a stranger may have put into the file is not followed."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from acclimate.contracts import DataError
from acclimate_legal.documents import read_document

Word = Callable[..., Path]


def par(inside: str) -> str:
    """Return a paragraph of runs."""
    return f"<w:p>{inside}</w:p>"


def run(text: str, properties: str = "") -> str:
    """Return a run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_fields_links_controls_and_tables_are_read_and_codes_and_hidden_text_are_not(word: Word) -> None:
    body = (
        par(
            run("See clause ") + '<w:r><w:instrText>REF _Ref1 \\r</w:instrText></w:r><w:fldSimple w:instr="REF">'
        ).replace("</w:p>", run("7.2") + "</w:fldSimple></w:p>")
        + par(f"<w:hyperlink>{run('our website')}</w:hyperlink>" + run(" secret", "<w:vanish/>"))
        + f"<w:sdt><w:sdtPr/><w:sdtContent>{par(run('Acme Ltd'))}</w:sdtContent></w:sdt>"
        + f"<w:tbl><w:tr><w:tc>{par(run('Fee'))}</w:tc><w:tc>{par(run('10'))}</w:tc></w:tr></w:tbl>"
        + par("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>")
    )
    document = read_document(word(body))
    assert document.text == "See clause 7.2\nour website\nAcme Ltd\nFee\n10\na\tb\nc\u2011d\n"


def test_text_boxes_are_read_once_though_files_hold_them_twice(word: Word) -> None:
    box = f"<w:txbxContent>{par(run('in the box'))}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    assert read_document(word(par(run("before") + f"<w:r>{both}</w:r>"))).text == "before\nin the box\n"


def test_pages_are_those_last_rendered_and_unknown_where_the_file_does_not_tell(word: Word) -> None:
    turn = "<w:lastRenderedPageBreak/>"
    body = (
        par(run("one"))
        + par(f"<w:r>{turn}<w:t>two</w:t></w:r>")
        + par(f"<w:r><w:t>to</w:t>{turn}<w:t>three</w:t></w:r>")
    )
    document = read_document(word(body + par(run("still"))))
    assert [line.page for line in document.lines] == [1, 2, 2, 3]
    assert document.pages == 3
    assert [line.page for line in read_document(word(par(run("one")))).lines] == [0]


def test_the_table_of_contents_is_marked_and_footnotes_are_told_of(word: Word) -> None:
    styles = '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>'
    body = '<w:p><w:pPr><w:pStyle w:val="T1"/></w:pPr>' + run("Term 3") + "</w:p>" + par(run("1. Term"))
    notes = '<w:footnote w:type="separator"/><w:footnote/>'
    document = read_document(word(body, styles=styles, footnotes=notes))
    assert [line.contents for line in document.lines] == [True, False]
    assert document.notes == ("1 footnotes are not read.",)


def test_right_to_left_text_stays_in_the_order_in_which_it_is_read(word: Word) -> None:
    document = read_document(word(par(run("המוכר ימסור את הסחורה.")) + par(run("يلتزم المورد بالتسليم."))))
    assert document.text == "המוכר ימסור את הסחורה.\nيلتزم المورد بالتسليم.\n"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_entities_are_refused_inner_and_outer(word: Word, declared: str) -> None:
    xml = (
        f"<?xml version='1.0'?>{declared}"
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body></w:document>"
    )
    with pytest.raises(DataError, match=r"contract\.docx declares entities or a document type in word/document\.xml"):
        read_document(word("", document=xml))


def test_a_part_that_unpacks_to_far_more_than_text_does_is_a_bomb(word: Word) -> None:
    path = word(par(run("a" * 30_000_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match=r"unpacks to more than [\d,]+ bytes from [\d,]+\. It may be an attack"):
        read_document(path)


def test_what_an_archive_says_of_its_sizes_is_not_believed(word: Word) -> None:
    path = word(par(run("a" * 30_000_000)))
    raw = bytearray(path.read_bytes())
    directory = raw.rfind(b"PK\x01\x02")
    raw[directory + 24 : directory + 28] = struct.pack("<I", 100)  # "100 bytes when unpacked"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"unpacks to more|cannot be unpacked"):
        read_document(path)


def test_elements_nested_without_end_are_refused(word: Word) -> None:
    deep = "<w:sdt>" * 400 + par(run("x")) + "</w:sdt>" * 400
    with pytest.raises(DataError, match="nests more than 150 elements"):
        read_document(word(deep))


def test_real_nesting_is_read(word: Word) -> None:
    inside = par(run("deep"))
    for _ in range(8):
        inside = f"<w:tbl><w:tr><w:tc>{inside}</w:tc></w:tr></w:tbl>"
    assert read_document(word(inside)).text == "deep\n"


def _compound(words: bytes) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + words + bytes(512)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_compound("EncryptedPackage".encode("utf-16-le")), "contract.docx is encrypted. Open it with its password"),
        (_compound(b"Word.Document.8"), r"in the format of Word before 2007 \(\.doc\). Save it as \.docx"),
        (b"PK\x03\x04 and nothing more", "is damaged: it is no archive"),
        (b"\x00\x01plain", "is damaged: it is no archive"),
        (b"", "contract.docx is empty"),
    ],
)
def test_files_that_are_no_docx_say_what_they_are(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "contract.docx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_document(path)


def test_a_damaged_part_and_another_archive_are_told_of(tmp_path: Path, word: Word) -> None:
    with pytest.raises(DataError, match=r"damaged: word/document\.xml is no XML"):
        read_document(word("", document="<w:document"))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    (tmp_path / "sheet.docx").write_bytes(other.getvalue())
    with pytest.raises(DataError, match=r"no DOCX file: it has no text in word/document\.xml"):
        read_document(tmp_path / "sheet.docx")


def test_strict_ooxml_is_read_as_well(word: Word) -> None:
    xml = (
        '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main">'
        '<w:body><w:p><w:r><w:t xml:space="preserve">Strictly.</w:t></w:r></w:p></w:body></w:document>'
    )
    assert read_document(word("", document=xml)).text == "Strictly.\n"
