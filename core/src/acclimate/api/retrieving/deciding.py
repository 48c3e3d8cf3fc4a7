"""Whether BM25 has a say in the ranking: as asked for, or as validation queries say, and then left alone."""

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api.retrieving.asking import fusion_weight
from acclimate.api.retrieving.index import Index, ranked
from acclimate.api.retrieving.scoring import DEPTH, Asked
from acclimate.contracts import Finding, Settings
from acclimate.data import Documents

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


def decide(
    settings: Settings, documents: Documents, vectors: Vectors, validation: Asked, queries: Vectors
) -> tuple[Index, tuple[Finding, ...]]:
    """Return the index of a trained model, and what to say of how it ranks.

    `vectors` are those of the documents, `queries` those of the validation queries.
    """
    words = evaluation.BM25(documents.read)
    given = fusion_weight(settings)
    if given is not None:
        return _index(documents, vectors, words, given), ()
    truth: list[dict[Hashable, float]] = [dict.fromkeys(right, 1.0) for right in validation.right]

    def ranks(weight: float) -> Floats:
        index = _index(documents, vectors, words, weight)
        found = [
            row
            for scores in index.scores(queries, validation.read, validation.moments)
            for row in ranked(scores, DEPTH)
        ]
        return evaluation.mrr_statistics(truth, found)[:, 0]

    alone = ranks(0.0)
    chosen = evaluation.choose_fusion(lambda weight: ranks(weight) - alone)
    return _index(documents, vectors, words, chosen.weight), (_told(chosen, len(alone)),)


def _index(documents: Documents, vectors: Vectors, words: evaluation.BM25, weight: float) -> Index:
    return Index(documents=documents, vectors=vectors, fusion=weight, words=words if weight else None)


def _told(chosen: evaluation.ChosenFusion, queries: int) -> Finding:
    gain = f"{chosen.gain:+.3f} ± {1.96 * chosen.error:.3f} in mean reciprocal rank on {queries:,} validation queries"
    if chosen.weight:
        message = f"BM25 has a weight of {chosen.weight:g} in the ranking: {gain}."
    else:
        message = (
            f"BM25 has no say in the ranking: its best weight, {chosen.best:g}, gives {gain}, which may be chance."
        )
    return Finding(code="fusion", level="note", message=message, details={"weight": chosen.weight})
