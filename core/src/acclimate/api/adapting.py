"""`adapt`: from a source of rows to a saved, proven, measured model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import evaluation, models, training
from acclimate.api import calibrating, dealing, deciding, fused, inputs, sameness, saved, scoping, scoring, stages
from acclimate.api.cases import called_cases
from acclimate.api.choosing import check_trained, choose_backbone, choose_method, first_of_search, make_plan, need_of
from acclimate.api.clock import Clock
from acclimate.api.cross_validating import check_folds, cross_validate, folds_of
from acclimate.api.flows import flow_of
from acclimate.api.lookalikes import lookalikes
from acclimate.api.predictor import load
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import reviewed
from acclimate.api.reporting import analysis_of, report_of, scoped_rows, score_all
from acclimate.api.request import (
    BUDGET_MINUTES,
    Request,
    check_budget,
    check_method,
    check_resume,
    choose_output,
    find_preset,
    split_options,
    with_defaults,
    with_embargo,
    with_metrics,
    with_preparing,
)
from acclimate.api.search import search
from acclimate.api.spaced import is_placed, with_reading
from acclimate.api.stacks import check_search
from acclimate.api.starting import subject_fields
from acclimate.api.subject import Subject
from acclimate.api.variant import read_variant
from acclimate.contracts import (
    STACKS,
    OptionError,
    Plan,
    Preset,
    Report,
    RunEvent,
    good_label,
)
from acclimate.plugins import Host, default_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run: where it was saved, its report, what the model says of the test rows, and a demo's pictures.

    `earlier` is the run that a demo does first, where it does.
    """

    output: Path
    report: Report
    test_rows: evaluation.ScoredRows
    host: Host
    pictures: tuple[Path, ...] = ()
    earlier: "Run | None" = None

    def load(self) -> Any:
        """Return the saved model, ready to predict."""
        return load(self.output, host=self.host)


def adapt(
    preset: str | Preset,
    source: str | Path,
    *,
    method: str | None = None,
    budget: float | None = None,
    backbone: str | None = None,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    host: Host | None = None,
    shown: bool = True,
    **options: Any,
) -> Run:
    """Adapt a pretrained model to the rows of `source`, measure it on rows it never saw, and save it.

    Args:
        preset: a preset such as `"legal/clauses"`, or the object a vertical exports.
        source: a file, a folder, `"hub:OWNER/NAME"`, or what the preset's plugin reads.
        method: `"full"`, `"frozen"`, `"lora"`, …, `"peft:TYPE"`, or `"auto"` to search for it; the preset's choice
            when left out. Options may stand behind it: `"lora:rank=16"`, `"full:head=random"`.
        budget: minutes that reading, searching and training may take by method `"auto"`; 10 when left out.
        backbone: a backbone's name, a hub id, a local folder or `"package:NAME"`.
        test: a source of test rows; when left out they are split off.
        validation: a source of validation rows; when left out they are split off.
        output: a new folder; the first free `runs/PRESET-N` when left out.
        resume: go on with the run to `output` that was stopped, from its last checkpoint.
        host: the plugins to use; those installed when left out.
        shown: show progress on standard error.
        options: column names (`text`, `image`, `mask`, `label`, `group`, `time`, `id`, …), `label_separator` where
            text holds several labels, `label_names` for what labels stand for, and the fields of
            `acclimate.contracts.Settings` (`epochs`, `max_steps`, `seed`, `max_tokens`, …).

    Raises:
        AcclimateError: for input that cannot be used, before any training.
    """
    host = host or default_host()
    request = ask(host, preset, source, method, backbone, test, validation, output, options, budget)
    if resume and request.method == "auto" and request.preset.ladder:
        raise OptionError(
            f"Method auto of {request.name} is several runs, and does not go on from where one stopped.",
            "Choose another output; or go on with the preset of the run that was stopped.",
        )
    check_resume(request.output, resume)
    return run(host, request, shown=shown)


