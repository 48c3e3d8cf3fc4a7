"""Tracked changes: the final view has all of them, the original one none, and each is numbered as it stands."""

from collections.abc import Callable
from pathlib import Path

import pytest
from acclimate.contracts import OptionError
from acclimate_legal.documents import read_document

Word = Callable[..., Path]
WHO = 'w:id="1" w:author="A" w:date="2024-01-01T00:00:00Z"'


def run(text: str) -> str:
    """Return a run."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def ins(text: str) -> str:
    """Return an inserted run."""
    return f"<w:ins {WHO}>{run(text)}</w:ins>"


def gone(text: str) -> str:
    """Return a deleted run."""
    return f'<w:del {WHO}><w:r><w:delText xml:space="preserve">{text}</w:delText></w:r></w:del>'


def par(*runs: str, mark: str = "", properties: str = "") -> str:
    """Return a paragraph whose end is inserted ("ins") or deleted ("del")."""
    ended = f"<w:rPr><w:{mark} {WHO}/></w:rPr>" if mark else ""
    return f"<w:p><w:pPr>{properties}{ended}</w:pPr>{''.join(runs)}</w:p>"


def text(path: Path, view: str) -> list[str]:
    """Return the lines of a view."""
    return read_document(path, view=view).text.splitlines()


def test_words_are_those_of_the_view(word: Word) -> None:
    path = word(par(run("Fees are due within "), gone("30"), ins("60"), run(" days.")))
    assert text(path, "final") == ["Fees are due within 60 days."]
    assert text(path, "original") == ["Fees are due within 30 days."]


def test_whole_paragraphs_come_and_go_and_the_rest_is_numbered_without_them(word: Word) -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    path = word(
        par(run("Term"), properties=numbered)
        + par(gone("Exclusivity"), mark="del", properties=numbered)
        + par(ins("Insurance"), mark="ins", properties=numbered)
        + par(run("Notices"), properties=numbered),
        numbering=numbering,
    )
    assert text(path, "final") == ["1.\tTerm", "2.\tInsurance", "3.\tNotices"]
    assert text(path, "original") == ["1.\tTerm", "2.\tExclusivity", "3.\tNotices"]


def test_paragraphs_whose_end_was_deleted_run_on(word: Word) -> None:
    path = word(par(run("The Supplier "), mark="del") + par(run("shall deliver.")))
    assert text(path, "final") == ["The Supplier shall deliver."]
    assert text(path, "original") == ["The Supplier", "shall deliver."]
    path = word(par(run("The Supplier "), mark="ins") + par(run("shall deliver.")))
    assert text(path, "original") == ["The Supplier shall deliver."]


def test_what_was_moved_stands_where_it_was_or_where_it_is(word: Word) -> None:
    moved = f"<w:moveFrom {WHO}>{run('Law.')}</w:moveFrom>"
    there = f"<w:moveTo {WHO}>{run('Law.')}</w:moveTo>"
    path = word(par(moved, run("A.")) + par(run("B."), there))
    assert text(path, "final") == ["A.", "B.Law."]
    assert text(path, "original") == ["Law.A.", "B."]


def test_rows_of_tables_are_those_of_the_view_and_so_is_a_style_that_was_changed(word: Word) -> None:
    row = "<w:tr><w:trPr>{}</w:trPr><w:tc>{}</w:tc></w:tr>"
    table = f"<w:tbl>{row.format('', par(run('Price')))}{row.format(f'<w:ins {WHO}/>', par(ins('Tax')))}</w:tbl>"
    before = f'<w:pPrChange {WHO}><w:pPr><w:pStyle w:val="H"/></w:pPr></w:pPrChange>'
    styles = (
        '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="N"><w:name w:val="Normal"/></w:style>'
    )
    path = word(table + f'<w:p><w:pPr><w:pStyle w:val="N"/>{before}</w:pPr>{run("Scope")}</w:p>', styles=styles)
    assert text(path, "final") == ["Price", "Tax", "Scope"]
    assert text(path, "original") == ["Price", "Scope"]
    assert [read_document(path, view=view).lines[-1].heading for view in ("final", "original")] == [0, 1]


def test_another_view_is_refused_with_those_that_are_known(word: Word) -> None:
    with pytest.raises(OptionError, match="view is final or original, found 'markup'"):
        read_document(word(par(run("x"))), view="markup")
