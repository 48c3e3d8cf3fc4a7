"""Clauses have the paths that a lawyer would cite, and stand where they say."""

import random
from pathlib import Path

import pytest
from acclimate_legal.documents import Document, read_document
from acclimate_legal.documents.document import printed
from acclimate_legal.furniture import furniture
from acclimate_legal.structure import Clause, clause_tree, walk
from acclimate_legal.structure.numbers import roman_value
from hypothesis import given, settings
from hypothesis import strategies as st


def document(text: str, *, flowing: bool = True) -> Document:
    """Return a text as a document."""
    return printed("a.txt", text, furniture(text), flowing=flowing)


def paths(text: str, *, flowing: bool = True) -> list[str]:
    """Return the paths of all clauses of a text, in order."""
    return [clause.path for clause, _ in walk(clause_tree(document(text, flowing=flowing)))]


def by_path(text: str, *, flowing: bool = True) -> dict[str, Clause]:
    """Return the clauses of a text."""
    return {clause.path: clause for clause, _ in walk(clause_tree(document(text, flowing=flowing)))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. A\n1.1 B\n1.2 C\n2. D", ["1", "1.1", "1.2", "2"]),
        (
            "7.\tPay\n7.2\tFees\n(a)\tone\n(i)\tx\n(ii)\ty\n(b)\ttwo",
            ["7", "7.2", "7.2(a)", "7.2(a)(i)", "7.2(a)(ii)", "7.2(b)"],
        ),
        (
            "ARTICLE I\nSection 1.1 A\nSection 1.2 B\nARTICLE II\nSection 2.1 C",
            ["Article I", "1.1", "1.2", "Article II", "2.1"],
        ),
        ("Section 1. A\nSection 2. B\n(a) x\n(b) y", ["1", "2", "2(a)", "2(b)"]),
        ("§ 1 Umfang\n(1) Dies.\n(2) Das.\n§ 2 Preis\n(1) Viel.", ["1", "1(1)", "1(2)", "2", "2(1)"]),
        ("(A) Facts\n(B) More\n1. A\n2. B", ["(A)", "(B)", "1", "2"]),
        ("1. A\n(a) x\n(aa) no\n(b) y", ["1", "1(a)", "1(b)"]),
        ("1. List\na) x\nb) y\n2. B", ["1", "1.a", "1.b", "2"]),
        ("I. FIRST\nA. One\nB. Two\nII. SECOND\nA. One\nB. Two", ["I", "I.A", "I.B", "II", "II.A", "II.B"]),
        ("PART 1\n1. A\n2. B\nPART 2\n1. C", ["Part 1", "Part 1, 1", "Part 1, 2", "Part 2", "Part 2, 1"]),
        ("4.2(b)(iii) Straight in", ["4.2", "4.2(b)", "4.2(b)(iii)"]),
        ("(1) one\n(2) two\n(a) x\n(b) y\n(3) three", ["(1)", "(2)", "(2)(a)", "(2)(b)", "(3)"]),
        ("١. أول\n٢. ثان", ["1", "2"]),
        ("1. פתיחה\n1.1 הגדרות\n(א) ראשון\n(ב) שני", ["1", "1.1", "1.1(א)", "1.1(ב)"]),
    ],
)
def test_paths_are_those_that_a_lawyer_would_cite(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


def test_letters_and_roman_numbers_are_told_apart_by_what_comes_before_and_after() -> None:
    letters = "\n".join(f"({letter}) x" for letter in "abcdefghij")
    assert paths(f"1. A\n{letters}")[-3:] == ["1(h)", "1(i)", "1(j)"]
    roman = "\n".join(f"({letter}) x" for letter in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "ii", "iii"))
    assert paths(f"1. A\n{roman}")[-4:] == ["1(h)", "1(h)(i)", "1(h)(ii)", "1(h)(iii)"]
    assert paths("1. A\n(i) x\n(ii) y\n(iii) z\n(iv) u\n(v) v")[-1] == "1(v)"


