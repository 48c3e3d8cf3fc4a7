"""Authorities: citations of cases are masked, and a passage finds none that is later."""

import pytest
from acclimate.contracts import OptionError
from acclimate.plugins import Host
from acclimate_legal import precedents
from acclimate_legal.citations import prepare

PASSAGE = (
    "Separate schools are unequal. Brown v. Board of Education, 347 U. S. 483, 495 (1954); Plessy v. Ferguson, 163 "
    "U.S. 537 (1896). Id. at 540. The claim is under 42 U.S.C. § 1983."
)


def test_the_plugin_offers_precedents_with_masked_citations() -> None:
    host = Host()
    assert host.preset("legal/precedents").preset == precedents
    assert host.load(precedents)("See Roe v. Wade, 410 U.S. 113 (1973).") == "See [CITE]."


def test_citations_of_cases_are_masked_with_names_and_years_and_statutes_stay() -> None:
    found = prepare(PASSAGE)
    for given_away in ("Brown", "Plessy", "347", "163", "1954", "540"):
        assert given_away not in found
    assert "42 U.S.C. § 1983" in found
    assert found.startswith("Separate schools are unequal. [CITE]")
    assert prepare(found) == found


def test_citations_have_one_form_or_stay_where_that_is_asked_for() -> None:
    assert "347 U.S. 483" in prepare(PASSAGE, citations="canonical")
    assert "Brown v. Board of Education" in prepare(PASSAGE, citations="canonical")
    assert prepare(PASSAGE, citations="keep") == PASSAGE
    with pytest.raises(OptionError, match="citations is mask, canonical, keep, found 'drop'"):
        prepare(PASSAGE, citations="drop")


@pytest.mark.parametrize("text", ["", "No authority is named here.", "Section 4.2(b) applies on page 12 of 2019."])
def test_what_is_no_citation_stays(text: str) -> None:
    assert prepare(text) == text
