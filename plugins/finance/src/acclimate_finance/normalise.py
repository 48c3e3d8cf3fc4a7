"""What a span of a financial text amounts to: value, unit, currency and period, as plain decimals and ISO codes.

Only what is written is told: a dollar sign is taken for US dollars, "(3.4)" for minus 3.4 as accounts write it, and
what cannot be read stays empty. Values are decimals throughout; no binary fraction touches them.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

AMOUNTS, PERIODS = ("money", "percent", "number"), ("date", "period")

_SCALES: Mapping[str, int] = {
    **dict.fromkeys(("k", "thousand", "thousands"), 3),
    **dict.fromkeys(("m", "mn", "mln", "mio", "mm", "million", "millions"), 6),
    **dict.fromkeys(("b", "bn", "bln", "billion", "billions"), 9),
    **dict.fromkeys(("t", "tn", "trn", "trillion", "trillions"), 12),
}
# The longest first: "US$" is no bare "$".
_SYMBOLS: Mapping[str, str] = {
    "US$": "USD", "U.S.$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD", "NZ$": "NZD",
    "S$": "SGD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB",
}  # fmt: skip
_CODES = frozenset(
    (
        "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
        "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RUB", "SEK", "SGD", "THB", "TRY", "TWD", "USD",
        "ZAR",
    )
)  # fmt: skip
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("dollar", "dollars", "us dollar", "us dollars", "u.s. dollar", "u.s. dollars"), "USD"),
    **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("pound sterling", "pounds sterling"), "GBP"),
    **dict.fromkeys(("yen", "japanese yen"), "JPY"),
    **dict.fromkeys(("swiss franc", "swiss francs"), "CHF"),
    "yuan": "CNY",
    "renminbi": "CNY",
}
_CENTS: Mapping[str, str] = {"cent": "USD", "cents": "USD", "pence": "GBP", "penny": "GBP"}
_SHARES: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("%", "percent", "per cent", "pct"), ("percent", 0)),
    **dict.fromkeys(("percentage point", "percentage points", "pp", "ppt", "ppts"), ("percentage points", 0)),
    **dict.fromkeys(("bp", "bps", "basis point", "basis points"), ("basis points", 0)),
}
_COUNTED = ("shares", "share", "units", "barrels", "ounces", "tonnes", "tons", "employees", "x", "times")

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_SPACE = re.compile(r"\s+")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sep sept", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SHORT = r"(?:(?P<year>(?:19|20)\d\d)|'?(?P<short>\d\d))"
_PERIODS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<fiscal>fiscal |fy ?)?q(?P<quarter>[1-4])(?: of)?(?P<fiscal_after> fiscal| fy)?[ ,/-]*{_SHORT}",
        rf"(?P<quarter>[1-4])q[ /-]*{_SHORT}",
        rf"{_YEAR}[ -]?q(?P<quarter>[1-4])",
        rf"(?:the )?(?P<ordinal>first|second|third|fourth|1st|2nd|3rd|4th) (?P<fiscal>fiscal )?quarter"
        rf"(?: of)?(?P<fiscal_after> fiscal)?(?: year)?,? {_YEAR}",
        rf"(?:the )?(?P<half>first|second) half(?: of)?(?P<fiscal> fiscal)?(?: year)?,? {_YEAR}",
        rf"h(?P<half_number>[12])[ /-]*{_SHORT}",
        rf"(?P<fiscal>fiscal(?: year)?|fy) ?{_SHORT}",
        rf"(?:the )?(?:full )?(?:calendar )?(?:year )?{_YEAR}",
        rf"(?P<month>[a-z]+)\.? (?P<day>\d\d?)(?:st|nd|rd|th)?,? {_YEAR}",
        rf"(?P<day>\d\d?)(?:st|nd|rd|th)?(?: day of)? (?P<month>[a-z]+)\.?,? {_YEAR}",
        rf"(?P<month>[a-z]+)\.?,? {_YEAR}",
        rf"{_YEAR}-(?P<month_number>\d\d)(?:-(?P<day>\d\d))?",
    )
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number with what it counts: `currency` is an ISO 4217 code, `unit` "percent", "shares" and the like."""

    value: Decimal
    unit: str = ""
    currency: str = ""


def columns(text: str, label: str) -> dict[str, str]:
    """Return `value`, `unit`, `currency` and `period` of a span, "" where it has none.

    Amounts are read of spans of money, percent and number, periods of dates and periods: "2023" may be either. Names
    come to nothing, whatever numbers are in them.

        >>> columns("$1.2 billion", "money")
        {'value': '1200000000', 'unit': '', 'currency': 'USD', 'period': ''}
        >>> columns("Q3 2024", "period")["period"]
        '2024-Q3'
    """
    when = period(text) if label in PERIODS else ""
    found = amount(text) if label in AMOUNTS else None
    return {
        "value": "" if found is None else plain(found.value),
        "unit": "" if found is None else found.unit,
        "currency": "" if found is None else found.currency,
        "period": when,
    }


