"""Training a search: pairs teach, hard negatives from the untuned encoder sharpen, validation queries choose."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import data, evaluation, methods, training
from acclimate.api.gradient import (
    Learned,
    OnEpoch,
    autocast,
    checkpoint_of,
    install,
    measured,
    rates_of,
    some,
    told_training,
    try_step,
    without_gain,
)
from acclimate.api.retrieving.index import Index
from acclimate.api.retrieving.scoring import Asked, asked, rankings
from acclimate.api.retrieving.subject import Encoded, SearchSubject, encoded_now
from acclimate.contracts import DataError, Finding, Plan, Settings

BATCH_SIZE, HARD_NEGATIVES, ROWS_AT_ONCE = 64, 1, 32
# Validation after each epoch ranks so many documents at most: all that are right, and others drawn by the seed.
VALIDATED = 5000


def with_objective(subject: SearchSubject, plan: Plan, before: Encoded) -> tuple[Plan, tuple[Finding, ...]]:
    """Return the plan with what a search learns, from the training pairs, and what is to be said of them.

    `before` are the vectors of the untuned encoder.
    """
    if not plan.trains:
        return plan, ()
    collection, settings, train = subject.collection, subject.settings, list(subject.members["train"])
    taught = set(train)
    judged = methods.judge(
        [collection.right[query] if query in taught else () for query in range(subject.count)],
        before.queries,
        before.documents,
        same=data.same_words(collection.documents.read),
        alike=float(settings.alike),
    )
    candidates = _candidates(subject)
    negatives = methods.hard_negatives(
        judged,
        before.queries,
        before.documents,
        asked=train,
        candidates=candidates,
        count=hard_negatives_of(settings),
    )
    objective = methods.ranking_objective(
        judged, asked=train, negatives=negatives, rows_at_once=settings.rows_at_once or ROWS_AT_ONCE
    )
    mined = sum(map(len, negatives.values()))
    if len(candidates) < 2:
        raise DataError(
            "All training queries have one and the same document, so that there is nothing to tell it from.",
            "Add pairs with other documents, or a corpus of further ones.",
        )
    spared = judged.spared.nnz - judged.right.nnz
    message = f"{mined:,} hard negatives were found by the untuned encoder for {len(train):,} training queries; "
    message += (
        f"{spared:,} pairs of a query and a document that nothing names right were spared as wrong ones: their "
    )
    message += f"texts are those of a right pair, or have a cosine of {settings.alike:g} or more with it."
    note = Finding(
        code="negatives", level="note", message=message, details={"hard_negatives": mined, "spared": int(spared)}
    )
    return replace(plan, objective=objective, batch_size=settings.batch_size or BATCH_SIZE), (note,)


def hard_negatives_of(settings: Settings) -> int:
    """Return how many hard negatives each query gets at most."""
    return HARD_NEGATIVES if settings.hard_negatives is None else settings.hard_negatives


def _candidates(subject: SearchSubject) -> list[int]:
    """Return the documents that may be hard negatives: of training queries, and of no query at all.

    One that answers a test query would be learned as wrong for every query like it.
    """
    right = subject.collection.right
    train = {document for query in subject.members["train"] for document in right[query]}
    every = {document for found in right for document in found}
    return sorted(train | (set(range(len(subject.collection.documents))) - every))


def learn(subject: SearchSubject, plan: Plan, precision: str, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch.

    `precision` is that of forward passes.
    """
    if not plan.trains:
        methods.freeze(subject.model)
        return Learned(trained=None, precision=precision)
    groups = install(subject, plan)
    steps = measured(
        subject,
        lambda precision: try_step(subject.model, plan, lambda: _features(subject).sum(), precision),
        f"search training {plan.method}",
    )
    trained = training.fit(
        subject.model,
        plan,
        groups,
        subject.texts,
        np.arange(len(subject.texts)),
        settings=subject.settings,
        precision=steps.precision,
        validate=partial(_validate, subject, precision, _validated(subject)),
        shown=subject.shown,
        on_epoch=on_epoch,
        checkpoint=checkpoint_of(subject, plan, groups),
    )
    notes = (
        told_training(steps),
        *without_gain(trained, "the untuned encoder", otherwise="more epochs, or method 'frozen'"),
    )
    return Learned(trained=trained, precision=precision, rates=rates_of(groups), notes=notes)


def forward_arithmetic(subject: SearchSubject) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""

    def forward(precision: str) -> None:
        with torch.inference_mode(), autocast(precision):
            _features(subject)

    return measured(subject, forward, "search forward")


def _features(subject: SearchSubject) -> torch.Tensor:
    return subject.model.features(some(subject.texts, ROWS_AT_ONCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Validated:
    """What is ranked after each epoch: queries, their rows among the texts, and the places of some documents."""

    queries: Asked
    rows: list[int]
    documents: list[int]


def _validated(subject: SearchSubject) -> _Validated:
    collection, members = subject.collection, list(subject.members["validation"])
    queries = asked(collection, subject.parts["validation"], members)
    count = len(collection.documents)
    right = {document for found in queries.right for document in found}
    others = np.random.default_rng(subject.settings.seed).permutation(sorted(set(range(count)) - right))
    documents = sorted({*right, *others[: max(0, VALIDATED - len(right))].tolist()})
    place = {document: number for number, document in enumerate(documents)}
    moved = replace(queries, right=[tuple(place[document] for document in found) for found in queries.right])
    return _Validated(queries=moved, rows=members, documents=documents)


def _validate(
    subject: SearchSubject, precision: str, validated: _Validated
) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    """Return the mean reciprocal rank of validation queries, and 1 minus that of each."""
    documents = subject.collection.documents
    vectors = encoded_now(
        subject, [*validated.rows, *(subject.count + place for place in validated.documents)], precision
    )
    some = validated.documents
    index = Index(
        documents=replace(
            documents,
            ids=tuple(documents.ids[place] for place in some),
            texts=tuple(documents.texts[place] for place in some),
            read=tuple(documents.read[place] for place in some),
            times=tuple(documents.times[place] for place in some),
            moments=documents.moments[some],
        ),
        vectors=vectors[len(validated.rows) :],
    )
    found = rankings(index, validated.queries, vectors[: len(validated.rows)])
    truth: list[dict[Hashable, float]] = [dict.fromkeys(right, 1.0) for right in validated.queries.right]
    ranks = evaluation.mrr_statistics(truth, found)[:, 0]
    return {"loss": float(1 - ranks.mean()), "mrr": float(ranks.mean())}, 1 - ranks
