"""`adapt` for spans: from texts with labelled spans to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from acclimate import models, training
from acclimate.api import own_truth, saved
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned, told_forward
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.scoring import compared_first
from acclimate.api.starting import subject_fields
from acclimate.api.tagging import learning, rows, scoring, testing
from acclimate.api.tagging.deciding import decide, outside_share
from acclimate.api.tagging.predicting import found_in
from acclimate.api.tagging.probing import probe
from acclimate.api.tagging.subject import TagSubject
from acclimate.contracts import Metric, Plan, Report
from acclimate.plugins import Host

_PROBE_ROWS = 8


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to find spans asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
    lesson = learning.lesson(subject)
    with clock.stage("probe"):
        arithmetic = own_truth.forward_arithmetic(subject, lesson)
        request = replace(request, notes=(*request.notes, *probe(subject, plan, arithmetic.precision)))
        others = testing.baselines(subject.parts["train"], subject.parts["test"])
        if plan.trains:
            others[testing.FROZEN] = _found(subject, arithmetic.precision)
    with clock.stage("train"):
        chosen = arithmetic.precision, told_forward(arithmetic)
        learned = own_truth.learn_from_solved(
            subject, plan, lesson, chosen, lambda scores: tell(host, request, "epoch", **scores)
        )
    with clock.stage("decide"):
        outside, told = decide(subject, learned.precision)
        request = replace(request, notes=(*request.notes, *told))
    with clock.stage("evaluate"):
        logits = models.unit_values(subject.model, subject.examples["test"], precision=learned.precision)
        tested = testing.measure(
            host,
            subject.parts["test"],
            subject.examples["test"],
            logits,
            metrics,
            subject.model.labels,
            outside=outside,
            outside_share=outside_share(subject),
            others=others,
            seed=subject.settings.seed,
            shown=subject.settings.show_rows,
        )
    report = _report(request, subject, plan, learned, tested, clock)
    save = partial(_save, host, request, subject, plan, learned, outside, logits)
    return conclude(host, request, report, tested.records, tested.test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's texts.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del multilabel
    metrics = _metrics(host, request)
    functions = scoring.functions_of_rows(host, metrics, labels)
    return compared_first(metrics, functions, metric)


def _metrics(host: Host, request: Request) -> dict[str, Metric]:
    return scoring.checked(host, request.owner, request.settings.metrics or request.preset.metrics)


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, TagSubject, Plan]:
    _, dealt = rows.deal(host, request, folder)
    request = replace(request, notes=(*request.notes, *dealt.findings))
    parts, settings, labels = dealt.parts, request.settings, dealt.labels
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    need = replace(need_of(request, parts["train"], labels), multilabel=False)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_tagger(backbone, labels=labels, max_tokens=settings.max_tokens)
        resolved = models.with_units(resolved, rows.units_for(resolved.preprocessing, parts))
        plan: Plan = host.load(method)(resolved.model, need, settings)
    resolved.model.to(training.device())
    prepare = host.load(request.preset)
    subject = TagSubject(
        resolved=resolved,
        parts=parts,
        examples={name: rows.examples(part, resolved.preprocessing, prepare, labels) for name, part in parts.items()},
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return request, subject, plan


def _found(subject: TagSubject, precision: str) -> scoring.Spans:
    """Return the spans of the test texts by the model as it is."""
    examples = subject.examples["test"]
    logits = models.unit_values(subject.model, examples, precision=precision)
    return [[span[:3] for span in spans] for spans in found_in(examples, logits, subject.model.labels, 0.0)]


def _columns(host: Host, request: Request, subject: TagSubject) -> dict[str, Any]:
    """Return what a manifest says of further columns of a span: the code that gives them, and their names."""
    code = host.load(request.preset, "span_columns")
    names = list(code("", subject.model.labels[0])) if code else []
    return {"columns": str(request.preset.span_columns or ""), "told": names}


def _report(
    request: Request, subject: TagSubject, plan: Plan, learned: Learned, tested: TestedTexts, clock: Clock
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        labels=subject.model.labels,
        settings={
            **usual_settings(settings),
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            "units": subject.resolved.preprocessing.units,
            **trained_settings(plan, learned),
        },
    )


def _save(
    host: Host,
    request: Request,
    subject: TagSubject,
    plan: Plan,
    learned: Learned,
    outside: float,
    logits: Any,
    report: Report,
) -> None:
    train, test = subject.parts["train"], subject.examples["test"]
    probe_inputs = test.batch(range(min(_PROBE_ROWS, len(test))))
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=learned.precision),
            "spans": {"outside": outside, **_columns(host, request, subject)},
            "training_rows_by_label": train.truth.sum(axis=0).tolist(),
        },
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(logits)},
        probe={name: value for name, value in probe_inputs.items() if name != "truth"},
        host=host,
    )
