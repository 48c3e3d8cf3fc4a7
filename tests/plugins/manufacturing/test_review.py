"""Escapes and overkill are counted as an inspector counts them."""

import pytest
from acclimate_manufacturing.review import GOOD_NAMES, escapes_and_overkill
from hypothesis import given
from hypothesis import strategies as st


def test_the_sentence_states_both_counts_and_rates() -> None:
    truth = ["defective"] * 205 + ["functional"] * 451
    predicted = ["functional"] * 41 + ["defective"] * 164 + ["defective"] * 30 + ["functional"] * 421
    (finding,) = escapes_and_overkill(truth, predicted)
    assert finding.level == "note"
    assert finding.message == (
        "Of 205 defective parts 41 were called functional (escape 20.0 %); of 451 functional parts 30 were called "
        "defective (overkill 6.7 %)."
    )


def test_one_kind_of_defect_called_another_is_no_escape() -> None:
    (finding,) = escapes_and_overkill(["crack", "scratch", "OK", "OK"], ["scratch", "OK", "OK", "crack"])
    assert finding.message == (
        "Of 2 defective parts 1 were called OK (escape 50.0 %); of 2 OK parts 1 were called defective "
        "(overkill 50.0 %)."
    )


def test_a_good_label_that_was_named_counts_whatever_it_is_called() -> None:
    (finding,) = escapes_and_overkill(["MT_Free", "MT_Free", "ok"], ["MT_Free", "ok", "MT_Free"], "MT_Free")
    assert finding.message == (
        "Of 1 defective parts 1 were called MT_Free (escape 100.0 %); of 2 MT_Free parts 1 were called defective "
        "(overkill 50.0 %)."
    )


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (["cat", "dog"], ["cat", "cat"]),  # no good name
        (["good", "ok", "crack"], ["good", "ok", "crack"]),  # two good names
        (["good", "good"], ["good", "crack"]),  # nothing truly defective
        (["crack", "crack"], ["good", "crack"]),  # nothing truly good
        ([], []),
    ],
)
def test_nothing_is_said_where_the_rates_have_no_meaning(truth: list[str], predicted: list[str]) -> None:
    assert list(escapes_and_overkill(truth, predicted)) == []


@given(
    good=st.sampled_from(sorted(GOOD_NAMES)),
    pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2).filter(
        lambda pairs: len({actual for actual, _ in pairs}) == 2
    ),
)
def test_the_counts_are_those_of_a_two_by_two_table(good: str, pairs: list[tuple[bool, bool]]) -> None:
    name = {True: good, False: "broken"}
    (finding,) = escapes_and_overkill([name[a] for a, _ in pairs], [name[p] for _, p in pairs])
    escapes, overkill = pairs.count((False, True)), pairs.count((True, False))
    assert f"parts {escapes:,} were called {good} (escape" in finding.message
    assert f"parts {overkill:,} were called defective (overkill" in finding.message


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(escapes_and_overkill(["good", "crack"], ["good"]))
