"""Contracts as rows: what is classified, where it stands, and what could not be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.data.read import UNREADABLE
from acclimate_legal.contracts.rows import clause_rows
from acclimate_legal.documents import read_document

LEASE = """LEASE AGREEMENT
This lease is made between A and B.
1. TERM
1.1 Duration. The term is two years.
1.2 The tenant may end it
(a) by notice; or
(b) by leaving:
(i) the house.
2. RENT
(a) Amount. The rent is 100 euros.
(b) Interest. Late rent bears interest. It is high.
"""


def rows(path: Path, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a source, each of which stands where it says."""
    found = list(clause_rows(str(path), **options))
    for row in found:
        if UNREADABLE not in row:
            file = path / row["contract"] if path.is_dir() else path
            written = read_document(file).text[row["start"] : row["end"]]
            assert "".join(written.split()) == "".join(row["text"].split())
    return found


@pytest.fixture
def lease(tmp_path: Path) -> Path:
    path = tmp_path / "lease.txt"
    path.write_text(LEASE)
    return path


def test_a_clause_holds_the_list_that_carries_on_its_sentence_and_other_items_stand_alone(lease: Path) -> None:
    found = {row["path"]: row for row in rows(lease)}
    assert list(found) == ["LEASE AGREEMENT ¶1", "1.1", "1.2", "2(a)", "2(b)"]
    assert (
        found["1.2"]["text"] == "1.2 The tenant may end it\n\n(a) by notice; or\n\n(b) by leaving:\n\n(i) the house."
    )
    assert found["1.1"]["heading"] == "LEASE AGREEMENT / TERM / Duration"
    assert found["2(a)"]["id"] == "lease.txt#2(a)"
    assert found["2(a)"]["page"] is None


def test_titles_alone_are_no_rows_and_a_short_clause_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        'SALE\n1. Parties. Acme (the "Seller").\n2. NO REFUNDS\n3. LAW\n3.1 Norwegian Law.\n'
    )
    assert [row["path"] for row in rows(tmp_path / "a.txt")] == ["1", "2", "3.1"]


def test_items_are_each_a_row_where_that_is_asked_for(lease: Path) -> None:
    assert [row["path"] for row in rows(lease, unit="item")] == (
        ["LEASE AGREEMENT ¶1", "1.1", "1.2", "1.2(a)", "1.2(b)", "1.2(b)(i)", "2(a)", "2(b)"]
    )


def test_sentences_are_rows_that_stand_where_they_say(lease: Path) -> None:
    found = [row for row in rows(lease, unit="sentence") if row["path"].startswith("2(b)")]
    assert "It is high." in [row["text"] for row in found]
    with pytest.raises(OptionError, match="unit is clause, item, sentence, found 'page'"):
        rows(lease, unit="page")


def test_a_folder_gives_the_clauses_of_every_contract_and_tells_of_files_that_it_cannot_read(lease: Path) -> None:
    (lease.parent / "more").mkdir()
    (lease.parent / "more" / "b.html").write_text("<p>1. Law. French law.</p>")
    (lease.parent / "c.docx").write_bytes(b"no archive")
    (lease.parent / "~$lease.docx").write_bytes(b"the lock of a word processor")
    found = rows(lease.parent)
    assert [row["id"] for row in found if row["contract"] == "more/b.html"] == ["more/b.html#1"]
    assert [row["id"] for row in found if UNREADABLE in row] == ["c.docx"]
    assert len({row["id"] for row in found}) == len(found) == 5 + 1 + 1


def test_a_page_without_text_is_a_row_that_says_so(tmp_path: Path) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(72, 700, "1. Law. The laws of Norway govern this agreement and its annexes.")
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 80))), 0, 0, 595, 842)
    canvas.save()
    missed, clause = clause_rows(str(tmp_path / "a.pdf"))
    assert missed["id"] == "a.pdf#page 2"
    assert missed[UNREADABLE] == "page 2: the page is a picture (a scan): it has no text"
    assert (clause["path"], clause["page"]) == ("1", 1)


def test_sources_without_a_clause_are_refused(tmp_path: Path, word: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="There is no file"):
        rows(tmp_path / "none.txt")
    with pytest.raises(DataError, match="has no clauses"):
        rows(word("<w:p/>"))
    (tmp_path / "a.txt").write_text("____\n12\n")
    with pytest.raises(DataError, match="has no clauses"):
        rows(tmp_path / "a.txt")
