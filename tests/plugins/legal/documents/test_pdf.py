"""PDF files: their text with pages, what only the printed page adds left out, and pages without text told of."""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_legal.documents import layout, read_document
from acclimate_legal.documents.document import Document

Pdf = Callable[..., Path]
CLAUSES = (
    ["1. Term. This agreement begins on the date of", "its signature and runs for two years."],
    ["2. Fees. The Customer pays the fees within thirty", "days of each invoice of the Supplier."],
    ["3. Law. The laws of Norway govern this agree-", "ment and all that follows from it."],
)


def lines(document: Document) -> list[str]:
    """Return the lines that are kept."""
    return [document.text[line.start : line.end] for line in document.lines]


def test_lines_stand_on_their_pages_in_the_order_of_the_text(pdf: Pdf) -> None:
    document = read_document(pdf(CLAUSES))
    assert lines(document) == [line for page in CLAUSES for line in page]
    assert [line.page for line in document.lines] == [1, 1, 2, 2, 3, 3]
    assert document.pages == 3


def test_headers_footers_and_page_numbers_that_repeat_go_and_others_stay(pdf: Pdf) -> None:
    known = [line for page in CLAUSES for line in page]
    header, footer = "Acme and Beta: Services Agreement, confidential {}", "Page {}"
    assert lines(read_document(pdf(CLAUSES, header=header, footer=footer))) == known
    twice = lines(read_document(pdf(CLAUSES[:2], header="Acme and Beta")))
    assert twice.count("Acme and Beta") == 2
    assert len(twice) == 6


def test_a_page_that_is_a_picture_is_told_of_and_the_others_are_read(tmp_path: Path) -> None:
    document = read_document(_scanned(tmp_path / "part.pdf", scanned=(2,), pages=3))
    assert [(one.page, one.reason) for one in document.unread] == [
        (2, "the page is a picture (a scan): it has no text")
    ]
    assert {line.page for line in document.lines} == {1, 3}


def test_a_file_of_pictures_alone_is_refused_and_empty_pages_are_no_scans(tmp_path: Path, pdf: Pdf) -> None:
    with pytest.raises(DataError, match=r"None of the 2 pages of all\.pdf can be read: .*scan.*Run text recognition"):
        read_document(_scanned(tmp_path / "all.pdf", scanned=(1, 2), pages=2))
    assert read_document(pdf([CLAUSES[0], [], CLAUSES[1]])).unread == ()


def _scanned(path: Path, *, scanned: tuple[int, ...], pages: int) -> Path:
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    picture = ImageReader(Image.new("RGB", (60, 80), "grey"))
    for number in range(1, pages + 1):
        if number in scanned:
            canvas.drawImage(picture, 0, 0, 595, 842)
        else:
            canvas.drawString(72, 700, f"{number}. The parties agree on what they agreed on before, once more.")
        canvas.showPage()
    canvas.save()
    return path


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_password_is_asked_for_and_an_empty_one_is_no_hindrance(pdf: Pdf, tmp_path: Path, algorithm: str) -> None:
    from pypdf import PdfReader, PdfWriter

    for password in ("secret", ""):
        writer = PdfWriter(clone_from=PdfReader(pdf(CLAUSES)))
        writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
        writer.write(tmp_path / f"{password or 'open'}.pdf")
    with pytest.raises(DataError, match=r"secret\.pdf is encrypted\. Open it with its password"):
        read_document(tmp_path / "secret.pdf")
    assert lines(read_document(tmp_path / "open.pdf"))[0] == CLAUSES[0][0]


def test_what_pypdf_does_not_know_is_not_called_damaged(pdf: Pdf, tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(pdf(CLAUSES)))
    writer.encrypt(user_password="", owner_password="owner", algorithm="RC4-128")
    writer.write(tmp_path / "open.pdf")
    raw = (tmp_path / "open.pdf").read_bytes()
    assert raw.count(b"/Standard") == 1
    (tmp_path / "certified.pdf").write_bytes(raw.replace(b"/Standard", b"/Certific"))
    with pytest.raises(DataError, match=r"certified\.pdf has what pypdf does not read: .*print it to a new PDF"):
        read_document(tmp_path / "certified.pdf")
    whole = pdf(CLAUSES).read_bytes()
    filters = b"/FlateDecode"
    (tmp_path / "packed.pdf").write_bytes(whole.replace(filters, b"/BrotliDecod", 1))
    (one,) = read_document(tmp_path / "packed.pdf").unread
    assert one.reason == "the page has what pypdf does not read (NotImplementedError)"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"plain text", b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"]
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.pdf").write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.pdf (is damaged|has no pages)"):
        read_document(tmp_path / "broken.pdf")


def test_cut_and_overwritten_files_are_read_or_refused_and_never_crash(pdf: Pdf, tmp_path: Path) -> None:
    whole = pdf(CLAUSES).read_bytes()
    path = tmp_path / "damaged.pdf"
    for place in range(0, len(whole), 97):
        for raw in (whole[:place], whole[:place] + b"\x00\xff<<" + whole[place + 4 :]):
            path.write_bytes(raw or b"%")
            with suppress(DataError):
                assert all(lines(read_document(path)))


def test_files_of_very_many_pages_are_refused_before_any_is_read_unless_asked_for(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    for _ in range(5_000):
        writer.add_blank_page(200, 200)
    writer.write(tmp_path / "long.pdf")
    started = time.process_time()
    with pytest.raises(DataError, match=r"has 5,000 pages, more than 2,000\..*--read pages=5000"):
        read_document(tmp_path / "long.pdf")
    assert time.process_time() - started < 20
    assert read_document(tmp_path / "long.pdf", pages=5_000).pages == 5_000


def test_a_page_that_unpacks_to_far_more_than_print_is_told_of(tmp_path: Path, pdf: Pdf) -> None:
    path = pdf([CLAUSES[0], ["x" * 120] * 3_000])
    assert [one.page for one in read_document(path).unread] == [2]


def test_pages_with_glued_words_are_read_by_where_the_letters_stand(tmp_path: Path) -> None:
    path = _glued(tmp_path / "glued.pdf")
    assert layout.glued(read_document(path, pdf="text").text) > 0.9
    document = read_document(path)
    assert lines(document) == ["The Supplier delivers the goods to the Customer"]
    assert document.notes == ("1 of 1 pages with glued words were read by their layout.",)
    assert lines(read_document(path, pdf="layout")) == lines(document)


def _glued(path: Path) -> Path:
    """Write a page that sets each word by its place and no spaces, in one run of text, as some programs do."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    words = ["The", "Supplier", "delivers", "the", "goods", "to", "the", "Customer"]
    # A space as wide as a thin one: the reader by text sees none, the letters are apart all the same.
    shift = -1000 * stringWidth(" ", "Helvetica", 12) / 12 * 0.4
    shown = " ".join(f"({word}) {shift:.0f}" for word in words)
    content = f"BT /F1 12 Tf 72 700 Td [{shown}] TJ ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = io.BytesIO(b"%PDF-1.4\n"), []
    file.seek(0, io.SEEK_END)
    for number, inside in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, inside))
    start = file.tell()
    file.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    file.write(b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start)
    path.write_bytes(file.getvalue())
    return path


def test_options_that_cannot_work_are_refused(pdf: Pdf) -> None:
    path = pdf(CLAUSES)
    with pytest.raises(OptionError, match="pdf is auto, text, layout, found 'ocr'"):
        read_document(path, pdf="ocr")
    with pytest.raises(OptionError, match="pages is a whole number from 1 on, found 0"):
        read_document(path, pages=0)
