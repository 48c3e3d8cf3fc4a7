from typing import Any

import pytest
from acclimate.contracts import DataError
from acclimate.data import check_classes, check_disjoint, check_known_labels


def test_two_classes_of_two_rows_pass(table: Any) -> None:
    check_classes(table(["a", "a", "b", "b"]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("aaa", r"training data has only one class: all 3 rows are 'a'"),
        ("aab", r"1 of 2 classes of the training data have a single row: 'b'\. .*at least 2.*merge"),
        ("aabc", r"2 of 3 classes .*: 'b', 'c'\."),
        (["0.31", "0.7", "1"], r"3 of 3 .*look like measurements"),
    ],
)
def test_too_few_classes_or_rows_are_an_error(table: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_classes(table(list(labels)))


def test_known_labels_pass(table: Any) -> None:
    check_known_labels(table(["a", "b"]), ["a", "b", "c"], "test")


def test_unknown_labels_are_named_with_lines_and_the_nearest_known_one(table: Any) -> None:
    rows = table(["positive", "Postive", "neutral", "Postive"])
    with pytest.raises(
        DataError,
        match=r"The test data has labels .*: 'Postive' \(2 rows, lines 3, 5; Did you mean 'positive'\?\); "
        r"'neutral' \(1 row, line 4; Known: negative, positive\)",
    ):
        check_known_labels(rows, ["positive", "negative"], "test")


def test_an_id_in_two_parts_is_an_error(table: Any) -> None:
    train, test = table(["a", "b"], id=["1", "2"]), table(["a", "b"], id=["3", "2"])
    check_disjoint({"train": train, "test": test.select([0])})
    with pytest.raises(DataError, match=r"1 ids occur in two parts: '2' \(train line 3, test line 3\)"):
        check_disjoint({"train": train, "test": test})
