"""The pairs that differ in a word: which way round a model has them is counted, kind by kind."""

import pytest
from acclimate_finance.negation import PAIRS, texts, told_apart
from acclimate_finance.prepare import normalise

ORDER = ("negative", "neutral", "positive")


def by_words(text: str) -> str:
    """Call a text as a model would that knows words and no negation."""
    said = set(text.casefold().strip(".").split())
    good, bad = {"rose", "grew", "raised", "beat", "climb"}, {"loss", "fell", "cut", "missed", "drop"}
    return ORDER[(len(said & good) > len(said & bad)) - (len(said & good) < len(said & bad)) + 1]


def test_a_model_that_hears_everything_has_all_pairs_right() -> None:
    (found,) = told_apart(["positive", "negative"] * len(PAIRS), ORDER)
    assert found.level == "note"
    assert (found.details["right"], found.details["wrong"], found.details["same"]) == (len(PAIRS), 0, 0)
    assert "Turned round" not in found.message


def test_turned_and_equal_pairs_are_counted_apart_and_named() -> None:
    called = ["negative", "positive"] + ["neutral", "neutral"] * (len(PAIRS) - 1)
    (found,) = told_apart(called, ORDER)
    assert found.level == "warning"
    assert (found.details["right"], found.details["wrong"], found.details["same"]) == (0, 1, len(PAIRS) - 1)
    assert f"Turned round: {PAIRS[0].better!r} below {PAIRS[0].worse!r}." in found.message
    assert found.details["by_kind"]["negation"] == [0, 8]


def test_a_model_of_words_alone_does_not_hear_not() -> None:
    (found,) = told_apart([by_words(text) for text in texts()], ORDER)
    heard, pairs = found.details["by_kind"]["negation"]
    assert heard < pairs / 2
    assert found.level == "warning"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.better)
def test_the_preparation_keeps_what_tells_a_pair_apart(pair) -> None:
    assert normalise(pair.better) == pair.better
    assert normalise(pair.worse) == pair.worse
    for numbers in ("num", "shape"):
        assert normalise(pair.better, numbers=numbers) != normalise(pair.worse, numbers=numbers)


def test_a_label_for_each_text_is_needed() -> None:
    with pytest.raises(ValueError, match="zip"):
        list(told_apart(["positive"] * (2 * len(PAIRS) - 1), ORDER))
