"""`adapt` for a search: from pairs of queries and documents to a saved, proven, measured model with its index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import evaluation, models, training
from acclimate.api import inputs, saved
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, trained_settings
from acclimate.api.request import Request
from acclimate.api.retrieving import learning, rows, scoring
from acclimate.api.retrieving.deciding import decide
from acclimate.api.retrieving.index import Index
from acclimate.api.retrieving.stored import documents_text
from acclimate.api.retrieving.subject import Encoded, SearchSubject, encoded_before, encoded_now
from acclimate.api.retrieving.texts import texts_of
from acclimate.api.sameness import check_same
from acclimate.api.scoring import compared_first
from acclimate.api.starting import subject_fields
from acclimate.contracts import Metric, Need, Plan, Report
from acclimate.plugins import Host

_PROBE_ROWS = 8


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to search asks."""
    clock = Clock()
    metrics = scoring.metrics_of(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
    with clock.stage("features"):
        forward = learning.forward_arithmetic(subject)
        before = encoded_before(subject, forward.precision)
    with clock.stage("train"):
        plan, notes = learning.with_objective(subject, plan, before)
        request = replace(request, notes=(*request.notes, *notes))
        learned = learning.learn(
            subject, plan, forward.precision, lambda scores: tell(host, request, "epoch", **scores)
        )
    with clock.stage("evaluate"):
        now = _encoded(subject, forward.precision) if learned.trained and learned.trained.best_epoch else before
        index, told = _decide(subject, now)
        request = replace(request, notes=(*request.notes, *told))
        measured = _measure(host, request, subject, metrics, index, now, before if plan.trains else None)
    report = _report(request, subject, plan, learned, measured, clock)
    test = subject.parts["test"]
    test_rows = evaluation.ScoredRows(ids=test.ids, truth=test.truth, groups=test.groups, scores=measured.scores)
    save = partial(_save, host, request, subject, plan, index, now, precision=forward.precision)
    return conclude(host, request, report, _records(subject, measured), test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's queries.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del labels, multilabel
    metrics = scoring.metrics_of(host, request)
    functions = scoring.functions_of_rows(host, metrics)
    return compared_first(metrics, functions, metric)


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, SearchSubject, Plan]:
    _, dealt = rows.deal_search(host, request, folder)
    request = replace(request, notes=(*request.notes, *dealt.findings))
    settings, collection = request.settings, dealt.collection
    tell(host, request, "split", rows={name: len(part.truth) for name, part in dealt.parts.items()})
    need = Need(
        task=request.preset.task, modality="text", rows=len(dealt.members["train"]), labels=(), multilabel=False
    )
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    resolved = models.resolve_embedder(backbone, max_tokens=settings.max_tokens)
    resolved.model.to(training.device())
    with training.seeded(settings.seed):
        plan: Plan = host.load(method)(resolved.model, need, settings)
    read = [*collection.queries["read"][:], *collection.documents.read]
    subject = SearchSubject(
        resolved=resolved,
        prepare=host.load(request.preset),
        collection=collection,
        members=dealt.members,
        parts=dealt.parts,
        examples={name: rows.contents(collection, members) for name, members in dealt.members.items()},
        texts=texts_of(read, resolved.preprocessing, folder / "texts.tokens"),
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return replace(request, notes=(*request.notes, *inputs.lost_tokens({"all": subject.texts}))), subject, plan


def _encoded(subject: SearchSubject, precision: str) -> Encoded:
    found = encoded_now(subject, range(len(subject.texts)), precision)
    return Encoded(queries=found[: subject.count], documents=found[subject.count :])


def _asked(subject: SearchSubject, part: str) -> scoring.Asked:
    return scoring.asked(subject.collection, subject.parts[part], subject.members[part])


def _decide(subject: SearchSubject, now: Encoded) -> tuple[Index, tuple[Any, ...]]:
    queries = now.queries[list(subject.members["validation"])]
    return decide(
        subject.settings, subject.collection.documents, now.documents, _asked(subject, "validation"), queries
    )


def _measure(
    host: Host,
    request: Request,
    subject: SearchSubject,
    metrics: Mapping[str, Metric],
    index: Index,
    now: Encoded,
    before: Encoded | None,
) -> scoring.Measured:
    """Return what test queries say of this model, of BM25, and of the untuned encoder where something trained."""
    queries, members = _asked(subject, "test"), list(subject.members["test"])
    documents = index.documents
    words = index.words or evaluation.BM25(documents.read)
    tables = {"": scoring.rankings(index, queries, now.queries[members])}
    tables["bm25"] = scoring.word_rankings(index, words, queries)
    if before is not None:
        untuned = Index(documents=documents, vectors=before.documents)
        tables["frozen_encoder"] = scoring.rankings(untuned, queries, before.queries[members])
    if index.fusion:
        alone = Index(documents=documents, vectors=now.documents)
        tables["without_bm25"] = scoring.rankings(alone, queries, now.queries[members])
    return scoring.measure(
        host, metrics, tables, queries, index, seed=request.settings.seed, shown=request.settings.show_rows
    )


def _records(subject: SearchSubject, measured: scoring.Measured) -> Mapping[str, Any]:
    """Return the test queries as `review_report` receives them."""
    right, ids = subject.collection.right, subject.collection.documents.ids
    members = subject.members["test"]
    best = measured.first
    return {
        "ids": subject.parts["test"].ids,
        "truth": [tuple(ids[document] for document in right[query]) for query in members],
        "predicted": [() if document is None else (ids[document],) for document in best],
        "probabilities": np.zeros((len(members), 0)),
    }


def _report(
    request: Request,
    subject: SearchSubject,
    plan: Plan,
    learned: Learned,
    measured: scoring.Measured,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    trained = learned.trained
    trains = {
        **trained_settings(plan, learned),
        "hard_negatives": learning.hard_negatives_of(settings),
        "rows_at_once": settings.rows_at_once or learning.ROWS_AT_ONCE,
        "alike": settings.alike,
    }
    return Report(
        **of_run(request, subject, plan, clock),
        metrics=measured.metrics,
        baselines=measured.baselines,
        findings=(*request.notes, *measured.findings, *learned.notes),
        settings={
            "seed": settings.seed,
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            "max_rows": settings.max_rows,
            "allow_leakage": settings.allow_leakage,
            "split_by": settings.split_by,
            "corpus": settings.corpus,
            "fusion": settings.fusion,
            "reading": dict(settings.reading),
            "preparing": dict(request.preset.preparing),
            **(trains if trained else {}),
        },
        history=trained.history if trained else (),
        analysis=measured.analysis,
    )


def _save(
    host: Host,
    request: Request,
    subject: SearchSubject,
    plan: Plan,
    index: Index,
    now: Encoded,
    report: Report,
    *,
    precision: str,
) -> None:
    documents, members = index.documents, subject.members["test"]
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=precision),
            "search": {
                "documents": len(documents),
                "width": subject.model.width,
                "dated": documents.dated,
                "timed": subject.collection.moments is not None,
                "fusion": index.fusion,
            },
        },
        documents={
            **saved.documents(report, subject.parts),
            "documents.jsonl": documents_text(documents),
        },
        results={"test.logits": torch.from_numpy(now.queries[list(members)])},
        index={"vectors": torch.from_numpy(index.vectors)},
        probe=subject.texts.batch(range(min(_PROBE_ROWS, len(subject.texts)))),
        host=host,
    )