def ask(
    host: Host,
    preset: str | Preset,
    source: str | Path,
    method: str | None,
    backbone: str | None,
    test: str | Path | None,
    validation: str | Path | None,
    output: str | Path | None,
    options: dict[str, Any],
    budget: float | None = None,
) -> Request:
    """Return a checked request; the arguments are those of `adapt`."""
    found, owner, name = find_preset(host, preset)
    variant = read_variant(method or found.method)
    own = {**(options.get("options") or {}), **variant.options}
    columns, settings = split_options({**options, **variant.settings, "options": own})
    _check_budget(budget, variant.method)
    check_folds(settings, timed=columns.timed, given=test is not None or validation is not None)
    request = Request(
        preset=with_preparing(
            with_embargo(with_metrics(found, settings.metrics), settings.embargo), settings.preparing
        ),
        owner=owner,
        name=name,
        source=str(source),
        test=None if test is None else str(test),
        validation=None if validation is None else str(validation),
        columns=columns,
        settings=with_defaults(settings, found),
        method=variant.method,
        backbone=backbone or found.backbone,
        output=choose_output(output, name),
        budget_minutes=BUDGET_MINUTES if budget is None else budget,
    )
    flow_of(found.task).check(request)
    offers = host.candidates("method", owner).values()
    if request.method == "auto":
        check_search(found.task, offers)
    else:
        check_method(host.find("method", request.method, owner), found.task, offers)
    if request.backbone == "auto":
        return request
    chosen = choose_backbone(host, request, None)
    check_trained(chosen, request.method)
    return with_reading(host, request, chosen)


def _check_budget(budget: float | None, method: str) -> None:
    if budget is None:
        return
    check_budget(budget, f"{BUDGET_MINUTES:g} minutes")
    if method != "auto":
        raise OptionError(
            f"budget bounds the search of method 'auto', found it with method {method!r}.",
            "Leave budget out, or name method 'auto'.",
        )


def run(host: Host, request: Request, *, shown: bool = True) -> Run:
    """Do what a request asks."""
    with TemporaryDirectory(prefix="acclimate-") as folder, training.quiet_libraries():
        return flow_of(request.preset.task).adapt(host, request, Path(folder), shown)


