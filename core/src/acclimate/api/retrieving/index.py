"""The documents that are searched: their vectors, their words, and which of them a query may be given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.data import Documents

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
_QUERIES_AT_ONCE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Documents ready to be searched; `fusion` is the weight of BM25, and `words` is None where that is 0."""

    documents: Documents
    vectors: Vectors
    fusion: float = 0.0
    words: evaluation.BM25 | None = None

    def scores(self, vectors: Vectors, texts: Sequence[str], moments: Floats | None) -> Iterator[Floats]:
        """Yield scores [queries, documents] of some queries after another, given as vectors and as read texts.

        With `moments` [queries] documents that are later than a query have a score of -inf for it.
        """
        for start in range(0, len(vectors), _QUERIES_AT_ONCE):
            some = slice(start, start + _QUERIES_AT_ONCE)
            found = (vectors[some] @ self.vectors.T).astype(np.float64)
            if moments is not None:
                found[self.documents.moments[None, :] > moments[some, None]] = -np.inf
            yield found if self.words is None else evaluation.fuse(found, self.words.scores(texts[some]), self.fusion)


def ranked(scores: Floats, k: int) -> list[list[int]]:
    """Return by query the places of its best `k` documents, best first; of equal scores the earlier document."""
    found = []
    for row in scores:
        allowed = np.flatnonzero(np.isfinite(row))
        if 4 * k < len(allowed):
            # The k best, and all that are as good as the last of them, so that ties fall the same way for any k.
            least = -np.partition(-row[allowed], k - 1)[k - 1]
            allowed = allowed[row[allowed] >= least]
        order = allowed[np.argsort(-row[allowed], kind="stable")][:k]
        found.append(order.tolist())
    return found