def plain(value: Decimal) -> str:
    """Return a decimal without an exponent and without zeros that say nothing: "1200000000", "-3.4", "12.5"."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def amount(text: str) -> Amount | None:
    """Return the amount that a whole text is, None where it is none, or more than one.

    Read are signs and dashes before a number, accounting brackets, thousands with commas, scales ("k", "mn",
    "billion"), currencies before or behind as a sign, a code or a word, cents, per cent, percentage and basis points,
    and some things that are counted. A number with other marks ("1.2.3", "1,20") is none.
    """
    rest = _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    rest = re.sub("[\u2010-\u2015\u2212]", "-", rest)
    rest, bracketed = _unbracketed(rest)
    found = list(_NUMBER.finditer(rest))
    if len(found) != 1:
        return None
    before, after = rest[: found[0].start()].strip(), rest[found[0].end() :].strip()
    before, negative = _unsigned(before)
    currency, left = _currency_before(before)
    if left:
        return None
    read = _behind(after, currency)
    if read is None or (bracketed and negative):
        return None
    exponent, unit, currency = read
    # By the digits: arithmetic, minus too, would round to the 28 of the decimal context.
    _, digits, power = Decimal(found[0][0].replace(",", "")).as_tuple()
    sign = int(bracketed or negative)
    value = Decimal((sign, digits, int(power) + exponent))
    return Amount(value=value, unit=unit, currency=currency)


def period(text: str) -> str:
    """Return the day, month, quarter, half or year that a whole text is, "" where it is none.

    Days and months are as ISO 8601 writes them ("2024-03-31", "2024-03"), a quarter is "2024-Q3", a half "2024-H1", a
    year "2024"; those of a fiscal year begin with "FY". Years of two digits are 1970 to 2069. A day that no calendar
    has is none.
    """
    rest = _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip(" .,")
    rest = re.sub("[\u2010-\u2015\u2212]", "-", rest).replace("\u2019", "'")
    for pattern in _PERIODS:
        found = pattern.fullmatch(rest)
        told = _told(found.groupdict()) if found else ""
        if told:
            return told
    return ""


def _unbracketed(text: str) -> tuple[str, bool]:
    """Return a text without accounting brackets, and whether there were some: "(3.4)", "$(3.4) mn", "(3.4)%"."""
    found = re.fullmatch(r"([^()]*)\(([^()]*)\)([^()]*)", text)
    if not found:
        return text, False
    return f"{found[1]} {found[2]} {found[3]}".strip(), True


def _unsigned(before: str) -> tuple[str, bool]:
    """Return what stands before a number without its sign, and whether that is minus."""
    for sign in ("-", "+"):
        if before.startswith(sign) or before.endswith(sign):
            return before.strip(sign).strip(), sign == "-"
    for word in ("minus ", "negative "):
        if f"{before} ".lower().startswith(word):
            return before[len(word) :].strip(), True
    return before, False


def _currency_before(text: str) -> tuple[str, str]:
    """Return the currency that stands before a number, and what else does."""
    if text.upper() in _CODES:
        return text.upper(), ""
    for symbol in sorted(_SYMBOLS, key=len, reverse=True):
        if text.upper().endswith(symbol):
            left = text[: len(text) - len(symbol)].strip()
            # "USD $5" says it twice.
            return (_SYMBOLS[symbol], "") if left.upper() == _SYMBOLS[symbol] else (_SYMBOLS[symbol], left)
    return "", text


def _behind(text: str, currency: str) -> tuple[int, str, str] | None:
    """Return the power of ten, unit and currency that stand behind a number; None for anything else."""
    exponent, rest = 0, text.lower().strip()
    words = re.fullmatch(r"-?([a-z]+)\b\.?(.*)", rest)
    # "1.2-billion" is an amount, "10-K" a form.
    if words and words[1] in _SCALES and (rest[0] != "-" or len(words[1]) > len("mln")) and rest not in _SHARES:
        exponent, rest = _SCALES[words[1]], words[2].strip(" -")
    if not rest:
        return exponent, "", currency
    if rest in _SHARES:
        unit, power = _SHARES[rest]
        return None if currency else (exponent + power, unit, "")
    if rest in _CENTS:
        return None if currency else (exponent - 2, "", _CENTS[rest])
    behind = _WORDS.get(rest) or (rest.upper() if rest.upper() in _CODES else _SYMBOLS.get(rest.upper(), ""))
    if behind:
        return (exponent, "", behind) if currency in ("", behind) else None
    if rest in _COUNTED and not currency:
        return exponent, rest, ""
    return None


def _told(found: Mapping[str, str | None]) -> str:
    short = found.get("short")
    year = int(found.get("year") or (2000 + int(short or 0) if int(short or 0) < 70 else 1900 + int(short or 0)))
    fiscal = "FY" if found.get("fiscal") or found.get("fiscal_after") else ""
    quarter = found.get("quarter") or _ORDINALS.get((found.get("ordinal") or "").lower())
    half = found.get("half_number") or _ORDINALS.get((found.get("half") or "").lower())
    if quarter:
        return f"{fiscal}{year}-Q{quarter}"
    if half:
        return f"{fiscal}{year}-H{half}"
    if found.get("month") or found.get("month_number"):
        return _day(year, found)
    return f"{fiscal}{year}"


def _day(year: int, found: Mapping[str, str | None]) -> str:
    month = _MONTHS.get((found.get("month") or "").lower()) or int(found.get("month_number") or 0)
    if not 1 <= month <= 12:
        return ""
    if not found.get("day"):
        return f"{year}-{month:02}"
    day = int(found["day"] or 0)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    most = 28 if month == 2 and not leap else _DAYS[month - 1]
    return f"{year}-{month:02}-{day:02}" if 1 <= day <= most else ""
