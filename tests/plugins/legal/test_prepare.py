"""Legal text is normalised as a lawyer would retype it."""

import re
import unicodedata

import pytest
from acclimate_legal.prepare import normalise
from hypothesis import example, given
from hypothesis import strategies as st

CHARACTERS = [
    ("Clause\u00a04.2", "Clause 4.2"),
    ("USD\u202f1,000,000", "USD 1,000,000"),
    ("the\u2003Licen\u00adsor", "the Licensor"),
    ("the Licen\u00ad\nsor shall", "the Licensor shall"),
    ("ends here\u00ad\n\nNext", "ends here\n\nNext"),
    ("cafe\u0301", "café"),
    ("zero\u200bwidth\ufeff", "zerowidth"),
    ("non\u2011exclusive", "non-exclusive"),
    ("a\tb  c \n", "a b c"),
    ("one\r\ntwo\r\n\r\nthree\u2029four", "one two\n\nthree four"),
    ("first\n   \n\n\t\nsecond", "first\n\nsecond"),
    ("", ""),
    (" \n\f\n ", ""),
]
KEPT = [
    "4.2(b)(iii) The Supplier shall pay USD 1,250,000.00 within 30 days.",
    "§ 12 Abs. 3 BGB; Art. 6(1)(f) GDPR; 17 U.S.C. § 512(c)",
    '"Affiliate" means, and “Confidential Information” includes, ‘Know-How’.',
    "IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY DAMAGES.",
    "12",
    "2024",
    "1. Definitions",
    "See page 3 of 12 of the Annex for the fee.",
    "As agreed on page 3",
    "m² and ½ and ﬁnal",  # compatibility characters are not rewritten
    "3 - 4 = -1",
    "ACME-0001234 is the contract number.",
    "Term: 2020-2021 -- unless ended earlier.",
]
HYPHENS = [
    ("termi-\nnation of this Agree-\n  ment", "termination of this Agreement"),
    ("a non-\nexclusive licence", "a non-exclusive licence"),
    ("a NON-\nEXCLUSIVE licence", "a NON-EXCLUSIVE licence"),
    ("ANY DAM-\nAGES WHATSOEVER", "ANY DAMAGES WHATSOEVER"),
    ("third-\nparty claims, royalty-\nfree", "third-party claims, royalty-free"),
    ("self-\nemployed", "self-employed"),
    ("twenty-\nfive days", "twenty-five days"),
    ("day-to-\nday management", "day-to-day management"),
    ("sub-\nject to Clause 3", "subject to Clause 3"),
    ("a sub-\nlicensee", "a sub-licensee"),
    ("a cove-\nnant and a co-\nvenant", "a covenant and a covenant"),
    ("co-\nowner, pre-\nexisting, pre-\nvent", "co-owner, pre-existing, prevent"),
    ("an e-\nmail or e-mail", "an e-mail or e-mail"),
    ("re-\nsale; resale", "resale; resale"),
    ("the non-\nprofit; a nonprofit", "the nonprofit; a nonprofit"),
    ("Anglo-\nAmerican law", "Anglo-American law"),
    ("the years 2020-\n2021", "the years 2020-2021"),
    ("FAR 52.227-\n14", "FAR 52.227-14"),
    ("Form A4-\nsize", "Form A4-size"),
    ("EU-\nwide", "EU-wide"),
    ("pre-\nand post-closing", "pre- and post-closing"),
    ("the parties -\nand their heirs", "the parties - and their heirs"),
    ("the fee --\npayable", "the fee -- payable"),
    ("ends in a hyphen-\n\nnew paragraph", "ends in a hyphen-\n\nnew paragraph"),
    ("the 'licen-\nce'", "the 'licence'"),
    ("sous-sol «commu-\nnauté»", "sous-sol «communauté»"),
]
FURNITURE = [
    ("The Buyer\nPage 3 of 12\nshall pay.", "The Buyer shall pay."),
    ("The Buyer\n- 3 -\nshall pay.", "The Buyer shall pay."),
    ("The Buyer\n\n– iv –\n\nPayment.", "The Buyer\n\nPayment."),
    ("the Buyer\nCONFIDENTIAL – Page 3 of 12\nshall", "the Buyer shall"),
    ("sold\nAcme, Inc. – Rev. 01/2022 Page 3 of 5\nto third parties", "sold to third parties"),
    ("Payment.\n\nPage 3\n\nTerm.", "Payment.\n\nTerm."),
    ("Payment.\n\nConfidential - Page 3\n\nTerm.", "Payment.\n\nTerm."),
    ("Payment.\n\n17\n\nTerm.", "Payment.\n\nTerm."),
    ("Payment.\n\nACME-0001234\n\nTerm.", "Payment.\n\nTerm."),
    ("Payment.\n\nABC 000123\n\n17\n\nTerm.", "Payment.\n\nTerm."),
    ("Payment.\n\nPage 3 of 12\n17\n\nTerm.", "Payment.\n\nTerm."),
    # not furniture: inside a paragraph, with a point, an amount, a company number, a year, the first or last line
    ("as set out on\nPage 3\nof the Annex", "as set out on Page 3 of the Annex"),
    ("a sum of\n17\nshares", "a sum of 17 shares"),
    ("Payment.\n\n17.\n\nTerm.", "Payment.\n\n17.\n\nTerm."),
    ("Payment.\n\n1,700\n\nTerm.", "Payment.\n\n1,700\n\nTerm."),
    ("Company number\n\n04512345\n\nTerm.", "Company number\n\n04512345\n\nTerm."),
    ("Account\n\nABC 123456\n\nTerm.", "Account\n\nABC 123456\n\nTerm."),
    ("Signed\n\n2024\n\nTerm.", "Signed\n\n2024\n\nTerm."),
    ("1\n\nDefinitions\n\n2", "1\n\nDefinitions\n\n2"),
    ("(iv)\n\niv\n\n§ 4", "(iv)\n\niv\n\n§ 4"),
    # pages
    ("The Buyer\n\n3\fshall pay.", "The Buyer shall pay."),
    ("Payment is due.\n\f4\n\nTerm.", "Payment is due.\n\nTerm."),
    ("the termi-\fnation", "the termination"),
    ("ANNEX A\fThe goods", "ANNEX A\n\nThe goods"),
    ("It ends.\fthen more", "It ends.\n\nthen more"),
    ("shall:\f(b) pay", "shall:\n\n(b) pay"),
]


