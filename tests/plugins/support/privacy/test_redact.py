"""What tells whom a message is of goes, and what does not stays: tables of both, and the laws of placeholders."""

import time

import pytest
from acclimate.contracts import OptionError
from acclimate_support.privacy import Redactor, found
from acclimate_support.privacy.numbers import luhn
from hypothesis import given
from hypothesis import strategies as st

TOLD = [
    ("write to ada.byron+shop@mail.example.org, please", "write to <EMAIL_1>, please"),
    ("(ADA@EXAMPLE.CO.UK)", "(<EMAIL_1>)"),
    ("mailto:ada@example.org?subject=refund", "mailto:<EMAIL_1>?subject=refund"),
    ("jürgen@müller.example", "<EMAIL_1>"),
    ("a\u200bda@exam\u200bple.org", "<EMAIL_1>"),
    ("my IBAN is DE89 3704 0044 0532 0130 00 please", "my IBAN is <IBAN_1> please"),
    ("gb29nwbk60161331926819", "<IBAN_1>"),
    ("pay to 12 at NL91ABNA0417164300.", "pay to 12 at <IBAN_1>."),
    ("FR14-2004-1010-0505-0001-3M02-606", "<IBAN_1>"),
    ("card 4111 1111 1111 1111 12/26", "card <CARD_1> 12/26"),
    ("5555555555554444", "<CARD_1>"),
    ("amex 3782-822463-10005", "amex <CARD_1>"),
    ("2024 4111111111111111", "2024 <CARD_1>"),
    ("from 192.168.10.254 today", "from <IP_1> today"),
    ("host 203.0.113.7:8080", "host <IP_1>:8080"),
    ("at 2001:db8:85a3::8a2e:370:7334.", "at <IP_1>."),
    ("call +49 30 901820 now", "call <PHONE_1> now"),
    ("+1 415-555-2671", "<PHONE_1>"),
    ("ring (415) 555-2671 after six", "ring <PHONE_1> after six"),
    ("Phone: 020 7946 0958", "Phone: <PHONE_1>"),
    ("you can call me at 07700 900123", "you can call me at <PHONE_1>"),
    ("Telefonnummer: 0176/12345678", "Telefonnummer: <PHONE_1>"),
]
LEFT = [
    "I was charged $1,234.56 and then 2.345,99 EUR",
    "the total of 1234567.89 is wrong",
    "it came on 2024-05-17, not on 17.05.2024 or 05/17/24",
    "on 2024-05-17 at 12:30:45 in the morning",
    "call me on 24/12/2025",
    "model XR-4500-2211-B and part 8718-6963-1234",
    "ISBN 978-3-16-148410-0",
    "tracking 1Z999AA10123456784",
    "version 10.0.19.4041 of the app, firmware: 1.2.3.4",
    "v1.2.3.4 crashes, 1.2.3.4.5 does not, 999.1.1.1 is no address",
    "the ratio is 16:9 and std::vector::size, ::1, 00:1A:2B:3C:4D:5E",
    "1234 5678 9012 3456 is not a card",
    "4111 1111 1111 1112 is none either",
    "DE89 3704 0044 0532 0130 01 has wrong check digits",
    "call about order 123456789",
    "@ada wrote to us, ada@localhost did not, neither did a@b",
    "we are 25 people, 100% sure, since 1998",
    "<EMAIL_1> and <PHONE_2> were here before",
    "invoice 20240517001 and ticket #4711-0815",
]


@pytest.mark.parametrize(("text", "expected"), TOLD, ids=[text for text, _ in TOLD])
def test_what_tells_of_a_person_is_replaced(text: str, expected: str) -> None:
    assert Redactor().redact(text).text == expected


@pytest.mark.parametrize("text", LEFT)
def test_amounts_dates_and_codes_stay(text: str) -> None:
    assert Redactor().redact(text).text == text
    assert found(text) == {}


def test_a_value_has_one_placeholder_all_through_a_thread() -> None:
    thread = Redactor(names=("Ada Byron",))
    first = thread.redact("I am Ada Byron, ada@example.org or byron@example.org, +49 30 901820")
    assert first.text == "I am <NAME_1>, <EMAIL_1> or <EMAIL_2>, <PHONE_1>"
    assert first.counts == {"name": 1, "email": 2, "phone": 1}
    second = thread.redact("Dear ADA, we wrote to BYRON@example.org and called +4930901820")
    assert second.text == "Dear <NAME_2>, we wrote to <EMAIL_2> and called <PHONE_1>"
    assert Redactor().redact("byron@example.org").text == "<EMAIL_1>", "another thread begins anew"


def test_placeholders_that_a_text_has_keep_their_numbers() -> None:
    assert Redactor().redact("<EMAIL_3> forwards ada@example.org").text == "<EMAIL_3> forwards <EMAIL_4>"


def test_names_are_those_that_the_source_gives() -> None:
    thread = Redactor(names=("Grace Hopper", "王小明", "Li"))
    assert thread.redact("grace hopper, Hopper and 王小明您好").text == "<NAME_1>, <NAME_2> and <NAME_3>您好"
    kept = "the grace period, grasshoppers, Hopperton and Livia"
    assert thread.redact(kept).text == kept
    assert Redactor().redact("Grace Hopper").text == "Grace Hopper"


def test_order_numbers_are_those_of_the_pattern_and_come_before_phones() -> None:
    thread = Redactor(orders=r"\bORD-\d{4,}\b|\b415-555-2671\b")
    assert thread.redact("ORD-2024001 and 415-555-2671").text == "<ORDER_1> and <ORDER_2>"
    assert Redactor().redact("ORD-2024001").text == "ORD-2024001"


def test_national_numbers_are_those_of_the_country() -> None:
    text = "Meine Nummer: 030 901820"
    assert Redactor(region="DE").redact(text).text == "Meine Nummer: <PHONE_1>"
    assert Redactor().redact(text).text == text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"orders": "ORD-["}, "orders is a regular expression"),
        ({"orders": "x*"}, "orders matches nothing at all"),
        ({"region": "Germany"}, "two capital letters, found 'Germany'"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Redactor(**options)


@given(st.text(alphabet="ab1294 .-@:/+()<>_EMAILZ\u200b", max_size=120))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor().redact(text)
    twice = Redactor().redact(once.text)
    assert twice.text == once.text
    assert twice.counts == {}


@pytest.mark.parametrize(
    "text",
    [
        piece * (50_000 // len(piece))
        for piece in ("1", "a", "a.b@", "1 ", "ab12", "1.2.", "a:", "+49 ", "tel 1-", "@", "(", "4111 ")
    ],
    ids=lambda text: text[:6],
)
def test_a_ticket_of_fifty_thousand_characters_takes_no_time(text: str) -> None:
    started = time.process_time()
    Redactor(names=("Ada Byron",)).redact(text)
    assert time.process_time() - started < 10


def test_luhns_digit_is_that_of_the_standard() -> None:
    # 7992739871 has the check digit 3 (ISO/IEC 7812-1, Annex B); no other digit fits.
    assert [digit for digit in range(10) if luhn(f"7992739871{digit}")] == [3]
