"""Dates move by whole days, at the precision they had."""

from datetime import date, timedelta

import pytest
from acclimate_medical_imaging.privacy.dates import earlier_date, earlier_datetime, plain_time
from hypothesis import given
from hypothesis import strategies as st

DATES = st.dates(min_value=date(1900, 1, 1))


@given(DATES, DATES, st.integers(1, 3652))
def test_days_between_two_dates_stay(one: date, other: date, days: int) -> None:
    moved = [earlier_date(f"{each:%Y%m%d}", days) for each in (one, other)]
    first, second = (date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in moved if text)
    assert second - first == other - one
    assert one - first == timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("20200301", 1, "20200229"),
        ("2020.03.01", 1, "20200229"),
        ("20200301 ", 366, "20190301"),
        ("20200230", 1, None),
        ("20200301-20200401", 1, None),
        ("JaneRoe0", 1, None),
        ("00010101", 1, None),
        ("", 1, None),
    ],
)
def test_a_date_moves_or_is_none(text: str, days: int, moved: str | None) -> None:
    assert earlier_date(text, days) == moved


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("20200301101112.123456+0100", 1, "20200229101112.123456+0100"),
        ("202003011011", 1, "202002291011"),
        ("20200301", 1, "20200229"),
        ("202003", 1, "202002"),
        ("2020", 1, "2019"),
        ("20201301", 1, None),
        ("Jane Roe", 1, None),
    ],
)
def test_a_moment_moves_at_its_precision(text: str, days: int, moved: str | None) -> None:
    assert earlier_datetime(text, days) == moved


@pytest.mark.parametrize("text", ["", "10", "1011", "101112", "101112.5", "10:11:12"])
def test_a_time_stays(text: str) -> None:
    assert plain_time(text) == (text or None)


@pytest.mark.parametrize("text", ["Roe", "10111", "101112.", "101112 Jane"])
def test_what_is_no_time_does_not_stay(text: str) -> None:
    assert plain_time(text) is None
