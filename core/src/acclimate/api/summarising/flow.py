"""`adapt` for summaries: from texts with what people wrote of them to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from acclimate import models
from acclimate.api import own_truth, scoring
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.clock import Clock
from acclimate.api.gradient import told_forward
from acclimate.api.passages import stages
from acclimate.api.passages.probing import probe
from acclimate.api.passages.stages import PassageTask
from acclimate.api.passages.subject import PassageSubject
from acclimate.api.request import Request
from acclimate.api.summarising import learning, rows, testing
from acclimate.api.summarising.deciding import Logits, SummaryRule, choose_rule, summaries
from acclimate.api.summarising.rows import Summarised
from acclimate.contracts import Finding, Metric
from acclimate.plugins import Host

FROZEN = "frozen_linear"
_TASK = PassageTask(
    read=rows.READ,
    labels=rows.LABELS,
    mark=rows.summarised,
    taught=rows.check_taught,
    examples=lambda _, own, preprocessing: rows.examples_of(own.texts, own.places, own.best, own.ids, preprocessing),
)
_LOOKED_FOR = "sentences that say most of a summary"


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to summarise asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = stages.prepare(host, request, folder, shown, _TASK)
    lesson = learning.lesson(subject)
    with clock.stage("probe"):
        arithmetic = own_truth.forward_arithmetic(subject, lesson)
        request = replace(request, notes=(*request.notes, *probe(subject, plan, arithmetic.precision, _LOOKED_FOR)))
        others = testing.baselines(subject.marked)
        if plan.trains:
            rule, _, logits = _decided(subject, arithmetic.precision)
            others[FROZEN] = _summaries(subject, rule, logits)
    with clock.stage("train"):
        chosen = arithmetic.precision, told_forward(arithmetic)
        learned = own_truth.learn_from_solved(
            subject, plan, lesson, chosen, lambda scores: tell(host, request, "epoch", **scores)
        )
    with clock.stage("decide"):
        rule, told, logits = _decided(subject, learned.precision)
        request = replace(request, notes=(*request.notes, *told))
    with clock.stage("evaluate"):
        tested = testing.measure(
            host,
            subject.marked["test"],
            _summaries(subject, rule, logits),
            metrics,
            sentences=rule.sentences,
            window=subject.resolved.preprocessing.max_tokens,
            others=others,
            seed=subject.settings.seed,
            shown=subject.settings.show_rows,
        )
    report = stages.report_of(request, subject, plan, learned, tested, clock)
    save = partial(
        stages.save,
        host,
        request,
        subject,
        plan,
        learned,
        told={"summaries": rule.to_dict()},
        logits=np.concatenate(list(logits)),
    )
    return conclude(host, request, report, tested.records, tested.test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's texts.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del labels, multilabel
    metrics = _metrics(host, request)
    functions = scoring.functions_of_columns(host, metrics, testing.columns(host, metrics))
    return scoring.compared_first(metrics, functions, metric)


def _metrics(host: Host, request: Request) -> dict[str, Metric]:
    return testing.checked(host, request.owner, request.settings.metrics or request.preset.metrics)


def _decided(subject: PassageSubject[Summarised], precision: str) -> tuple[SummaryRule, tuple[Finding, ...], Logits]:
    """Return the rule that validation texts call for, what to say of it, and the logits of the test sentences."""
    validation, test = (
        models.passage_logits(subject.model, subject.examples[part], precision=precision)
        for part in ("validation", "test")
    )
    return *choose_rule(subject.marked["validation"], validation), test


def _summaries(subject: PassageSubject[Summarised], rule: SummaryRule, logits: Logits) -> list[str]:
    own = subject.marked["test"]
    scores = [rule.probabilities(each, own.sentences(row)) for row, each in enumerate(logits)]
    return summaries(own, scores, rule.sentences)
