"""Words and columns that give the label away, against counting by hand; and no alarm on what chance would do."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from acclimate.data.leakage import telling_columns, telling_words
from scipy.stats import hypergeom

from .conftest import TEST, TRAIN, only, parted

NOISE = ["the", "report", "says", "that", "on", "monday", "near", "our", "old", "town"]


def noisy_texts(count: int, seed: int) -> list[set[str]]:
    random = np.random.default_rng(seed)
    return [set(random.choice(NOISE, 4, replace=False).tolist()) for _ in range(count)]


def phi_by_hand(texts: Sequence[str], labels: Sequence[str]) -> dict[tuple[str, str], float]:
    return {
        (word, label): float(np.corrcoef([word in text.split() for text in texts], np.array(labels) == label)[0, 1])
        for word in sorted({word for text in texts for word in text.split()})
        for label in sorted(set(labels))
    }


def test_a_word_that_tells_the_label_is_found_with_its_correlation() -> None:
    sets = noisy_texts(120, 0)
    labels = [("fraud", "fine", "late")[row % 3] for row in range(120)]
    for row, label in enumerate(labels):
        if (label == "fraud") != (row == 60):  # one row of fraud lacks the word
            sets[row].add("zz9")
    texts = [" ".join(sorted(words)) for words in sets]
    leak = only(telling_words(parted([TRAIN] * 120, labels, texts=texts)))
    (example,) = leak.finding.details["examples"]
    assert (leak.stops, example["word"], example["label"], example["rows"]) == (False, "zz9", "fraud", 39)
    assert example["phi"] == pytest.approx(phi_by_hand(texts, labels)["zz9", "fraud"])
    expected = hypergeom.sf(38, 120, 40, 39)
    assert expected * 3 <= example["p"] <= expected * 3 * (len(NOISE) + 1)


def test_words_of_test_rows_tell_nothing() -> None:
    texts = [" ".join(words | ({"zz9"} if row % 2 else set())) for row, words in enumerate(noisy_texts(80, 1))]
    labels = [("a", "b")[row % 2] for row in range(80)]
    assert only(telling_words(parted([TRAIN] * 80, labels, texts=texts)))
    assert list(telling_words(parted([TEST] * 80, labels, texts=texts))) == []


def test_a_word_that_is_missing_from_one_label_only_is_found() -> None:
    labels = [("a", "b", "c")[row % 3] for row in range(90)]
    pairs = zip(noisy_texts(90, 2), labels, strict=True)
    texts = [" ".join(words | ({"zz9"} if label != "b" else set())) for words, label in pairs]
    leak = only(telling_words(parted([TRAIN] * 90, labels, texts=texts)))
    assert leak.finding.details["examples"][0]["phi"] == pytest.approx(-1)
    assert "absence tells 'b'" in leak.finding.message


@pytest.mark.parametrize(("rows", "found"), [(9, 0), (10, 1)])
def test_a_word_needs_ten_rows(rows: int, found: int) -> None:
    texts = [" ".join(words | ({"zz9"} if row < rows else set())) for row, words in enumerate(noisy_texts(60, 3))]
    labels = ["a" if row < rows else "b" for row in range(60)]
    assert len(list(telling_words(parted([TRAIN] * 60, labels, texts=texts)))) == found


@pytest.mark.parametrize(("others", "found"), [(10, 1), (1500, 0)])
def test_one_of_many_words_must_tell_more_than_chance_would(others: int, found: int) -> None:
    """On 20 rows a perfect word has p 1 / C(20, 10); among 1,500 words and two labels that is no surprise."""
    random = np.random.default_rng(4)
    sets: list[set[str]] = [set() for _ in range(20)]
    for number in range(others):
        for row in [*random.choice(10, 5, replace=False), *(10 + random.choice(10, 5, replace=False))]:
            sets[row].add(f"w{number}")
    for row in range(10):
        sets[row].add("zz9")
    labels = ["a"] * 10 + ["b"] * 10
    texts = [" ".join(sorted(words)) for words in sets]
    assert len(list(telling_words(parted([TRAIN] * 20, labels, texts=texts)))) == found


def test_a_word_that_is_often_right_is_no_leak() -> None:
    labels = [("a", "b")[row % 2] for row in range(200)]
    sets = noisy_texts(200, 5)
    for row in range(0, 200, 2):
        if row % 20:  # on 90 % of the rows of "a"
            sets[row].add("good")
    rows = parted([TRAIN] * 200, labels, texts=[" ".join(words) for words in sets])
    assert list(telling_words(rows)) == []


def test_texts_without_a_frequent_word_tell_nothing() -> None:
    assert list(telling_words(parted([TRAIN] * 3, ["a", "b", "a"], texts=["x", "!", "y"]))) == []


def test_a_column_that_tells_the_label_is_found_and_counted_as_by_hand() -> None:
    random = np.random.default_rng(6)
    sites = random.choice(["north", "south", "east"], 150).tolist()
    labels = ["sick" if site == "south" else "well" for site in sites]
    labels[sites.index("north")] = "sick"
    right = 0
    for row in range(150):
        others = Counter(labels[k] for k in range(150) if k != row and sites[k] == sites[row])
        right += others.most_common(1)[0][0] == labels[row]
    mixed = random.choice(["x", "y"], 150).tolist()
    rows = parted([TRAIN] * 150, labels, columns={"site": sites, "mixed": mixed})
    leak = only(telling_columns(rows))
    details = leak.finding.details
    assert (details["column"], details["right"], details["values"], leak.stops) == ("site", right, 3, False)
    assert right == 149
    assert dict(details["examples"])["south"] == "sick"


def test_a_row_does_not_vote_for_its_own_label() -> None:
    """Where a value has as many rows of either label, most of the other rows have the other one: none is told."""
    sites = ["north"] * 200 + ["south"] * 200 + ["east"] * 10
    labels = ["well"] * 200 + ["sick"] * 200 + ["well", "sick"] * 5
    told = only(telling_columns(parted([TRAIN] * 410, labels, columns={"site": sites}))).finding.details
    assert (told["rows"], told["right"], told["most_frequent"]) == (410, 400, 205)


def test_a_column_of_rare_values_tells_nothing() -> None:
    labels = [("a", "b")[row % 2] for row in range(60)]
    columns = {"patient": [f"p{row % 20}" for row in range(60)], "file": [f"{row}.png" for row in range(60)]}
    assert list(telling_columns(parted([TRAIN] * 60, labels, columns=columns))) == []


# Class shift
