"""Pages are read as a reader sees them, in any encoding, and attacks and damage are refused."""

from pathlib import Path

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_finance.reading.blocks import page_of
from acclimate_finance.reading.decoding import document_text
from acclimate_finance.reading.filings import filing, filing_rows

from .conftest import ANNUAL, body, report

INLINE = """<?xml version='1.0' encoding='ASCII'?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"><body>
<div style="display:none"><ix:header><ix:hidden>
<ix:nonNumeric name="dei:EntityCentralIndexKey">0000012345</ix:nonNumeric>
<ix:nonNumeric name="dei:DocumentPeriodEndDate">2023-12-31</ix:nonNumeric></ix:hidden></ix:header></div>
<p>FORM <ix:nonNumeric name="dei:DocumentType">10-K</ix:nonNumeric></p>
<p><ix:nonNumeric name="dei:EntityRegistrantName">Acme Corp.</ix:nonNumeric></p>
<p>We lost $(<ix:nonFraction name="us-gaap:NetIncomeLoss" sign="-" scale="6">1,234</ix:nonFraction>) million, or
<ix:nonFraction name="x:Change">−5.5</ix:nonFraction>%.</p>"""


def seen(page: str) -> list[str]:
    return [block.text for block in page_of(page, "a.htm").blocks]


def test_inline_xbrl_is_read_as_it_is_shown_and_tells_form_period_and_company(tmp_path):
    path = tmp_path / "acme.htm"
    items = report(ANNUAL, toc="").partition("<body>")[2]
    items = items.replace("<div>FORM 10-K</div><div>For the fiscal year ended December 31, 2023</div>", "")
    path.write_text(INLINE + items, encoding="ascii", errors="xmlcharrefreplace")
    found = filing(path)
    assert (found.form, found.period, found.company) == ("10-K", "2023-12-31", "Acme Corp.")
    assert found.blocks[2].text == "We lost $(1,234) million, or −5.5%."
    assert "0000012345" not in found.text
    assert next(row["company"] for row in filing_rows(str(path))) == "Acme Corp."


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<p>a<b>b</b> c</p><p>d</p>", ["ab c", "d"]),
        ("<p>one<br>line<br><br>two</p>", ["one line", "two"]),
        ("<div>x<p>y</p>z</div>", ["x", "y", "z"]),
        ("<p>a</p><script>bad()</script><style>p{}</style><p hidden>no</p><p style='display: none'>no</p>", ["a"]),
        ("<p>Text</p><p>12</p><hr><p><a href='#t'>Table of Contents</a></p><p>13 of 14 said so</p>",
         ["Text", "13 of 14 said so"]),
        ("<p>We have</p><p>12</p><p>plants</p>", ["We have", "12", "plants"]),
        ("<p>a</p><p>F-3</p><p style='page-break-before:always'>b</p>", ["a", "b"]),
        ("<p>a</p><div style='page-break-after:always'>- 3 -</div><p>b</p>", ["a", "b"]),
        ("<table><tr><td>•</td><td>First point</td></tr><tr><td>•</td><td>Second</td></tr></table>",
         ["• First point", "• Second"]),
        ("<table><tr><td><p>One</p><p>Two</p></td></tr></table>", ["One", "Two"]),
        ("<table><tr><td>outer<table><tr><td>in</td></tr></table></td></tr></table>", ["outer", "in"]),
        ("<p>&amp;&nbsp;&euro;5&#8212;&#x2014;</p>", ["& €5——"]),
        ("<p>unclosed <b>bold<p>next", ["unclosed bold", "next"]),
    ],
)  # fmt: skip
def test_blocks_are_what_a_reader_sees(page, texts):
    assert seen(f"<html><body>{page}</body></html>") == texts


