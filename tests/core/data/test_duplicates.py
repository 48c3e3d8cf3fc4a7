import itertools
import random
import re
import time

import pytest
from acclimate.contracts import OptionError
from acclimate.data import near_duplicate_groups
from hypothesis import given, settings
from hypothesis import strategies as st


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    if not words:
        return frozenset([(text.strip(),)])
    width = min(5, len(words))
    return frozenset(tuple(words[at : at + width]) for at in range(len(words) - width + 1))


def exact_groups(texts: list[str], threshold: float) -> list[int]:
    """Compare every pair, then follow the links."""
    sets = [shingles(text) for text in texts]
    group = list(range(len(texts)))
    for one, two in itertools.combinations(range(len(texts)), 2):
        if len(sets[one] & sets[two]) / len(sets[one] | sets[two]) >= threshold:
            old, new = group[two], group[one]
            group = [new if number == old else number for number in group]
    order: dict[int, int] = {}
    return [order.setdefault(number, len(order)) for number in group]


def licences(count: int, words: int, seed: int) -> list[str]:
    """Families of texts in which a few words differ."""
    rng = random.Random(seed)
    vocabulary = [f"w{number}" for number in range(3000)]
    families = [rng.choices(vocabulary, k=words) for _ in range(max(1, count // 6))]
    texts = []
    for number in range(count):
        changed = rng.choice([0, 0.01, 0.03, 0.05, 0.1, 0.3])
        family = families[number % len(families)]
        texts.append(" ".join(rng.choice(vocabulary) if rng.random() < changed else word for word in family))
    return texts


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("words", [12, 80, 400])
def test_groups_are_those_of_comparing_every_pair(threshold: float, words: int) -> None:
    texts = licences(150, words, seed=words)
    assert near_duplicate_groups(texts, threshold=threshold) == exact_groups(texts, threshold)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=12),
    st.sampled_from([0.3, 0.5, 0.7, 1.0]),
)
def test_short_texts_are_grouped_as_by_comparing_every_pair(texts: list[str], threshold: float) -> None:
    assert near_duplicate_groups(texts, threshold=threshold) == exact_groups(texts, threshold)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=30) | st.sampled_from(["a b c d e f", "a b c d e g"]), max_size=10), st.randoms())
def test_the_order_of_the_texts_does_not_matter(texts: list[str], rng: random.Random) -> None:
    order = list(range(len(texts)))
    rng.shuffle(order)
    groups = near_duplicate_groups(texts)
    shuffled = near_duplicate_groups([texts[at] for at in order])
    for (at, one), (place, two) in itertools.product(enumerate(order), repeat=2):
        assert (shuffled[at] == shuffled[place]) == (groups[one] == groups[two])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_identical_texts_are_always_in_one_group(texts: list[str]) -> None:
    groups = near_duplicate_groups(texts + texts)
    assert groups[: len(texts)] == groups[len(texts) :]


def test_case_and_punctuation_make_no_difference() -> None:
    assert near_duplicate_groups(["The Licensor grants.", "the licensor, grants", "THE LICENSEE grants"]) == [0, 0, 1]


def test_a_chain_of_near_duplicates_is_one_group() -> None:
    words = [f"w{number}" for number in range(100)]
    chain = [" ".join(words[start : start + 70]) for start in range(0, 30, 10)]
    assert len(shingles(chain[0]) & shingles(chain[2])) / len(shingles(chain[0]) | shingles(chain[2])) < 0.7
    assert near_duplicate_groups([chain[0], chain[2]]) == [0, 1]
    assert near_duplicate_groups(chain) == [0, 0, 0]


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_outside_its_range_is_an_error(threshold: float) -> None:
    with pytest.raises(OptionError, match=f"found {threshold}"):
        near_duplicate_groups(["a"], threshold=threshold)


def test_nothing_has_no_groups() -> None:
    assert near_duplicate_groups([]) == []


@pytest.mark.slow
def test_two_thousand_licences_take_less_than_ten_seconds_of_one_core() -> None:
    texts = licences(2000, 1500, seed=0)
    start = time.process_time()
    near_duplicate_groups(texts)
    assert time.process_time() - start < 10
