"""The page of a monitor: all it found, and no markup out of data."""

import re

import pytest
from acclimate.contracts import BinChange, Drift, Finding, RateChange, Score, Watched
from acclimate.report import drift_page

from .conftest import EVIL

SCORE = Score(value=0.1, low=0.05, high=0.2)


def change(name: str) -> RateChange:
    return RateChange(
        name=name, before_count=3, after_count=9, before=SCORE, after=SCORE, difference=SCORE, p=0.004321
    )


@pytest.fixture
def drift() -> Drift:
    watched = [
        Watched(
            source=f"{name}{EVIL}",
            rows=1234,
            scored=1200,
            unreadable=2,
            quantiles=tuple(place / 100 + moved for place in range(101)),
        )
        for name, moved in (("before", 0.0), ("after", 0.5))
    ]
    return Drift(
        score="score", before=watched[0], after=watched[1], psi=0.3123, psi_by_chance=0.0456,
        bins=(
            BinChange(low=None, high=0.5, before=600, after=300),
            BinChange(low=0.5, high=None, before=600, after=900),
        ),
        ks=Score(value=0.5, low=0.4, high=0.6), ks_p=1e-12, seen_from=0.07, threshold=0.9, above=change("rejected"),
        labels=(change("good"), change(EVIL)), unreadable=change("unreadable"),
        findings=(Finding(code="score-drift", message="Scores have moved.", level="problem"),),
    )  # fmt: skip


def test_the_page_has_every_figure_and_needs_nothing(drift: Drift) -> None:
    page = drift_page(drift.to_dict())
    for shown in (
        "0.312",
        "below 0.046 in 99 of 100",
        "0.500 <span",
        "1e-12",
        "up to 0.5",
        "above 0.5",
        "300 (25.0 %)",
    ):
        assert shown in page, shown
    assert page.count("0.0043") == 4, "p of what is rejected, of two labels and of what is unreadable"
    assert "1,234 rows" in page
    assert not re.search(r"<(script|link|iframe)|https?://(?!www\.w3\.org)", page)


def test_data_stays_text(drift: Drift) -> None:
    assert EVIL not in drift_page(drift.to_dict())
    assert "&lt;script&gt;" in drift_page(drift.to_dict())


def test_where_nothing_is_decided_the_page_says_less(drift: Drift) -> None:
    from dataclasses import replace

    page = drift_page(replace(drift, above=None, labels=(), threshold=None, findings=()).to_dict())
    assert "rejected" not in page
    assert "Nothing has moved that may change a decision" in page
