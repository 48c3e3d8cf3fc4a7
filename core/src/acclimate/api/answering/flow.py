"""`adapt` for answers: from texts with questions to a saved, proven, measured model."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from acclimate import models, training
from acclimate.api import saved, scoring
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.answering import learning, rows, testing
from acclimate.api.answering.deciding import choose_rule, told
from acclimate.api.answering.predicting import AnswerRule, texts_of, truth_of
from acclimate.api.answering.subject import AnswerSubject
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.starting import subject_fields
from acclimate.contracts import FoundAnswers, Metric, Plan, Report
from acclimate.plugins import Host

_PROBE_ROWS = 8


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to answer questions asks."""
    clock = Clock()
    metrics = _metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
    with clock.stage("probe"):
        others = testing.baselines(subject.parts)
    with clock.stage("train"):
        learned = learning.learn(subject, plan, lambda scores: tell(host, request, "epoch", **scores))
    with clock.stage("decide"):
        rule, f1 = _decide(subject, learned.precision)
        count = len(subject.examples["validation"].asked)
        note = told(rule, f1, len(subject.parts["validation"].truth), count)
        request = replace(request, notes=(*request.notes, note))
    with clock.stage("evaluate"):
        part = subject.parts["test"]
        pairs = _pairs(subject, "test", learned.precision)
        texts = texts_of(part, rows.questions_of(part.rows))
        tested = testing.measure(
            host,
            part,
            [rule.apply(text, each) for text, each in zip(texts, pairs, strict=True)],
            metrics,
            about=_about(subject, rule),
            others=others,
            seed=subject.settings.seed,
            shown=subject.settings.show_rows,
        )
    report = _report(request, subject, plan, learned, tested, clock)
    save = partial(_save, host, request, subject, plan, learned, rule, pairs)
    return conclude(host, request, report, tested.records, tested.test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's questions.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del labels, multilabel
    metrics = _metrics(host, request)
    functions = scoring.functions_of_columns(host, metrics, testing.columns(host, metrics))
    return scoring.compared_first(metrics, functions, metric)


def _metrics(host: Host, request: Request) -> dict[str, Metric]:
    return testing.checked(host, request.owner, request.settings.metrics or request.preset.metrics)


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, AnswerSubject, Plan]:
    _, dealt = rows.deal(host, request, folder)
    parts, settings = dealt.parts, request.settings
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    need = need_of(request, parts["train"], models.ENDS)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_answerer(backbone, max_tokens=settings.max_tokens)
        plan: Plan = host.load(method)(resolved.model, need, settings)
    prepare = host.load(request.preset)
    longest = rows.longest_answer(parts["train"], prepare, resolved.preprocessing)
    overlap = rows.overlap_for(list(parts.values()), resolved.preprocessing, longest)
    resolved = models.with_overlap(resolved, overlap)
    resolved.model.to(training.device())
    examples = {name: rows.of_part(part, prepare, resolved.preprocessing) for name, part in parts.items()}
    cut = [finding for name, each in examples.items() for finding in rows.told_of_windows(each, name)]
    examples["train"], about = learning.taught(examples["train"], settings.seed)
    subject = AnswerSubject(
        resolved=resolved,
        parts=parts,
        examples=examples,
        longest=min(longest, resolved.preprocessing.max_tokens),
        **about,
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return replace(request, notes=(*request.notes, *dealt.findings, *cut)), subject, plan


def _pairs(subject: AnswerSubject, part: str, precision: str) -> list[list[models.Pair]]:
    examples = subject.examples[part]
    return models.find_answers(subject.model, examples, precision=precision, longest=subject.longest)


def _decide(subject: AnswerSubject, precision: str) -> tuple[AnswerRule, float]:
    part = subject.parts["validation"]
    questions = rows.questions_of(part.rows)
    return choose_rule(texts_of(part, questions), truth_of(part, questions), _pairs(subject, "validation", precision))


def _about(subject: AnswerSubject, rule: AnswerRule) -> FoundAnswers:
    return FoundAnswers(
        by_question={},
        threshold=rule.threshold,
        window=subject.resolved.preprocessing.max_tokens,
        overlap=subject.resolved.preprocessing.overlap,
        longest=subject.longest,
        empty_share=subject.empty_share,
        empty_learned=subject.empty_learned,
        empty_weight=subject.empty_weight,
    )


def _report(
    request: Request, subject: AnswerSubject, plan: Plan, learned: Learned, tested: TestedTexts, clock: Clock
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        labels=subject.model.labels,
        settings={
            **usual_settings(subject.settings),
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            "overlap": subject.resolved.preprocessing.overlap,
            "longest": subject.longest,
            **trained_settings(plan, learned),
        },
    )


def _save(
    host: Host,
    request: Request,
    subject: AnswerSubject,
    plan: Plan,
    learned: Learned,
    rule: AnswerRule,
    pairs: Sequence[Sequence[models.Pair]],
    report: Report,
) -> None:
    test = subject.examples["test"]
    probe_inputs = test.batch(range(min(_PROBE_ROWS, len(test))))
    found = [(number, *pair) for number, some in enumerate(pairs) for pair in some]
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=learned.precision),
            "answers": {
                **asdict(rule),
                "longest": subject.longest,
                "questions": rows.known_questions(subject.parts["train"]),
            },
        },
        documents=saved.documents(report, subject.parts),
        results={
            "test.answers": torch.tensor(found, dtype=torch.float64).reshape(-1, 4),
            # Of each question the score of its best passage: what a repeated run is compared by.
            "test.logits": torch.tensor([some[0][2] if some else 0.0 for some in pairs], dtype=torch.float64),
        },
        probe={name: value for name, value in probe_inputs.items() if name != "truth"},
        host=host,
    )
