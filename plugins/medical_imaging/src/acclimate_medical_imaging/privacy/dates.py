"""Dates moved to an earlier day, so that the days between two of them stay the same."""

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")  # the dots are of ACR-NEMA (PS3.5, table 6.2-1, DA)
_DATETIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?")
_TIME = re.compile(r"\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?")


def earlier_date(text: str, days: int) -> str | None:
    """Return a DA that many days earlier, or None where `text` is no date."""
    found = _DATE.fullmatch(text.strip())
    return _moved(found[1], found[2], found[3], days) if found else None


def earlier_datetime(text: str, days: int) -> str | None:
    """Return a DT that many days earlier, as precise as it was, or None where `text` is none."""
    found = _DATETIME.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, clock, zone = found.groups()
    moved = _moved(year, month or "01", day or "01", days)
    if moved is None:
        return None
    precision = 8 if day else 6 if month else 4
    return moved[:precision] + clock + (zone or "")


def plain_time(text: str) -> str | None:
    """Return a TM as it is, or None where `text` is none."""
    return text.strip() if _TIME.fullmatch(text.strip()) else None


def _moved(year: str, month: str, day: str, days: int) -> str | None:
    try:
        moved = date(int(year), int(month), int(day)) - timedelta(days=days)
    except (ValueError, OverflowError):  # no such day, or before the year 1
        return None
    return f"{moved.year:04}{moved.month:02}{moved.day:02}"
