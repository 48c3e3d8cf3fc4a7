"""BM25 by its formula, word by word."""

import math
import re
from collections import Counter

import numpy as np
import pytest
from acclimate.evaluation import BM25

DOCUMENTS = [
    "How do I reset my password?",
    "A password is reset by e-mail: password, password!",
    "Shipping takes three days",
    "",
    "Days of shipping: three",
]


def by_formula(query: str, document: str, k1: float, b: float) -> float:
    """Return Robertson's sum for one document, with the idf of Lucene."""
    split = [Counter(re.findall(r"\w+", text.lower())) for text in DOCUMENTS]
    mean = sum(sum(words.values()) for words in split) / len(split)
    own = Counter(re.findall(r"\w+", document.lower()))
    total = 0.0
    for word in re.findall(r"\w+", query.lower()):
        having = sum(word in words for words in split)
        if word not in own:
            continue
        idf = math.log(1 + (len(split) - having + 0.5) / (having + 0.5))
        f = own[word]
        total += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * sum(own.values()) / mean))
    return total


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (1.2, 0.0), (2.0, 1.0)])
def test_scores_are_those_of_the_formula(k1: float, b: float) -> None:
    queries = ["reset PASSWORD", "three days", "password password reset", "unknown", ""]
    found = BM25(DOCUMENTS, k1=k1, b=b).scores(queries)
    expected = [[by_formula(query, document, k1, b) for document in DOCUMENTS] for query in queries]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_documents_without_words_are_scored_0() -> None:
    assert BM25(["", " "]).scores(["anything"]).tolist() == [[0.0, 0.0]]
