"""Multiple-negatives ranking: each query learns its right documents from all others of the batch, without false ones.

The loss is InfoNCE over scaled cosines (Henderson et al. 2017, "Efficient natural language response suggestion for
Smart Reply"; van den Oord et al. 2018). What may be right is never taken for wrong: the documents of a query, those
that are nearly one of them, and those of a query that is nearly the same.

Rows are numbered as queries first, then documents: row n is query n, row `queries + n` document n.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, eye_array
from torch import Tensor
from torch.nn.functional import softplus

from acclimate.contracts import Objective

Features = NDArray[np.float32]
Integers = NDArray[np.int64]

# What cosines are multiplied by: 1 / 0.05, as sentence-transformers' MultipleNegativesRankingLoss has it.
SCALE = 20.0
_BLOCK = 1024
_NEVER = -1e4  # a scaled cosine so low that its share of a softmax is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is known of pairs, as sparse [queries, documents] of true: `right`, and `spared`, which may be right."""

    right: csr_array
    spared: csr_array


def judge(
    right: Sequence[Sequence[int]],
    queries: Features,
    documents: Features,
    *,
    same: Integers,
    alike: float,
) -> Judged:
    """Return which documents are right for each query, and which must not count as wrong.

    Args:
        right: the right documents of each query.
        queries: unit vectors [queries, width] of the untuned encoder.
        documents: the same of the documents.
        same: a number for each document [documents]; those that share one have the same words.
        alike: texts whose vectors have a cosine of so much or more are as good as one another.
    """
    rows = [query for query, found in enumerate(right) for _ in found]
    columns = [document for found in right for document in found]
    known = _sparse(np.array(rows), np.array(columns), (len(queries), len(documents)))
    neighbours = _alike(documents, alike) + _sharing(same)
    return Judged(right=known, spared=(_alike(queries, alike) @ known @ neighbours).astype(bool).tocsr())


def hard_negatives(
    judged: Judged,
    queries: Features,
    documents: Features,
    *,
    asked: Sequence[int],
    candidates: Sequence[int],
    count: int,
) -> dict[int, list[int]]:
    """Return by query of `asked` the nearest of the `candidates` that are wrong, nearest first, at most `count`."""
    chosen = np.asarray(candidates, dtype=np.int64)
    found: dict[int, list[int]] = {}
    for start in range(0, len(asked) if count else 0, _BLOCK):
        block = list(asked[start : start + _BLOCK])
        cosines = queries[block] @ documents[chosen].T
        cosines[judged.spared[block][:, chosen].toarray()] = -np.inf
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        for query, places, scores in zip(block, nearest, cosines, strict=True):
            found[query] = [int(chosen[place]) for place in places if np.isfinite(scores[place])]
    return found


def ranking_objective(
    judged: Judged, *, asked: Sequence[int], negatives: Mapping[int, Sequence[int]], rows_at_once: int
) -> Objective:
    """Return what is learned from the pairs of the queries `asked`, each with its hard negatives."""
    right = judged.right
    pairs = np.array([(query, int(d)) for query in asked for d in right.indices[_span(right, query)]], dtype=np.int64)
    return Objective(
        loss=partial(ranking_loss, judged=judged),
        draw=partial(_draw, pairs=pairs, negatives=negatives, queries=right.shape[0]),
        steps=partial(_steps, pairs=len(pairs)),
        rows_at_once=rows_at_once,
    )


def ranking_loss(features: Tensor, rows: Tensor, *, judged: Judged, scale: float = SCALE) -> Tensor:
    """Return how badly queries tell their right documents from the wrong ones of the batch, averaged over queries.

    For each right document that the batch has, it is minus the logarithm of its share in a softmax over itself and
    the wrong ones; a query with several has their mean. Spared documents are in no softmax but their own.

    Args:
        features: [batch, width] of length one.
        rows: [batch], the number of each row.
        judged: which documents are right, and which are spared.
        scale: what cosines are multiplied by.
    """
    numbers = rows.cpu().numpy()
    count = judged.right.shape[0]
    asked, given = np.flatnonzero(numbers < count), np.flatnonzero(numbers >= count)
    place = numbers[asked][:, None], numbers[given][None, :] - count
    right = torch.from_numpy(_at(judged.right, *place)).to(features.device)
    wrong = torch.from_numpy(~_at(judged.spared, *place)).to(features.device)
    cosines = scale * features[asked] @ features[given].T  # [queries, documents]
    others = cosines.masked_fill(~wrong, _NEVER).logsumexp(dim=1, keepdim=True)
    losses = softplus(others - cosines).masked_fill(~right, 0.0).sum(dim=1)
    rights = right.sum(dim=1)
    return (losses / rights.clamp(min=1))[rights > 0].mean()


def _draw(
    truth: NDArray[np.integer],
    batch_size: int,
    seed: int,
    epoch: int,
    *,
    pairs: Integers,
    negatives: Mapping[int, Sequence[int]],
    queries: int,
) -> Iterator[list[int]]:
    """Yield the rows of each batch: its queries, then their right documents and hard negatives, none twice."""
    del truth
    order = np.random.default_rng([seed, epoch]).permutation(len(pairs))
    for some in np.array_split(order, _steps(batch_size, pairs=len(pairs))):
        asked = dict.fromkeys(pairs[some, 0].tolist())
        documents = dict.fromkeys(pairs[some, 1].tolist())
        documents |= dict.fromkeys(each for query in asked for each in negatives.get(query, ()))
        yield [*asked, *(queries + document for document in documents)]


def _steps(batch_size: int, *, pairs: int) -> int:
    return max(1, -(-pairs // batch_size))


def _span(matrix: csr_array, row: int) -> slice:
    return slice(matrix.indptr[row], matrix.indptr[row + 1])


def _at(matrix: csr_array, rows: Integers, columns: Integers) -> NDArray[np.bool_]:
    """Return the entries of some rows [n, 1] and columns [1, m] of a sparse matrix, [n, m]."""
    found: NDArray[np.bool_] = matrix[rows.ravel()][:, columns.ravel()].toarray().astype(bool)
    return found


def _alike(vectors: Features, threshold: float) -> csr_array:
    """Return which rows have a cosine of at least `threshold`, each with itself too, sparse [rows, rows]."""
    rows, columns = [], []
    for start in range(0, len(vectors), _BLOCK):
        near = vectors[start : start + _BLOCK] @ vectors.T >= threshold
        one, other = np.nonzero(near)
        rows.append(one + start)
        columns.append(other)
    shape = (len(vectors), len(vectors))
    found: csr_array = _sparse(np.concatenate(rows), np.concatenate(columns), shape) + eye_array(
        len(vectors), dtype=np.int64, format="csr"
    )
    return found


def _sharing(same: Integers) -> csr_array:
    """Return which rows share a number, sparse [rows, rows]."""
    numbers = np.unique(same, return_inverse=True)[1]
    member = _sparse(np.arange(len(same)), numbers, (len(same), int(numbers.max()) + 1))
    return (member @ member.T).tocsr()


def _sparse(rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]) -> csr_array:
    return coo_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=shape).tocsr()
