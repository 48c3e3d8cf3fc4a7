"""Which sentences say most of a reference, against all choices there are; numbers against the text they are of."""

from itertools import combinations

import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import Reference, best_sentences
from acclimate.evaluation.generation import rouge_1_statistics, rouge_2_statistics
from acclimate.evaluation.numbers import (
    faithful_number_statistics,
    number_precision,
    number_recall,
    number_statistics,
)

SENTENCES = [
    "Sales rose to 5 million.",
    "We thank you all.",
    "The profit was 2 million.",
    "Questions, please.",
    "5 up.",
]


def value(reference: str, given: str) -> float:
    return float(sum(own([reference], [given])[0, 0] for own in (rouge_1_statistics, rouge_2_statistics)))


def test_the_best_sentences_are_those_of_all_choices() -> None:
    reference = "profit 2 million, sales rose to 5 million"
    choices = [each for size in (1, 2, 3) for each in combinations(range(len(SENTENCES)), size)]
    best = max(choices, key=lambda each: value(reference, " ".join(SENTENCES[place] for place in each)))
    assert best_sentences(reference, SENTENCES, most=3) == list(best) == [0, 2]
    assert best_sentences(reference, SENTENCES, most=1) == [0]


def test_nothing_is_best_where_no_word_is_shared() -> None:
    assert best_sentences("nichts", SENTENCES, most=3) == []


def test_numbers_are_faithful_to_the_text_and_recalled_from_the_reference() -> None:
    truth = [Reference.of("profit of $2 million", "The profit was $2 million, up 5 %.")]
    given = ["Profit up 5 %, sales 9."]
    assert number_precision(faithful_number_statistics(truth, given), [1.0]) == pytest.approx(0.5)  # type: ignore[arg-type]
    assert number_recall(number_statistics(truth, given), [1.0]) == 0  # type: ignore[arg-type]
    with pytest.raises(DataError, match="know their sources"):
        faithful_number_statistics(["plain"], ["plain"])
