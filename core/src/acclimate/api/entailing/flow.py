"""`adapt` for hypotheses: from texts with what they say to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from acclimate import evaluation, models, training
from acclimate.api import own_truth, saved
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.entailing import baselines, learning, rows, testing
from acclimate.api.entailing.deciding import EntailRule, Logits, choose_rule, evidence_scores
from acclimate.api.entailing.probing import probe
from acclimate.api.entailing.rows import Judged
from acclimate.api.entailing.subject import PassageSubject
from acclimate.api.gradient import Learned, told_forward
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.scoring import compared_first
from acclimate.api.starting import subject_fields
from acclimate.contracts import Metric, Plan, Report
from acclimate.plugins import Host

FROZEN = "frozen_linear"
_PROBE_ROWS = 8


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to judge hypotheses asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
    lesson = learning.lesson(subject)
    with clock.stage("probe"):
        arithmetic = own_truth.forward_arithmetic(subject, lesson)
        request = replace(request, notes=(*request.notes, *probe(subject, plan, arithmetic.precision)))
        others = _others(subject)
        if plan.trains:
            others[FROZEN] = _answers(subject, arithmetic.precision)
    with clock.stage("train"):
        chosen = arithmetic.precision, told_forward(arithmetic)
        learned = own_truth.learn_from_solved(
            subject, plan, lesson, chosen, lambda scores: tell(host, request, "epoch", **scores)
        )
    with clock.stage("decide"):
        rule, told = choose_rule(subject.marked["validation"], _passages(subject, "validation", learned.precision))
        request = replace(request, notes=(*request.notes, *told))
    with clock.stage("evaluate"):
        passages = _passages(subject, "test", learned.precision)
        tested = testing.measure(
            host,
            subject.marked["test"],
            passages,
            rule,
            metrics,
            labels=subject.model.labels,
            window=subject.resolved.preprocessing.max_tokens,
            others=others,
            seed=subject.settings.seed,
            shown=subject.settings.show_rows,
        )
    report = _report(request, subject, plan, learned, tested, clock)
    save = partial(_save, host, request, subject, plan, learned, rule, passages)
    return conclude(host, request, report, tested.records, tested.test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's hypotheses.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del labels, multilabel
    metrics = _metrics(host, request)
    return compared_first(metrics, testing.functions(host, metrics), metric)


def _metrics(host: Host, request: Request) -> dict[str, Metric]:
    return testing.checked(host, request.owner, request.settings.metrics or request.preset.metrics)


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, PassageSubject[Judged], Plan]:
    _, dealt = rows.deal(host, request, folder)
    parts, settings, names = dealt.parts, request.settings, rows.names_of(request.preset)
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    need = replace(need_of(request, parts["train"], names.order), multilabel=False)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_entailer(backbone, labels=names.order, max_tokens=settings.max_tokens)
        plan: Plan = host.load(method)(resolved.model, need, settings)
    prepare, own = host.load(request.preset), resolved.preprocessing
    judged = {name: rows.judged(part, prepare, own, names) for name, part in parts.items()}
    taught = rows.check_taught(judged["train"])
    resolved.model.to(training.device())
    subject = PassageSubject(
        resolved=resolved,
        parts=parts,
        marked=judged,
        examples={name: rows.of_part(part, judged[name], own) for name, part in parts.items()},
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return replace(request, notes=(*request.notes, *dealt.findings, *taught)), subject, plan


def _passages(subject: PassageSubject[Judged], part: str, precision: str) -> Logits:
    return models.passage_logits(subject.model, subject.examples[part], precision=precision)


def _others(subject: PassageSubject[Judged]) -> dict[str, testing.Answers]:
    """Return what baselines say of the test hypotheses."""
    train, test = subject.marked["train"], subject.marked["test"]
    labels = baselines.of_labels(train, test, len(subject.model.labels), seed=subject.settings.seed)
    found = {name: testing.Answers(labels=scores) for name, scores in labels.items()}
    for name, evidence in baselines.of_evidence(train, test).items():
        found[name] = testing.Answers(evidence=evidence)
    return found


def _answers(subject: PassageSubject[Judged], precision: str) -> testing.Answers:
    """Return what the model as it is says of the test hypotheses, by the rule that validation texts call for."""
    rule, _ = choose_rule(subject.marked["validation"], _passages(subject, "validation", precision))
    passages = _passages(subject, "test", precision)
    return testing.Answers(
        labels=rule.logits(passages),
        evidence=[evaluation.GivenEvidence(scores=each) for each in evidence_scores(passages)],
    )


def _report(
    request: Request,
    subject: PassageSubject[Judged],
    plan: Plan,
    learned: Learned,
    tested: testing.Tested,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        **tested.confusion,
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
    subject: PassageSubject[Judged],
    plan: Plan,
    learned: Learned,
    rule: EntailRule,
    passages: Logits,
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
            "entailment": {**rule.to_dict(), "hypotheses": rows.known_hypotheses(subject.marked["train"])},
        },
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(rule.logits(passages))},
        probe={name: value for name, value in probe_inputs.items() if name != "truth"},
        host=host,
    )
