"""Plain text and web pages: whatever their encoding, offsets are of the text as it is."""

from pathlib import Path

import pytest
from acclimate.contracts import DataError
from acclimate_legal.documents import read_document

SAID = "1. Gebühren. Der Käufer zahlt 100 €.\r\n2. “Recht”. Es gilt…\n"


@pytest.mark.parametrize(
    "encoded",
    [
        SAID.encode(),
        b"\xef\xbb\xbf" + SAID.encode(),
        b"\xff\xfe" + SAID.encode("utf-16-le"),
        b"\xfe\xff" + SAID.encode("utf-16-be"),
        SAID.encode("cp1252"),
    ],
)
def test_the_text_is_the_same_in_every_encoding(tmp_path: Path, encoded: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(encoded)
    document = read_document(path)
    assert document.text == SAID
    assert [document.text[line.start : line.end] for line in document.lines] == SAID.splitlines()


def test_lines_of_two_encodings_in_one_file_are_both_right_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(
        "Käufer – Verkäufer\n".encode() + "Käufer – Verkäufer\n".encode("cp1252") + b"\x81\n"
    )
    document = read_document(tmp_path / "a.txt")
    assert document.text == "Käufer – Verkäufer\nKäufer – Verkäufer\n\x81\n"
    assert document.notes == ("2 of 4 lines are not UTF-8 and were read as Windows-1252.",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\x00b", "no text: it has zero bytes"),
        (b"\xff\xfea", "says that it is UTF-16-LE, and byte 0 is not"),
        (b"\xef\xbb\xbf\xff", "says that it is UTF-8, and byte 0 is not"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_document(tmp_path / "a.txt")


def test_pages_of_plain_text_are_divided_by_form_feeds_and_lose_what_repeats(tmp_path: Path) -> None:
    pages = [f"ACME LTD\nThe clause on side {word} stays.\nPage {n} of 3\n" for n, word in enumerate("abc", 1)]
    (tmp_path / "a.txt").write_text("\f".join(pages))
    document = read_document(tmp_path / "a.txt")
    assert [(document.text[line.start : line.end], line.page) for line in document.lines] == [
        ("The clause on side a stays.", 1),
        ("The clause on side b stays.", 2),
        ("The clause on side c stays.", 3),
    ]


def test_another_kind_of_file_is_refused_with_those_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_text("x")
    with pytest.raises(DataError, match=r"a\.rtf is no document that is read\. Its name ends with \.pdf, \.docx"):
        read_document(tmp_path / "a.rtf")
    with pytest.raises(DataError, match="There is no file"):
        read_document(tmp_path / "none.pdf")


def web(tmp_path: Path, body: str, head: str = "") -> list[tuple[str, int, int]]:
    """Return text, heading level and page of each line of a web page."""
    (tmp_path / "a.html").write_text(f"<html><head>{head}<title>no</title></head><body>{body}</body></html>", "utf-8")
    document = read_document(tmp_path / "a.html")
    return [(document.text[line.start : line.end], line.heading, line.page) for line in document.lines]


def test_a_web_page_is_read_block_by_block_as_a_browser_shows_it(tmp_path: Path) -> None:
    body = (
        "<nav>Home</nav><h2>Your   rights</h2><p>We &amp; you<br>agree.</p><script>no()</script>"
        "<div style='display: none'>hidden</div><table><tr><td>Fee</td><td>10</td></tr></table><!-- no -->"
    )
    assert web(tmp_path, body) == [
        ("Your rights", 2, 0),
        ("We & you", 0, 0),
        ("agree.", 0, 0),
        ("Fee", 0, 0),
        ("10", 0, 0),
    ]


def test_ordered_lists_have_the_numbers_that_a_browser_shows(tmp_path: Path) -> None:
    body = (
        "<ol><li>one</li><li>two<ol type='a'><li>first</li><li>second</li></ol></li></ol>"
        "<ul><li>dot</li></ul><ol start='7' type='I'><li>seven</li><li value='10'>ten</li></ol>"
    )
    assert [text for text, _, _ in web(tmp_path, body)] == (
        ["1.\tone", "2.\ttwo", "a.\tfirst", "b.\tsecond", "dot", "VII.\tseven", "X.\tten"]
    )


def test_pages_for_print_are_counted_and_what_repeats_on_them_goes(tmp_path: Path) -> None:
    turn = "<hr style='page-break-after: always'>"
    body = turn.join(f"<p>Side {word} says so.</p><p>Acme Ltd</p><p>{n}</p>" for n, word in enumerate("abc", 1))
    assert web(tmp_path, body) == [("Side a says so.", 0, 1), ("Side b says so.", 0, 2), ("Side c says so.", 0, 3)]


def test_the_encoding_that_a_page_declares_is_taken(tmp_path: Path) -> None:
    page = "<html><head><meta charset='iso-8859-2'></head><body><p>Łódź</p></body></html>"
    (tmp_path / "a.htm").write_bytes(page.encode("iso-8859-2"))
    assert read_document(tmp_path / "a.htm").text == "Łódź\n"
    (tmp_path / "a.htm").write_bytes(page.replace("iso-8859-2", "no-such").encode())
    with pytest.raises(DataError, match="says that it is no-such, and is not"):
        read_document(tmp_path / "a.htm")


def test_tags_nested_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<div>" * 600 + "x")
    with pytest.raises(DataError, match="nests more than 400 tags"):
        read_document(tmp_path / "a.html")