def test_bold_is_that_of_all_the_text():
    page = "<p><b>All</b> <span style='font-weight:700'>of it</span></p><p><b>Part</b> of it</p><h3>x</h3>"
    page += "<div style='font-weight:bold'><span style='font-weight:400'>thin</span></div>"
    assert [block.bold for block in page_of(page, "a").blocks] == [True, False, True, False]


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ('<!DOCTYPE html [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><p>&b;</p>', "declares entities"),
        ('<!DOCTYPE html [<!entity x SYSTEM "file:///etc/passwd">]><p>&x;</p>', "declares entities"),
        ("<div>" * 5000 + "deep" + "</div>" * 5000, "cannot be read to its end: Excessive depth"),
        ("<table>" + "<tr>" + "<td colspan='1000'>1</td>" * 300 + "</tr></table>", "more than 200,000 cells"),
        ("<p>   </p>", "has no text to see"),
    ],
)
def test_attacks_and_pages_that_cannot_be_read_whole_are_refused(page, why):
    with pytest.raises(DataError, match=why) as caught:
        page_of(page, "bad.htm")
    assert "bad.htm" in caught.value.message


def test_spans_of_a_billion_columns_cost_nothing():
    page = "<table><tr><td colspan='999999999' rowspan='999999999'>a</td></tr><tr><td>b</td><td>1</td></tr></table>"
    assert seen(page) == ["a\nb: 1"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<p>50 € – “no”</p>".encode(), "<p>50 € – “no”</p>"),
        ("<p>50 € – “no”</p>".encode("cp1252"), "<p>50 € – “no”</p>"),
        ("<meta charset='iso-8859-1'><p>“é”</p>".encode("cp1252"), "<meta charset='iso-8859-1'><p>“é”</p>"),
        ("<?xml version='1.0' encoding='ASCII'?><p>é</p>".encode(), "<?xml version='1.0' encoding='ASCII'?><p>é</p>"),
        ("<meta charset=shift_jis><p>利益</p>".encode("shift_jis"), "<meta charset=shift_jis><p>利益</p>"),
        ("<p>€</p>".encode("utf-8-sig"), "<p>€</p>"),
        ("<p>€</p>".encode("utf-16"), "<p>€</p>"),
    ],
)
def test_documents_are_read_in_the_encoding_they_are_in(tmp_path, data, text):
    path = tmp_path / "a.htm"
    path.write_bytes(data)
    assert document_text(path) == text


def test_a_document_in_two_encodings_is_refused_where_the_second_begins(tmp_path):
    path = tmp_path / "a.htm"
    path.write_bytes(b"<meta charset=utf-8>\n" + "<p>é</p>\n".encode() + "<p>naïve</p>".encode("cp1252"))
    with pytest.raises(DataError, match=r"a.htm is not utf-8 text: byte \d+ \(line 3\) does not decode"):
        document_text(path)
    assert "naïve" in document_text(path, "cp1252")
    with pytest.raises(OptionError, match="no encoding 'klingon'"):
        document_text(path, "klingon")


@pytest.mark.parametrize(("data", "why"), [(b"", "is empty"), (b" \n", "is empty"), (b"a\0b", "zero bytes")])
def test_files_without_text_are_refused(tmp_path, data, why):
    path = tmp_path / "a.htm"
    path.write_bytes(data)
    with pytest.raises(DataError, match=why):
        document_text(path)
    with pytest.raises(DataError, match="no document"):
        document_text(Path("nowhere.htm"))


def test_a_full_submission_gives_its_report_alone(tmp_path):
    page = report(ANNUAL)
    path = tmp_path / "0001.txt"
    path.write_text(
        "<SEC-DOCUMENT>0001.txt\n<DOCUMENT>\n<TYPE>10-K\n<SEQUENCE>1\n<TEXT>\n" + page + "\n</TEXT>\n</DOCUMENT>\n"
        "<DOCUMENT>\n<TYPE>EX-99\n<TEXT>\n<p>Item 1A. Risk Factors</p>\n</TEXT>\n</DOCUMENT>\n"
    )
    assert {row["item"]: row["text"] for row in filing_rows(str(path), by="item")} == {k: body(k) for k in ANNUAL}
