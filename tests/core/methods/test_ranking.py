"""Multiple-negatives ranking: the loss by its definition, no false negatives, batches that cover all pairs."""

from typing import Any

import numpy as np
import pytest
import torch
from acclimate.methods.ranking import SCALE, Judged, hard_negatives, judge, ranking_loss, ranking_objective
from torch.nn.functional import normalize


def unit(rows: int, seed: int, width: int = 6) -> Any:
    values = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def judged(right: list[tuple[int, ...]], documents: int, alike: float = 1.1) -> Judged:
    return judge(right, unit(len(right), 0), unit(documents, 1), same=np.arange(documents), alike=alike)


def by_definition(
    features: torch.Tensor, rows: list[int], right: list[tuple[int, ...]], spared: set[tuple[int, int]]
) -> float:
    """Return the mean over queries of -log of each right document's share among itself and the wrong ones."""
    queries = [(place, row) for place, row in enumerate(rows) if row < len(right)]
    documents = [(place, row - len(right)) for place, row in enumerate(rows) if row >= len(right)]
    losses = []
    for at, query in queries:
        cosine = {d: float(features[at] @ features[place]) * SCALE for place, d in documents}
        wrong = [np.exp(cosine[d]) for d in cosine if d not in right[query] and (query, d) not in spared]
        own = [np.exp(cosine[d]) for d in cosine if d in right[query]]
        if own:
            losses.append(np.mean([-np.log(each / (each + sum(wrong))) for each in own]))
    return float(np.mean(losses))


def test_the_loss_is_the_mean_over_queries_of_the_shares_of_right_documents() -> None:
    right = [(0,), (1, 2), (1,), (4,)]
    rows = [0, 1, 3, 4, 5, 6, 7]  # queries 0, 1 and 3; documents 0, 1, 2 and 3: none that is right for query 3
    features = normalize(torch.randn(7, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64), dim=-1)
    found = ranking_loss(features, torch.tensor(rows), judged=judged(right, 5))
    assert float(found) == pytest.approx(by_definition(features, rows, right, set()), rel=1e-9)


def test_documents_that_may_be_right_are_never_learned_as_wrong() -> None:
    right = [(0,), (1,), (2,)]
    queries, documents = unit(3, 0), unit(4, 1)
    queries[1] = queries[0]  # the same question: what answers it answers the other
    documents[3] = documents[2]  # nearly the same document
    known = judge(right, queries, documents, same=np.arange(4), alike=0.999)
    spared = known.spared.toarray()
    assert spared.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]
    rows = [0, 1, 2, 3, 4, 5, 6]
    features = normalize(torch.randn(7, 6, generator=torch.Generator().manual_seed(3)), dim=-1).requires_grad_()
    extra = {(0, 1), (1, 0), (2, 3)}
    loss = ranking_loss(features, torch.tensor(rows), judged=known)
    assert loss.item() == pytest.approx(by_definition(features.detach(), rows, right, extra), rel=1e-5)
    (gradient,) = torch.autograd.grad(loss, features)
    assert gradient[6].abs().max() > 0  # document 3 is wrong for queries 0 and 1
    only = ranking_loss(features[[2, 5, 6]], torch.tensor([2, 5, 6]), judged=known)
    assert only.item() == pytest.approx(0, abs=1e-6)  # nothing wrong is there: nothing to learn


def test_documents_with_the_same_words_are_one_however_far_their_vectors() -> None:
    known = judge([(0,), (1,)], unit(2, 0), unit(3, 1), same=np.array([0, 1, 0]), alike=1.1)
    assert known.spared.toarray().tolist() == [[1, 0, 1], [0, 1, 0]]
    assert known.right.toarray().tolist() == [[1, 0, 0], [0, 1, 0]]


def test_hard_negatives_are_the_nearest_wrong_candidates() -> None:
    right = [(0,), (1,)]
    queries, documents = unit(2, 0), unit(12, 1)
    known = judge(right, queries, documents, same=np.arange(12), alike=1.1)
    candidates = [0, 1, 3, 5, 7, 9, 11]
    found = hard_negatives(known, queries, documents, asked=[0, 1], candidates=candidates, count=3)
    for query in (0, 1):
        cosines = {d: float(queries[query] @ documents[d]) for d in candidates if d not in right[query]}
        assert found[query] == sorted(cosines, key=lambda d: -cosines[d])[:3]
    few = hard_negatives(known, queries, documents, asked=[0], candidates=[0, 1], count=3)
    assert few == {0: [1]}
    assert hard_negatives(known, queries, documents, asked=[0], candidates=candidates, count=0) == {}


def test_an_epoch_has_every_pair_once_and_no_row_twice_in_a_batch() -> None:
    right = [(number % 5, 5 + number % 3) for number in range(10)]
    known = judged(right, 9)
    objective = ranking_objective(known, asked=range(8), negatives={0: [8], 1: [8]}, rows_at_once=4)
    assert objective.steps(6) == 3
    first = list(objective.draw(np.arange(19), 6, 1, 0))
    assert first == list(objective.draw(np.arange(19), 6, 1, 0))
    assert first != list(objective.draw(np.arange(19), 6, 1, 1))
    assert len(first) == 3
    seen = set()
    for batch in first:
        assert len(set(batch)) == len(batch)
        queries, documents = [row for row in batch if row < 10], {row - 10 for row in batch if row >= 10}
        assert max(queries) < 8
        assert (8 in documents) == bool({0, 1} & set(queries))
        seen |= {(query, document) for query in queries for document in right[query] if document in documents}
    assert seen == {(query, document) for query in range(8) for document in right[query]}