@pytest.mark.parametrize(
    "text",
    [
        "1. Term\nThe fees that are set out in Section\n2. No clause but the end of a sentence.",
        "1. Term\nIt is governed by the law in force in\n2010. It stays so.",
        "1. Term\nThe buyer pays interest at a rate of\n4.2 percent.",
        "1. Term\nThe price is as stated in clause 4,\n2. and no more.",
        "1. Term\nThis was signed by\nA. Smith of the second part.",
    ],
)
def test_numbers_within_a_sentence_open_no_clause(text: str) -> None:
    assert paths(text, flowing=False) == ["1"]


def test_schedules_begin_anew_and_their_paths_say_so() -> None:
    text = "1. A\n2. B\nSCHEDULE 1\nPRICES\n1. C\n(a) x\nExhibit B – Form of Notice\n1. D\nas set out in Schedule 1"
    assert paths(text) == ["1", "2", "Schedule 1", "Schedule 1, 1", "Schedule 1, 1(a)", "Exhibit B", "Exhibit B, 1"]
    assert by_path(text)["Schedule 1"].heading == "SCHEDULE 1 PRICES"


def test_paragraphs_without_a_number_are_counted_until_the_first_one_and_then_belong_to_it() -> None:
    text = "LEASE\nmade today\nbetween us\n1. Rent\nThe rent is due.\nAlways.\n2. Term"
    found = by_path(text)
    assert list(found) == ["LEASE", "LEASE ¶1", "LEASE ¶2", "1", "2"]
    assert found["1"].text == "1. Rent\nThe rent is due.\nAlways."
    assert found["1"].plain == "1. Rent\n\nThe rent is due.\n\nAlways."


def test_signatures_belong_to_no_clause() -> None:
    found = by_path("1. Law\nNorwegian law applies.\nIN WITNESS WHEREOF they have signed.\nBy: ____")
    assert found["1"].plain.endswith("applies.")
    assert found["¶1"].plain.startswith("IN WITNESS")


def test_tables_of_contents_are_no_clauses() -> None:
    contents = "TABLE OF CONTENTS\n1. Term 1\n2. Fees 3\nSchedule 1 9\n"
    dotted = "1. Term ........ 1\n2. Fees ........ 3\n"
    for head in (contents, dotted):
        assert paths(head + "1. Term\nTwo years.\n2. Fees\nNone.")[-2:] == ["1", "2"]
        assert len(paths(head + "1. Term\nTwo years.\n2. Fees\nNone.")) == 2


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("1. LIMITATION OF LIABILITY", "LIMITATION OF LIABILITY"),
        ("1. Limitation of Liability. Neither party is liable.", "Limitation of Liability"),
        ("1. Notices: All notices are in writing.", "Notices"),
        ("1. Return of documents\nAll documents go back.", "Return of documents"),
        ("1. The Supplier shall deliver.", ""),
        ("1. Neither party shall be liable for loss. It is so.", ""),
    ],
)
def test_titles_are_told_from_text(text: str, heading: str) -> None:
    assert by_path(text)["1"].heading == heading


def test_a_clause_that_runs_over_a_page_reads_on_without_the_page_and_stands_where_it_says() -> None:
    page = "ACME AND BETA SERVICES\n{}\nPage {} of 3\n"
    text = "\f".join(
        page.format(said, number)
        for number, said in enumerate(
            (
                "1. Liability. Neither party is liable for indi-",
                "rect damage, whatever it is, in any case of it",
                "at all.\n2. Law. Norwegian law.",
            ),
            1,
        )
    )
    found = by_path(text, flowing=False)
    assert found["1"].plain == (
        "1. Liability. Neither party is liable for indirect damage, whatever it is, in any case of it at all."
    )
    assert text[found["1"].start : found["1"].end] == found["1"].text
    assert found["1"].text.startswith("1. Liability.")
    assert found["1"].text.endswith("at all.")
    assert (found["1"].page, found["2"].page) == (1, 3)


def test_the_whole_of_a_clause_holds_all_inside_it() -> None:
    text = "1. A\n1.1 B\n(a) c\n(b) d\n2. E"
    found = by_path(text)
    assert text[found["1"].start : found["1"].whole_end] == "1. A\n1.1 B\n(a) c\n(b) d"
    assert text[found["1.1"].start : found["1.1"].whole_end] == "1.1 B\n(a) c\n(b) d"