def classify(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to sort rows into labels asks."""
    clock = Clock()
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
    if plan is None:
        request, subject, plan = _search(host, request, subject, clock)
    folds, few = folds_of(request, plan, subject.parts)
    crossed = None
    if folds is not None:
        with clock.stage("cross-validate"):
            crossed = cross_validate(host, request, subject, folds, folder)
    with clock.stage("train"):
        learned = stages.learn(subject, plan, lambda kind, **details: tell(host, request, kind, **details))
        plan = fused.described(subject, plan)
    with clock.stage("evaluate"):
        validation = subject.parts["validation"]
        decisions, decided = deciding.decide(
            validation, learned.validation_logits, subject.model.labels, request.settings
        )
        decisions, scoped = scoping.decide_scope(
            decisions, scoped_rows(subject, learned, "validation"), subject.outside, request.settings
        )
        values, baselines, findings = score_all(host, request, subject, plan, learned)
        analysis, more = analysis_of(host, request, subject, learned, decisions, values)
    analysis = replace(analysis, cross_validated=crossed)
    scored = values, baselines, (*findings, *decided, *scoped, *more, *few)
    report = report_of(request, subject, plan, learned, scored, analysis, clock)
    test = subject.parts["test"]
    records = scoring.records(test.ids, test.truth, learned.logits, report.labels, learned.thresholds)
    test_rows = evaluation.ScoredRows(
        ids=test.ids,
        truth=test.truth,
        groups=test.groups,
        scores=scoring.ranked(learned.logits, learned.thresholds),
    )
    save = partial(_save, host, request, subject, plan, learned, decisions)
    return conclude(host, request, report, {**records, **_cases(host, request, subject, learned)}, test_rows, save)


def _cases(host: Host, request: Request, subject: Subject, learned: stages.Learned) -> Mapping[str, Any]:
    def logits(texts: models.Examples) -> NDArray[np.float64]:
        own = evaluation.by_id(list(texts.ids), models.logits(subject.model, texts, precision=learned.precision))
        several = learned.thresholds is not None
        return evaluation.follow(learned.curves, own, several=several) if learned.curves else own

    asked = subject.resolved.preprocessing, subject.prepare, logits
    return called_cases(host, request.preset, *asked, subject.model.labels, learned.thresholds)


def _search(host: Host, request: Request, subject: Subject, clock: Clock) -> tuple[Request, Subject, Plan]:
    with clock.stage("search"):
        found = search(host, request, subject, ends=clock.started + 60 * request.budget_minutes)
    return (
        replace(request, notes=(*request.notes, *found.notes), searched=found.record),
        replace(subject, method=found.method, install=host.load(found.method, "install")),
        found.plan,
    )


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, Subject, Plan | None]:
    """Return what is adapted and how; no plan, and the method that a search begins with, where one is to find it.

    The request comes back with what the leak checks found in its rows.
    """
    dealt = dealing.deal_request(host, request, dealing.read_tables(host, request, folder))
    parts, labels = dealt.parts, dealt.labels
    audited = inputs.audited(host, request.preset, (text for part in parts.values() for text in part.rows["text"]))
    request = replace(request, notes=(*request.notes, *dealt.findings, *audited))
    rows = {name: len(part.truth) for name, part in parts.items()}
    tell(host, request, "split", rows=rows)
    deciding.check_positive(request.settings, labels, multilabel=parts["train"].multilabel)
    if request.settings.good:
        good_label(labels, request.settings.good)
    calibrating.check_calibration(request.settings, parts["validation"], labels)
    need = need_of(request, parts["train"], labels)
    names = scoring.metric_names(request.preset, multilabel=need.multilabel)
    # A metric that does not fit is refused before anything is computed.
    scoring.metrics_of(
        host,
        request.owner,
        names,
        task=need.task,
        multilabel=need.multilabel,
        labels=labels,
        positive=request.settings.positive,
    )
    backbone = choose_backbone(host, request, need)
    chosen = choose_method(host, request, need, backbone)
    method = chosen or first_of_search(host, request)
    if need.task == STACKS:
        with training.seeded(request.settings.seed):
            resolved = models.resolve_stacks(backbone, labels=labels, placed=is_placed(request.settings))
    else:
        settings = request.settings
        resolved = models.resolve(backbone, labels=labels, max_tokens=settings.max_tokens, side=settings.image_size)
    resolved.model.to(training.device())
    plan = make_plan(host, request, method, resolved.model, parts["train"])
    prepare = host.load(request.preset)
    examples = {
        name: inputs.examples(
            part.rows,
            resolved.preprocessing,
            prepare,
            folder / f"{name}.tokens",
            part.fingerprints,
            mirrored=request.preset.mirrored,
        )
        for name, part in parts.items()
    }
    subject = Subject(
        resolved=resolved,
        prepare=prepare,
        parts=parts,
        examples=examples,
        corners=request.preset.corners,
        outside=dealt.outside,
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        sameness.check_same(request.original, subject)
    request = replace(request, notes=(*request.notes, *lookalikes(subject)))
    return request, subject, plan if chosen else None


def _save(
    host: Host,
    request: Request,
    subject: Subject,
    plan: Plan,
    learned: stages.Learned,
    decisions: deciding.Decisions,
    report: Report,
) -> None:
    train = subject.parts["train"]
    positives = train.truth.sum(axis=0) if train.multilabel else np.bincount(train.truth)
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=learned.precision),
            "multilabel": train.multilabel,
            "thresholds": None if learned.thresholds is None else learned.thresholds.tolist(),
            "decisions": decisions.to_dict(),
            "training_rows_by_label": positives.tolist(),
            "calibration": {
                "temperature": learned.temperature,
                "folded_into": "head",
                "curves": calibrating.plain_curves(learned.curves),
            },
        },
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(learned.logits)},
        probe=subject.examples["test"].batch(range(min(8, len(subject.examples["test"])))),
        host=host,
    )


def conclude(
    host: Host,
    request: Request,
    report: Report,
    records: Mapping[str, Any],
    test_rows: evaluation.ScoredRows,
    save: Callable[[Report], None],
) -> Run:
    """Return the run, once the plugin has reviewed its report by the `records` of test rows, and it was saved."""
    report = reviewed(host, request.owner, report, records)
    tell(host, request, "evaluated", metrics={name: score.value for name, score in report.metrics.items()})
    save(report)
    tell(host, request, "written", output=str(request.output))
    return Run(output=request.output, report=report, test_rows=test_rows, host=host)


def tell(host: Host, request: Request, kind: Any, **details: Any) -> None:
    """Tell every plugin how far a run is."""
    host.observe(RunEvent(kind=kind, preset=request.name, details=details))
