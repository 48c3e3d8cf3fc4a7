"""Spans without a model: a dictionary and the usual tag of each word, on texts whose answer is plain."""

from acclimate.evaluation import SpanDictionary, WordTags

TEXTS = ["Acme Inc paid Bob", "Bob of Acme paid", "Bob paid the Bank", "the Bank said", "a Bank said"]
SPANS = [
    [(0, 8, "firm"), (14, 17, "person")],
    [(0, 3, "person"), (7, 11, "firm")],
    [(0, 3, "person"), (13, 17, "firm")],
    [],
    [],
]


def test_a_dictionary_finds_what_is_mostly_a_span_the_longest_first() -> None:
    found = SpanDictionary(TEXTS, SPANS).find
    assert found("Bob, Acme Inc and Acme.") == [(0, 3, "person"), (5, 13, "firm"), (18, 22, "firm")]
    assert found("Acme  Inc") == [(0, 9, "firm")]
    assert found("the Bank said") == []  # a span once of three times
    assert found("Bobby Acmeist bob") == []
    assert found("") == []


def test_the_label_is_the_usual_one() -> None:
    texts = ["Paris", "Paris", "Paris"]
    spans = [[(0, 5, "place")], [(0, 5, "person")], [(0, 5, "place")]]
    assert SpanDictionary(texts, spans).find("to Paris") == [(3, 8, "place")]


def test_words_get_the_tag_they_mostly_had_and_join_where_they_go_on() -> None:
    found = WordTags(TEXTS, SPANS).find
    assert found("Acme Inc paid Bob Bob") == [(0, 8, "firm"), (14, 17, "person"), (18, 21, "person")]
    assert found("paid Inc") == [(5, 8, "firm")]
    assert found("Bob Inc") == [(0, 3, "person"), (4, 7, "firm")]
    assert found("Bank unknown") == []


def test_nothing_was_marked_and_nothing_is_found() -> None:
    assert SpanDictionary(["a b"], [[]]).find("a b") == []
    assert WordTags(["a b"], [[]]).find("a b") == []
