"""BM25: what counting words finds, without any model."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]

# Robertson and Zaragoza 2009, "The probabilistic relevance framework: BM25 and beyond", section 3.5: k1 between 1.2
# and 2, b between 0.5 and 0.8 serve most collections.
K1, B = 1.5, 0.75
_WORD = re.compile(r"\w+")


class BM25:
    """Documents by their words, ready to be scored.

    A word that n of N documents have weighs log(1 + (N - n + 0.5) / (n + 0.5)), which is never negative (as in
    Lucene); a document that has it f times scores f (k1 + 1) / (f + k1 (1 - b + b length / mean length)) times that.
    Words are runs of letters and digits, in any case.
    """

    def __init__(self, documents: Sequence[str], *, k1: float = K1, b: float = B) -> None:
        self.vocabulary: dict[str, int] = {}
        counts = _counts([_words(text) for text in documents], self.vocabulary, learn=True)
        lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
        having = np.bincount(counts.indices, minlength=counts.shape[1])
        weights = np.log1p((len(documents) - having + 0.5) / (having + 0.5))
        relative = lengths / max(lengths.mean(), 1e-12)
        rows = np.repeat(np.arange(len(documents)), np.diff(counts.indptr))
        frequency = counts.data
        counts.data = weights[counts.indices] * frequency * (k1 + 1) / (frequency + k1 * (1 - b + b * relative[rows]))
        self.weights = counts.T.tocsr()  # [words, documents]

    def scores(self, queries: Sequence[str]) -> Floats:
        """Return how well each document fits each query, [queries, documents]; 0 where they share no word."""
        counts = _counts([_words(text) for text in queries], self.vocabulary, learn=False)
        found: Floats = (counts @ self.weights).toarray()
        return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _counts(texts: Sequence[Sequence[str]], vocabulary: dict[str, int], *, learn: bool) -> csr_array:
    """Return how often each text has each word [texts, words]; new words are added where they are to be learned."""
    columns: list[int] = []
    ends = [0]
    for words in texts:
        if learn:
            columns += [vocabulary.setdefault(word, len(vocabulary)) for word in words]
        else:
            columns += [vocabulary[word] for word in words if word in vocabulary]
        ends.append(len(columns))
    counted = csr_array(
        (np.ones(len(columns)), np.array(columns, dtype=np.int64), np.array(ends, dtype=np.int64)),
        shape=(len(texts), len(vocabulary)),
    )
    counted.sum_duplicates()
    return counted
