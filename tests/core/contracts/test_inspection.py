"""The label of good parts is found by name, and asked for where it is not clear."""

import pytest
from acclimate.contracts import DataError, good_label


@pytest.mark.parametrize(
    ("labels", "named", "good"),
    [
        (["good", "scratch"], "", "good"),
        (["OK", "dent"], "", "OK"),
        (["MT_Free", "MT_Crack"], "MT_Free", "MT_Free"),
        (["good"], "", "good"),
        (["good", "ok"], "ok", "ok"),
    ],
)
def test_it_is_the_one_that_was_named_or_has_a_usual_name(labels: list[str], named: str, good: str) -> None:
    assert good_label(labels, named) == good


@pytest.mark.parametrize(
    ("labels", "named", "message"),
    [
        (["a", "b"], "", "One label must be that of good parts .*'a', 'b'"),
        (["good", "pass"], "", "2 of them may be: 'good', 'pass'"),
        (["good", "dent"], "goood", "No part has the label 'goood'"),
    ],
)
def test_what_is_not_clear_is_asked_for(labels: list[str], named: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        good_label(labels, named)
