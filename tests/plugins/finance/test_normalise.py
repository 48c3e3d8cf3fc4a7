"""Amounts and periods are what an accountant reads in them, to the last digit, and nothing where none is written."""

from decimal import Decimal

import pytest
from acclimate_finance.normalise import Amount, amount, columns, period, plain
from hypothesis import given
from hypothesis import strategies as st

AMOUNTS: list[tuple[str, str, str, str]] = [
    ("$1.2 billion", "1200000000", "", "USD"),
    ("$1.2bn", "1200000000", "", "USD"),
    ("US$ 3,450.75", "3450.75", "", "USD"),
    ("USD 5m", "5000000", "", "USD"),
    ("USD $5", "5", "", "USD"),
    ("\u20ac0.1", "0.1", "", "EUR"),
    ("EUR 1,000,000", "1000000", "", "EUR"),
    ("1.1 million euros", "1100000", "", "EUR"),
    ("\u00a33.4m", "3400000", "", "GBP"),
    ("HK$12.5 mn", "12500000", "", "HKD"),
    ("C$7", "7", "", "CAD"),
    ("5 dollars", "5", "", "USD"),
    ("75 cents", "0.75", "", "USD"),
    ("12 pence", "0.12", "", "GBP"),
    ("(3.4)", "-3.4", "", ""),
    ("$(3.4)bn", "-3400000000", "", "USD"),
    ("($0.10)", "-0.1", "", "USD"),
    ("(2.5)%", "-2.5", "percent", ""),
    ("-$3 mln", "-3000000", "", "USD"),
    ("$-3", "-3", "", "USD"),
    ("\u22124.5%", "-4.5", "percent", ""),
    ("minus 4.5 per cent", "-4.5", "percent", ""),
    ("+0.3 percentage points", "0.3", "percentage points", ""),
    ("12.5%", "12.5", "percent", ""),
    ("12.5 %", "12.5", "percent", ""),
    ("25 basis points", "25", "basis points", ""),
    ("25bps", "25", "basis points", ""),
    ("1,234", "1234", "", ""),
    ("2.3 million shares", "2300000", "shares", ""),
    (".5", "0.5", "", ""),
    ("$0", "0", "", "USD"),
    ("-0", "0", "", ""),
    ("$1.20", "1.2", "", "USD"),
    ("0.1", "0.1", "", ""),
    ("\uff04\uff15", "5", "", "USD"),
    ("$1.2-billion", "1200000000", "", "USD"),
    ("(123,456,789,012,345,678,901,234,567,890.12)", "-123456789012345678901234567890.12", "", ""),
]
NO_AMOUNTS = [
    "",
    "billion",
    "$",
    "1.2.3",
    "1,20",
    "12,34,567",
    "$5 to $7",
    "5-7%",
    "5 apples",
    "call 5",
    "$5%",
    "5 EUR USD",
    "$5 euros",
    "-(3)",
    "3.4)",
    "(3.4",
    "10-K",
    "1e9",
    "5 mm of rain",
]
PERIODS = [
    ("Q3 2024", "2024-Q3"),
    ("q3 '24", "2024-Q3"),
    ("3Q24", "2024-Q3"),
    ("3Q 2024", "2024-Q3"),
    ("2024Q3", "2024-Q3"),
    ("2024-Q3", "2024-Q3"),
    ("third quarter of 2024", "2024-Q3"),
    ("the third quarter 2024", "2024-Q3"),
    ("third quarter of fiscal 2024", "FY2024-Q3"),
    ("fiscal Q3 2024", "FY2024-Q3"),
    ("Q3 FY24", "FY2024-Q3"),
    ("Q3 fiscal 2024", "FY2024-Q3"),
    ("first half of 2023", "2023-H1"),
    ("H2 2023", "2023-H2"),
    ("FY2023", "FY2023"),
    ("FY 98", "FY1998"),
    ("fiscal year 2023", "FY2023"),
    ("fiscal 2023", "FY2023"),
    ("2023", "2023"),
    ("full year 2023", "2023"),
    ("March 31, 2024", "2024-03-31"),
    ("Sept. 30 2024", "2024-09-30"),
    ("31 March 2024", "2024-03-31"),
    ("31st day of March, 2024", "2024-03-31"),
    ("February 29, 2024", "2024-02-29"),
    ("March 2024", "2024-03"),
    ("2024-03-31", "2024-03-31"),
    ("2024-03", "2024-03"),
]
NO_PERIODS = [
    "", "Q5 2024", "Q3", "last year", "5Q24", "1823", "2124", "February 29, 2023", "April 31, 2024", "Smarch 2024",
    "2024-13", "quarter of 2024", "$2024", "2,024", "2024 shares",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "unit", "currency"), AMOUNTS)
def test_an_amount_is_read_to_the_last_digit(text: str, value: str, unit: str, currency: str) -> None:
    found = amount(text)
    assert found == Amount(value=Decimal(value), unit=unit, currency=currency)
    assert plain(found.value) == value


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_what_is_no_single_amount_is_none(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(("text", "expected"), PERIODS)
def test_a_period_is_a_day_month_quarter_half_or_year(text: str, expected: str) -> None:
    assert period(text) == expected


@pytest.mark.parametrize("text", NO_PERIODS)
def test_what_is_no_period_is_empty(text: str) -> None:
    assert period(text) == ""


@given(whole=st.integers(0, 10**15), cents=st.integers(0, 99), negative=st.booleans())
def test_a_written_amount_comes_back(whole: int, cents: int, negative: bool) -> None:
    text = f"${whole:,}.{cents:02}"
    found = amount(f"({text})" if negative else text)
    assert found is not None
    assert found.value == Decimal(f"{'-' if negative else ''}{whole}.{cents:02}")
    assert Decimal(plain(found.value)) == found.value


@given(st.text(max_size=30))
def test_no_text_breaks_it_and_the_columns_are_always_the_same(text: str) -> None:
    for label in ("money", "organisation"):
        assert list(columns(text, label)) == ["value", "unit", "currency", "period"]


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("$1.2 billion", "money", {"value": "1200000000", "unit": "", "currency": "USD", "period": ""}),
        ("Q3 2024", "period", {"value": "", "unit": "", "currency": "", "period": "2024-Q3"}),
        ("12.5%", "percent", {"value": "12.5", "unit": "percent", "currency": "", "period": ""}),
        ("2023", "date", {"value": "", "unit": "", "currency": "", "period": "2023"}),
        ("2023", "number", {"value": "2023", "unit": "", "currency": "", "period": ""}),
        ("2023", "money", {"value": "2023", "unit": "", "currency": "", "period": ""}),
        ("3M", "organisation", {"value": "", "unit": "", "currency": "", "period": ""}),
        ("last year", "date", {"value": "", "unit": "", "currency": "", "period": ""}),
    ],
)
def test_the_label_says_whether_a_number_is_an_amount_or_a_year(
    text: str, label: str, expected: dict[str, str]
) -> None:
    assert columns(text, label) == expected
