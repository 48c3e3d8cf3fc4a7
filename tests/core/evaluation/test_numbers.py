"""Numbers are read as the table says, whatever their spelling, and counted as a plain count does."""

from decimal import Decimal

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation.numbers import number_precision, number_recall, number_statistics, numbers
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Revenue of 1,200.50 and 3,000,000", ["1200.5", "3000000"]),
        ("12%, 12 %, 12 percent, 12 per cent", ["12%"] * 4),
        ("a share of 0.12, or .12", ["0.12", "0.12"]),
        ("a loss of (5), ($1,200.5) and (12%), then (3)%", ["-5", "-1200.5", "-12%", "-3%"]),
        ("see f(5), since 2021 (2023)", ["5", "2021", "2023"]),
        ("(1) Rent\n  (2) Term", ["1", "2"]),
        (
            "$1.2 million, \u20ac3bn, 4 trillion, 7 thousand, 2 mn, 225 mln, 1 bln, 2 trln",
            ["1200000", "3000000000", "4000000000000", "7000", "2000000", "225000000", "1000000000", "2000000000000"],
        ),
        ("5k and 3 m", ["5", "3"]),
        ("-5, \u22127, \u20138, +9, -$4, $-4", ["-5", "-7", "-8", "9", "-4", "-4"]),
        ("5-10 in 2023-11, COVID-19, (a)-3, 5%-6%", ["5", "10", "2023", "11", "19", "3", "5%", "6%"]),
        ("Q3, B2B, v1.2.3 and x_4", []),
        ("on 1.2.2023", []),
        ("1,5 and 12,3456", ["1", "5", "12", "3456"]),
        ("1e3 and 2.5E-2", ["1000", "0.025"]),
        ("100. The 19th.", ["100", "19"]),
        ("-0 and 0.00", ["0", "0"]),
        ("no number, five", []),
    ],
)
def test_numbers_are_read_as_the_table_says(text: str, expected: list[str]) -> None:
    wanted = [(Decimal(each.rstrip("%")), each.endswith("%")) for each in expected]
    assert [tuple(number) for number in numbers(text)] == wanted


@given(st.decimals(-(10**9), 10**9, places=3), st.booleans(), st.sampled_from(["", "$", "\u00a3 "]))
def test_a_number_is_read_as_it_was_written(value: Decimal, percent: bool, currency: str) -> None:
    sign, size = ("-" if value < 0 else ""), abs(value)
    mark = " %" if percent else ""
    for written in (f"{size:f}", f"{size:,.3f}", f"{size:,.5f}"):
        assert numbers(f"It was {sign}{currency}{written}{mark}.") == [(value, percent)]
    if value < 0:
        assert numbers(f"It was ({currency}{size:,.3f}{mark}).") == [(value, percent)]


def test_precision_asks_what_was_made_up_and_recall_what_is_missing() -> None:
    source = "Sales rose 12% to $1.2 million; costs were 800,000 and the loss (5)."
    written = "Sales of 1,200,000 rose by 12 percent and then 12 percent again, after -5 and 900."
    counted = number_statistics([source, "nothing"], [written, "nor here"])
    assert counted.tolist() == [[4, 5, 3, 4], [0, 0, 0, 0]]
    assert number_precision(counted, np.ones(2)) == 4 / 5
    assert number_recall(counted, np.ones(2)) == 3 / 4
    assert number_precision(number_statistics(["12%"], ["12 and 0.12"]), np.ones(1)) == 0


def test_rows_count_by_their_numbers() -> None:
    counted = number_statistics(["1 2 3", "4"], ["1 2 3", "5"])
    assert number_precision(counted, np.ones(2)) == 3 / 4
    assert number_precision(counted, np.array([1.0, 3.0])) == 3 / 6


def test_without_numbers_there_is_no_score() -> None:
    counted = number_statistics(["none"], ["none"])
    assert np.isnan([number_precision(counted, np.ones(1)), number_recall(counted, np.ones(1))]).all()


def test_several_references_are_refused() -> None:
    with pytest.raises(DataError, match="one reference text for each row, found 2 in row 1"):
        number_statistics(["1", ("1", "2")], ["1", "1"])
