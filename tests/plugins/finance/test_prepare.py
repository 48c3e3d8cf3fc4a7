"""Preparation takes off the dress of the wire and leaves every number, sign and negation."""

import pytest
from acclimate.contracts import OptionError
from acclimate_finance.prepare import normalise
from hypothesis import given
from hypothesis import strategies as st

SAME = [
    "Loss narrowed to -1.2% from -3.4%",
    "EPS of $1.26, ($0.10) below consensus; revenue $(3.2)bn",
    "profit did not rise",
    "S&P 500 gains 0.5%, yields at 4.25%",
    "2019-2021 guidance: 10-K due",
    "BRK.B and $BRK.B part ways",
    "write to me@bank.com",
]


@pytest.mark.parametrize("text", SAME)
def test_plain_text_stays(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EBIT \u22124.5% y/y", "EBIT -4.5% y/y"),
        ("EBIT \u20134.5% y/y", "EBIT -4.5% y/y"),
        ("net \u2212$3m", "net -$3m"),
        ("\uff13\uff15\uff05 up", "35% up"),
        ("2019\u20132021 plan", "2019\u20132021 plan"),
        ("AT&amp;T\u00a0up\n 2%", "AT&T up 2%"),
        ("UPDATE 2-Shell misses forecasts", "Shell misses forecasts"),
        ("REFILE-UPDATE 1-Shell misses", "Shell misses"),
        ("LONDON, Jan 5 (Reuters) - Shares fell", "Shares fell"),
        ("RT @desk: UPDATE 1-Shell misses - Reuters", "Shell misses"),
        ("$ACME beats https://t.co/abc @trader", "$ACME beats [url] [user]"),
    ],
)
def test_the_dress_goes(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_copies_of_one_wire_story_become_one_text() -> None:
    copies = ("UPDATE 1-Shell misses forecasts https://t.co/a", "RT @desk: Shell misses forecasts https://t.co/b")
    assert len({normalise(text) for text in copies}) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"numbers": "num"}, "$TSLA loss -[num]%, sales $[num] mln in Q2"),
        ({"numbers": "shape"}, "$TSLA loss -[0.0]%, sales $[0,000.00] mln in Q2"),
        ({"tickers": "mask"}, "[tick] loss -1.5%, sales $1,234.50 mln in Q2"),
    ],
)
def test_numbers_and_tickers_can_be_hidden_and_signs_stay(options: dict[str, str], expected: str) -> None:
    assert normalise("$TSLA loss -1.5%, sales $1,234.50 mln in Q2", **options) == expected


@pytest.mark.parametrize("options", [{"numbers": "bucket"}, {"tickers": True}])
def test_another_choice_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(options))} is keep, "):
        normalise("up 2%", **options)


@given(st.decimals(min_value=0, max_value=10**6, places=2), st.sampled_from(["rose", "did not rise", "narrowed"]))
def test_no_number_sign_or_negation_is_lost(amount: object, said: str) -> None:
    assert normalise(f"profit {said} to \u2212{amount}%") == f"profit {said} to -{amount}%"
