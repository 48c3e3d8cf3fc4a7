"""`adapt` for chats: from a source of chats to a saved, proven, measured model that answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import evaluation, models, training
from acclimate.api import saved
from acclimate.api.adapting import Run, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.generating import learning, rows, scoring, testing
from acclimate.api.generating.showing import show_example
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import parameter_counts, start_was_kept
from acclimate.api.provenance import manifest_of
from acclimate.api.reporting import about
from acclimate.api.request import Request, checkpoint_file
from acclimate.api.sameness import check_same, fresh_cache
from acclimate.contracts import (
    Analysis,
    Chat,
    Exchange,
    Finding,
    Language,
    Metric,
    Plan,
    Report,
    Score,
    cache_folder,
)
from acclimate.plugins import Host

UNTUNED = "untuned"
_PROBE_ROWS, _PROBE_TOKENS = 2, 64
_SHOWN = 8
_LONGEST = 1500
_ENDED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """The test rows of a run and how answers to them are written."""

    chats: Sequence[Chat]
    places: tuple[int, ...]
    writing: models.Writing
    precision: str
    general: models.ChatExamples | None

    def measure(self, subject: ChatSubject, title: str) -> testing.Measured:
        return testing.measure(
            subject.model,
            subject.resolved.preprocessing,
            subject.examples["test"],
            self.chats,
            self.writing,
            precision=self.precision,
            places=self.places,
            general=self.general,
            title=title,
            shown=subject.shown,
        )


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to write answers asks."""
    clock = Clock()
    metrics = scoring.metrics_of(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
        forward = learning.forward_arithmetic(subject)
        test = _test_of(subject, forward)
    with clock.stage("untuned"):
        before = test.measure(subject, "the untuned model")
    with clock.stage("train"):
        learned = learning.learn(subject, plan, forward, lambda scores: tell(host, request, "epoch", **scores))
    with clock.stage("evaluate"):
        after = test.measure(subject, "the tuned model")
        report = _report(host, request, subject, plan, learned, test, before, after, metrics, clock)
    reviewed = host.review_report(request.owner, report, testing.records(subject.parts["test"], test.chats, after))
    report = replace(report, findings=(*report.findings, *reviewed))
    tell(host, request, "evaluated", metrics={name: score.value for name, score in report.metrics.items()})
    _save(host, request, subject, plan, test, after, report)
    tell(host, request, "written", output=str(request.output))
    part = subject.parts["test"]
    scored = evaluation.ScoredRows(ids=part.ids, truth=part.truth, groups=part.groups, scores=after.losses)
    return Run(output=request.output, report=report, test_rows=scored, host=host)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics of the losses of answers by name, the compared one first, and their functions.

    Raises:
        OptionError: for a metric of written answers.
    """
    del labels, multilabel
    asked = request.settings.metrics or request.preset.metrics
    names = dict.fromkeys((*([metric] if metric else []), *(name for name in asked if name in scoring.OF_LOSSES)))
    metrics = scoring.checked(host, request.owner, tuple(names) or scoring.OF_LOSSES, written=True)
    return metrics, scoring.functions_of_rows(host, metrics)


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, ChatSubject, Plan]:
    _, dealt = rows.deal(host, request, folder)
    settings = request.settings
    backbone = choose_backbone(host, request, need_of(request, dealt.parts["train"], ()))
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_writer(backbone, max_tokens=settings.max_tokens, system=settings.system)
    prepare = host.load(request.preset)
    parts, examples, lengths, told = rows.tokenised(dealt.parts, resolved.preprocessing, prepare, settings.too_long)
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    request = replace(request, notes=(*request.notes, *dealt.findings, *told, *_template(resolved)))
    with training.seeded(settings.seed):
        plan: Plan = host.load(method)(resolved.model, need_of(request, parts["train"], ()), settings)
    learning.check_plan(plan)
    subject = ChatSubject(
        resolved=resolved,
        backbone=backbone,
        method=method,
        install=host.load(method, "install"),
        prepare=prepare,
        parts=parts,
        examples=examples,
        lengths=lengths,
        settings=settings,
        cache=fresh_cache(folder / "cache") if request.original else cache_folder(),
        checkpoint=checkpoint_file(request.output),
        shown=shown,
    )
    if request.original:
        check_same(request.original, subject)
    show_example(subject)
    return request, subject, plan


def _template(resolved: models.ResolvedWriter) -> tuple[Finding, ...]:
    if not resolved.own_template:
        return ()
    message = "Chats are written by a template of ours, not by the tokenizer's, which cannot be trained with: "
    message += f"{resolved.own_template}."
    return (Finding(code="own-template", level="note", message=message),)


def _test_of(subject: ChatSubject, forward: training.Arithmetic) -> _Test:
    settings, preprocessing, part = subject.settings, subject.resolved.preprocessing, subject.parts["test"]
    writing = models.Writing(
        limit=testing.answer_limit(settings.max_new_tokens, subject.examples["train"]),
        stops=preprocessing.stops,
        seed=settings.seed,
    )
    return _Test(
        chats=rows.chats_of(part, subject.prepare),
        places=testing.drawn(settings.written_rows, len(part.truth), settings.seed),
        writing=writing,
        precision=forward.precision,
        general=testing.general_examples(settings.general_text, preprocessing),
    )


def _report(
    host: Host,
    request: Request,
    subject: ChatSubject,
    plan: Plan,
    learned: learning.Learned,
    test: _Test,
    before: testing.Measured,
    after: testing.Measured,
    metrics: Mapping[str, Metric],
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    values, untuned = (
        scoring.score(
            host, metrics, each.losses, each.answers, groups=subject.parts["test"].groups, seed=settings.seed
        )
        for each in (after, before)
    )
    language = Language(
        lengths=subject.lengths,
        limit=subject.resolved.preprocessing.max_tokens,
        supervised=subject.examples["train"].supervised_share,
        exchanges=_exchanges(subject, test, before, after) if settings.show_rows else (),
        forgetting=testing.forgotten(before.general, after.general, settings.seed),
    )
    return Report(
        preset=request.name,
        method=plan.method,
        backbone=subject.backbone.source,
        output=str(request.output),
        rows={name: len(part.truth) for name, part in subject.parts.items()},
        metrics=values,
        baselines={UNTUNED: untuned},
        seconds=clock.seconds(),
        parameters=parameter_counts(subject.model),
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=(
            *request.notes,
            *start_was_kept(learned.trained),
            *findings(len(subject.parts["test"].truth), values, untuned, metrics),
            *learned.notes,
        ),
        settings={
            "seed": settings.seed,
            "max_rows": settings.max_rows,
            "allow_leakage": settings.allow_leakage,
            "options": dict(settings.options),
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            "too_long": settings.too_long,
            "bad_rows": settings.bad_rows,
            "system": subject.resolved.preprocessing.template.system,
            "template": subject.resolved.preprocessing.template.origin,
            "max_new_tokens": test.writing.limit,
            "written_rows": len(test.places),
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rates": list(learned.rates),
        },
        history=learned.trained.history,
        analysis=Analysis(language=language),
        **about(request.preset.task, subject.backbone.licence, settings.data_licence),
    )


def findings(
    count: int, values: Mapping[str, Score], untuned: Mapping[str, Score], metrics: Mapping[str, Metric]
) -> tuple[Finding, ...]:
    """Return what scores say: test rows that are too few, an untuned model that is better, answers without an end."""
    first = next(iter(values))
    found = evaluation.sample_size(np.zeros(count, dtype=np.int64), ("chat",))[: int(count < evaluation.FEW_ROWS)]
    if untuned:
        found += evaluation.compare(
            {first: values[first]}, {UNTUNED: {first: untuned[first]}}, better={first: metrics[first].better}
        )
    stop = values.get("stop_rate")
    if stop is not None and stop.value < _ENDED:
        message = f"Of the written answers only a share of {stop} came to an end within the limit of tokens. "
        message += "Train longer, or raise max_new_tokens if answers are to be that long."
        found += (Finding(code="answers-without-end", message=message),)
    return found


def _exchanges(
    subject: ChatSubject, test: _Test, before: testing.Measured, after: testing.Measured
) -> tuple[Exchange, ...]:
    if after.answers is None or before.answers is None:
        return ()
    ids = subject.parts["test"].ids
    return tuple(
        Exchange(
            id=ids[place],
            asked=test.chats[place][-2].content[:_LONGEST],
            expected=after.answers.expected[number][:_LONGEST],
            written=after.answers.written[number][:_LONGEST],
            untuned=before.answers.written[number][:_LONGEST],
            stopped=after.answers.stopped[number],
        )
        for number, place in enumerate(after.answers.places[:_SHOWN])
    )


def _save(
    host: Host,
    request: Request,
    subject: ChatSubject,
    plan: Plan,
    test: _Test,
    after: testing.Measured,
    report: Report,
) -> None:
    examples = subject.examples["test"]
    some = [examples.row(number) for number in range(min(_PROBE_ROWS, len(examples)))]
    probe = subject.resolved.preprocessing.collate([row.ids[:_PROBE_TOKENS] for row in some])
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=test.precision),
            "training_rows_by_label": [],
            "answers": {"max_new_tokens": test.writing.limit},
        },
        documents=saved.documents(report, subject.parts),
        results={"test.losses": torch.from_numpy(after.losses)},
        probe=probe,
        host=host,
    )