@pytest.mark.parametrize(("text", "expected"), [*CHARACTERS, *HYPHENS, *FURNITURE])
def test_text_reads_as_a_lawyer_would_retype_it(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_numbering_amounts_quotation_marks_and_capitals_stay(text: str) -> None:
    assert normalise(text) == text


def test_headers_footers_and_page_numbers_of_three_pages_go_and_the_text_between_reads_on() -> None:
    bodies = [
        "1. Scope\nThis Agreement covers the supply of",
        "goods by Acme Ltd to the Buyer.\n2. Price\nThe price is EUR 4,500",
        "net of tax.\n3. Term\nThree years.",
    ]
    pages = [
        f"Master Services Agreement\nPrivileged & Confidential\n{body}\nAcme Ltd / v2 page {number}\n{number}"
        for number, body in enumerate(bodies, 7)
    ]
    expected = (
        "1. Scope This Agreement covers the supply of goods by Acme Ltd to the Buyer. 2. Price The price is "
        "EUR 4,500 net of tax. 3. Term Three years."
    )
    assert normalise("\f".join(pages)) == expected


@pytest.mark.parametrize(
    "heads",
    [
        ("Section 4", "Section 5", "Section 6"),  # headings of one form that number the text, not the pages
        ("(a)", "(a)", "(a)"),  # list marks that head three pages by chance
        ("4", "9", "2"),  # numbers that do not count the pages
    ],
)
def test_what_heads_three_pages_without_being_a_running_title_stays(heads: tuple[str, str, str]) -> None:
    pages = [f"{head}\nThe rest of page {letter} stays." for head, letter in zip(heads, "ABC", strict=True)]
    expected = "\n\n".join(page.replace("\n", " ") for page in pages)
    assert normalise("\f".join(pages)) == expected


@pytest.mark.parametrize("last", ["", "\fC. Third."])
def test_two_pages_are_too_few_to_call_a_line_a_running_title(last: str) -> None:
    expected = "The Seller A. First.\n\nThe Seller B. Second." + last.replace("\f", "\n\n")
    assert normalise("The Seller\nA. First.\fThe Seller\nB. Second." + last) == expected


SNIPPETS = st.sampled_from(
    [
        *["the Buyer", "licen-", "ce", "non-", "exclusive", "Page 3 of 12", "Page 3", "- 3 -", "-", "17", "4.2(b)"],
        *["§ 12", "ACME-0001234", "\n", "\n\n", "\f", "\r\n", " ", "\u00ad", "\u00a0", "\u200b", "e\u0301", "\u0301"],
        *["A", "b", "'", "“", "DAM-", "AGES", "and", ".", "\u2011", "\u2028", "\x1c"],
    ]
)
TEXTS = st.lists(SNIPPETS, max_size=40).map("".join) | st.text(max_size=60)


@given(TEXTS)
@example("a\n\n5\n- 3 -\n\nb")  # what goes first leaves the next line alone
@example("Page 3\nof 12")
def test_doing_it_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(TEXTS)
def test_paragraphs_are_single_lines_of_composed_text_with_plain_spaces(text: str) -> None:
    result = normalise(text)
    assert unicodedata.is_normalized("NFC", result)
    assert not re.search("[^\\S \n]|\u00ad|\u200b|\ufeff|  | \n|\n |\n{3}", result)
    assert not re.search("(?<!\n)\n(?!\n)", result)
    assert result == result.strip()


WORDS = st.sampled_from(
    [
        *["shall", "pay", "4.2(b)(iii)", "§ 12", "EUR 1,250.00", "2020-2021", "30", "days", "termi-", "nation"],
        *["non-", "exclusive", "17", "“Fees”", "52.227-"],
    ]
)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=8).map(lambda words: " ".join(["the", *words])), max_size=12))
def test_no_digit_or_letter_outside_page_furniture_changes(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert re.findall(r"\w", normalise(text)) == re.findall(r"\w", text)


def test_a_long_text_takes_time_in_proportion_to_its_length() -> None:
    # A pattern that backtracks would take hours on these.
    for text in ("a" * 200_000 + "-\nb", "- \n" * 50_000, "Page " * 50_000, "A" + " – " * 50_000, "-" * 200_000):
        normalise(text)
