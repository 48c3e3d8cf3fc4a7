"""`adapt` for hypotheses: from texts with what they say to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from acclimate import evaluation, models
from acclimate.api import own_truth
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.clock import Clock
from acclimate.api.entailing import baselines, learning, rows, testing
from acclimate.api.entailing.deciding import Logits, choose_rule, evidence_scores
from acclimate.api.entailing.rows import Judged
from acclimate.api.gradient import told_forward
from acclimate.api.passages import stages
from acclimate.api.passages.probing import probe
from acclimate.api.passages.stages import PassageTask
from acclimate.api.passages.subject import PassageSubject
from acclimate.api.request import Request
from acclimate.api.scoring import compared_first
from acclimate.contracts import Metric
from acclimate.plugins import Host

FROZEN = "frozen_linear"


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to judge hypotheses asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        names = rows.names_of(request.preset)
        task = PassageTask(
            read=rows.READ,
            labels=names.order,
            mark=partial(rows.judged, names=names),
            taught=rows.check_taught,
            examples=rows.of_part,
        )
        request, subject, plan = stages.prepare(host, request, folder, shown, task)
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
    report = stages.report_of(request, subject, plan, learned, tested, clock, **tested.confusion)
    hypotheses = rows.known_hypotheses(subject.marked["train"])
    told_of_task = {"entailment": {**rule.to_dict(), "hypotheses": hypotheses}}
    save = partial(
        stages.save, host, request, subject, plan, learned, told=told_of_task, logits=rule.logits(passages)
    )
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
