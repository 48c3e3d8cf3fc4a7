"""Errors carry a message, a hint, and the standard class that ordinary handlers catch."""

import pytest
from acclimate import contracts
from acclimate.contracts import AcclimateError, did_you_mean
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("DataError", ValueError),
        ("OptionError", ValueError),
        ("BackboneError", ValueError),
        ("BundleError", ValueError),
        ("UnknownNameError", LookupError),
        ("PluginError", ImportError),
        ("MissingPackageError", ImportError),
        ("OutputError", OSError),
    ],
)
def test_each_error_is_also_the_standard_one(name: str, standard: type[Exception]) -> None:
    error = getattr(contracts, name)("Expected a, found b.", "Do c.")
    assert isinstance(error, AcclimateError)
    assert isinstance(error, standard)
    assert (error.message, error.hint) == ("Expected a, found b.", "Do c.")
    assert str(error) == "Expected a, found b. Do c."


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("clauzes", ["clauses", "defects"], "Did you mean 'clauses'?"),
        ("clauses", ["legal/clauses", "x/defects"], "Did you mean 'legal/clauses'?"),
        ("zzz", ["b", "a", "b"], "Known: a, b."),
        ("zzz", [], "There are none."),
    ],
)
def test_a_hint_names_the_closest_or_all(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == hint


word = st.text("abcdefgh", min_size=3, max_size=8)


@given(known=st.lists(word, min_size=1, unique=True), place=st.integers(0, 7), data=st.data())
def test_one_doubled_letter_is_always_recognised(known: list[str], place: int, data: st.DataObject) -> None:
    meant = data.draw(st.sampled_from(known))
    place %= len(meant)
    typed = meant[:place] + meant[place] + meant[place:]
    others_as_close = len(known) > 3
    assert others_as_close or repr(meant) in did_you_mean(typed, known)
