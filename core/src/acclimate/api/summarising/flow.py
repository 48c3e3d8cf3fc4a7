"""`adapt` for summaries: from texts with what people wrote of them to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import models, training
from acclimate.api import own_truth, saved, scoring
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.entailing.probing import probe
from acclimate.api.entailing.subject import PassageSubject
from acclimate.api.gradient import Learned, told_forward
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.starting import subject_fields
from acclimate.api.summarising import learning, rows, testing
from acclimate.api.summarising.deciding import Logits, SummaryRule, choose_rule, summaries
from acclimate.api.summarising.rows import Summarised
from acclimate.contracts import Finding, Metric, Plan, Report
from acclimate.plugins import Host

FROZEN = "frozen_linear"
_PROBE_ROWS = 8
_LOOKED_FOR = "sentences that say most of a summary"


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to summarise asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
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
    report = _report(request, subject, plan, learned, tested, clock)
    save = partial(_save, host, request, subject, plan, learned, rule, logits)
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


def _prepare(
    host: Host, request: Request, folder: Path, shown: bool
) -> tuple[Request, PassageSubject[Summarised], Plan]:
    _, dealt = rows.deal(host, request, folder)
    parts, settings = dealt.parts, request.settings
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    need = need_of(request, parts["train"], rows.LABELS)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_entailer(backbone, labels=rows.LABELS, max_tokens=settings.max_tokens)
        plan: Plan = host.load(method)(resolved.model, need, settings)
    prepare, own = host.load(request.preset), resolved.preprocessing
    summarised = {name: rows.summarised(part, prepare, own) for name, part in parts.items()}
    taught = rows.check_taught(summarised["train"])
    resolved.model.to(training.device())
    subject = PassageSubject(
        resolved=resolved,
        parts=parts,
        marked=summarised,
        examples={
            name: rows.examples_of(each.texts, each.places, each.best, each.ids, own)
            for name, each in summarised.items()
        },
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return replace(request, notes=(*request.notes, *dealt.findings, *taught)), subject, plan


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


def _report(
    request: Request,
    subject: PassageSubject[Summarised],
    plan: Plan,
    learned: Learned,
    tested: testing.Tested,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        labels=subject.model.labels,
        settings={
            **usual_settings(subject.settings),
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            **trained_settings(plan, learned),
        },
    )


def _save(
    host: Host,
    request: Request,
    subject: PassageSubject[Summarised],
    plan: Plan,
    learned: Learned,
    rule: SummaryRule,
    logits: Logits,
    report: Report,
) -> None:
    test = subject.examples["test"]
    probe_inputs = test.batch(range(min(_PROBE_ROWS, len(test))))
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=learned.precision),
            "summaries": rule.to_dict(),
        },
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(np.concatenate(list(logits)))},
        probe={name: value for name, value in probe_inputs.items() if name != "truth"},
        host=host,
    )
