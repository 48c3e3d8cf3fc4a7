"""Training a search: pairs teach, hard negatives from the untuned encoder sharpen, validation queries choose."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import data, evaluation, methods, training
from acclimate.api.checkpoints import checkpoint_of
from acclimate.api.fitting import Groups, OnEpoch
from acclimate.api.retrieving.index import Index
from acclimate.api.retrieving.scoring import Asked, asked, rankings
from acclimate.api.retrieving.subject import Encoded, SearchSubject, encoded_now
from acclimate.api.subject import measured
from acclimate.contracts import DataError, Finding, Plan, Settings

BATCH_SIZE, HARD_NEGATIVES, ROWS_AT_ONCE = 64, 1, 32
# Validation after each epoch ranks so many documents at most: all that are right, and others drawn by the seed.
VALIDATED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; None where nothing trains. `rates` are the peak rates of the optimizer's groups."""

    trained: training.Trained | None
    rates: tuple[float, ...]
    notes: tuple[Finding, ...]


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
        return Learned(trained=None, rates=(), notes=())
    groups = _install(subject, plan)
    with training.seeded(subject.settings.seed):
        steps = measured(subject, partial(_step, subject), f"search training {plan.method}")
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
        checkpoint=checkpoint_of(subject, plan, groups, libraries=("peft",)),
    )
    note = Finding(
        code="precision-training",
        level="note",
        message=f"Training uses float32 weights with {steps.precision} products: {steps.reason}.",
        details={"precision": steps.precision},
    )
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    return Learned(trained=trained, rates=rates, notes=(note, *_about(trained)))


def forward(subject: SearchSubject, precision: str) -> None:
    """Encode some texts without gradients."""
    inputs = _some(subject)
    with torch.inference_mode(), _autocast(precision):
        subject.model.features(inputs)


def _about(trained: training.Trained) -> tuple[Finding, ...]:
    if trained.best_epoch:
        return ()
    message = "No epoch was better on the validation queries than the untuned encoder; the saved model is that one. "
    message += "Try a lower learning_rate, more epochs, or method 'frozen'."
    return (Finding(code="training-did-not-help", message=message),)


def _install(subject: SearchSubject, plan: Plan) -> Groups:
    assert plan.groups is not None
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


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


def _step(subject: SearchSubject, precision: str) -> None:
    """Run some texts forward and back, and change no weight."""
    subject.model.train()
    with _autocast(precision):
        loss = subject.model.features(_some(subject)).sum()
    torch.autograd.backward(loss)
    subject.model.zero_grad(set_to_none=True)


def _autocast(precision: str) -> torch.autocast:
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def _some(subject: SearchSubject) -> dict[str, torch.Tensor]:
    batch = subject.texts.batch(range(min(ROWS_AT_ONCE, len(subject.texts))))
    return {name: value.to(training.device()) for name, value in batch.items()}