def test_a_number_that_is_there_twice_is_a_clause_each_time() -> None:
    text = "1.1 A\n(a) b\n1.1 C\n(a) d"
    found = by_path(text)
    assert {path: clause.text for path, clause in found.items()} == {
        "1.1": "1.1 A",
        "1.1(a)": "(a) b",
        "1.1 [2]": "1.1 C",
        "1.1 [2](a)": "(a) d",
    }


WORDS = ("the", "Supplier", "shall", "deliver", "goods", "Liability", "agree-", "ment", "ACME", "המוכר", "§", "12")
NUMBERS = ("1.", "2.", "3)", "1.1", "1.2.3", "(a)", "(b)", "(i)", "(ii)", "(A)", "A.", "ARTICLE II", "Schedule 1", "")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(NUMBERS), st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from("\n\f\r"))
        | st.tuples(st.text(max_size=30), st.just(["x"]), st.sampled_from("\n\f\r")),
        max_size=40,
    ),
    st.booleans(),
)
def test_any_text_has_clauses_that_stand_where_they_say_once_each_and_in_order(
    lines: list[tuple[str, list[str], str]], flowing: bool
) -> None:
    text = "".join(f"{number} {' '.join(words)}{end}" for number, words, end in lines)
    found = list(walk(clause_tree(document(text, flowing=flowing))))
    at = 0
    for clause, above in found:
        assert text[clause.start : clause.end] == clause.text == clause.text.strip()
        assert at <= clause.start <= clause.end <= clause.whole_end <= len(text)
        assert all(outer.start <= clause.start and clause.whole_end <= outer.whole_end for outer in above)
        at = max(at, clause.end)
    assert len({clause.path for clause, _ in found}) == len(found)


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=10**6))
def test_a_contract_that_was_numbered_by_rule_is_read_back_as_it_was_numbered(seed: int) -> None:
    chance = random.Random(seed)
    lines, expected = [], []
    for section in range(1, chance.randint(2, 6)):
        lines.append(f"{section}. SECTION TITLE")
        expected.append(f"{section}")
        for sub in range(1, chance.randint(1, 5)):
            lines.append(f"{section}.{sub} The parties agree on what follows:")
            expected.append(f"{section}.{sub}")
            for letter in "abcdefghijkl"[: chance.choice((0, 0, 2, 3, 11))]:
                lines.append(f"({letter}) that they agree;")
                expected.append(f"{section}.{sub}({letter})")
                for roman in ("i", "ii", "iii", "iv", "v", "vi")[: chance.choice((0, 0, 0, 2, 6))]:
                    lines.append(f"({roman}) and so on;")
                    expected.append(f"{section}.{sub}({letter})({roman})")
    for flowing in (True, False):
        assert paths("\n".join(lines), flowing=flowing) == expected


@pytest.mark.parametrize(("letters", "value"), [("iv", 4), ("xix", 19), ("mcmxciv", 1994), ("iix", None), ("", None)])
def test_roman_numbers_have_their_value(letters: str, value: int | None) -> None:
    assert roman_value(letters) == value


def test_files_of_all_kinds_with_one_text_have_the_same_paths(tmp_path: Path) -> None:
    lines = ["1. TERM", "1.1 Two years.", "(a) or less;", "(b) or more.", "2. FEES", "2.1 None."]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    (tmp_path / "a.html").write_text("".join(f"<p>{line}</p>" for line in lines))
    from docx import Document as Docx
    from reportlab.pdfgen.canvas import Canvas

    word = Docx()
    for line in lines:
        word.add_paragraph(line)
    word.save(str(tmp_path / "a.docx"))
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for place, line in enumerate(lines):
        canvas.drawString(72, 700 - 14 * place, line)
    canvas.save()
    for ending in ("txt", "html", "docx", "pdf"):
        found = [clause.path for clause, _ in walk(clause_tree(read_document(tmp_path / f"a.{ending}")))]
        assert found == ["1", "1.1", "1.1(a)", "1.1(b)", "2", "2.1"], ending
