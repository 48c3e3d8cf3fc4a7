"""The report of a run: its scores beside baselines, and what the user should know about it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from acclimate import evaluation, training
from acclimate.api import corners, inputs, scoping, scoring
from acclimate.api.analysing import Tested, analyse
from acclimate.api.clock import Clock
from acclimate.api.deciding import Decisions
from acclimate.api.report_fields import of_run, usual_settings
from acclimate.api.request import Request
from acclimate.api.stages import Learned
from acclimate.api.subject import Subject
from acclimate.api.words import WORDS, word_scores
from acclimate.contracts import Analysis, Finding, Metric, Plan, Report, Score
from acclimate.plugins import Host

Table = np.ndarray[Any, np.dtype[np.float64]]
Scored = Mapping[str, Mapping[str, Score]]


def score_all(
    host: Host, request: Request, subject: Subject, plan: Plan, learned: Learned
) -> tuple[Mapping[str, Score], Scored, tuple[Finding, ...]]:
    """Return the scores of the model, those of the baselines, and what both say."""
    test, validation, labels = subject.parts["test"], subject.parts["validation"], subject.model.labels
    metrics = _metrics(host, request, subject)
    frozen = scoring.ranked(learned.frozen_logits, learned.frozen_thresholds) if plan.adds else None
    tables = {
        "": scoring.ranked(learned.logits, learned.thresholds),
        **_baselines(request, subject, frozen),
    }
    cornered: tuple[Finding, ...] = ()
    if learned.corner_logits is not None:
        tables["corners_linear"] = corners.ranked(learned.corner_logits, multilabel=test.multilabel)
        auroc = scoring.metrics_of(
            host, request.owner, ("auroc",), task=request.preset.task, multilabel=test.multilabel
        )
        asked = {"": tables["corners_linear"]}
        found = scoring.score(host, test.truth, asked, auroc, groups=test.groups, seed=request.settings.seed)
        cornered = corners.told(found[""]["auroc"])
    scored = scoring.score(host, test.truth, tables, metrics, groups=test.groups, seed=request.settings.seed)
    values = scored.pop("")
    findings = (
        *request.notes,
        *_named_by_plugin(request, plan),
        *inputs.lost_tokens(subject.examples),
        *inputs.cut_volumes(subject.examples),
        *_about(request, plan, learned.trained),
        *scoring.findings(test.truth, tables[""], labels, values, scored, metrics, validation.truth),
        *cornered,
        *learned.notes,
    )
    return values, scored, findings


def analysis_of(
    host: Host,
    request: Request,
    subject: Subject,
    learned: Learned,
    decisions: Decisions,
    values: Mapping[str, Score],
) -> tuple[Analysis, tuple[Finding, ...]]:
    """Return what the report tells beyond its scores `values`, and what to know about it."""
    test, metrics = subject.parts["test"], _metrics(host, request, subject)
    tested = Tested(
        model=subject.model,
        part=test,
        examples=subject.examples["test"],
        prepare=subject.prepare,
        logits=learned.logits,
        thresholds=learned.thresholds,
        uncalibrated=learned.uncalibrated,
        decisions=decisions,
        settings=request.settings,
        columns=request.columns,
        slices=inputs.sliced(request.settings, request.preset, test.rows),
    )
    analysis, told = analyse(host, tested, values, metrics)
    if decisions.scope_threshold is None:
        return analysis, told
    scope = scoping.measure_scope(decisions, scoped_rows(subject, learned, "test"))
    return replace(analysis, scope=scope), told


def scoped_rows(subject: Subject, learned: Learned, name: str) -> scoping.Scored:
    """Return the validation or test rows with what the model says of them, and those out of scope beside them."""
    test = name == "test"
    logits = learned.logits if test else learned.validation_logits
    own = learned.own_logits if test else learned.own_validation_logits
    other = scoping.OUTSIDE[name]
    return scoping.Scored(
        part=subject.parts[name],
        logits=logits,
        own_logits=logits if own is None else own,
        outside=subject.parts.get(other),
        outside_logits=learned.outside_logits.get(other),
    )


def report_of(
    request: Request,
    subject: Subject,
    plan: Plan,
    learned: Learned,
    scored: tuple[Mapping[str, Score], Scored, tuple[Finding, ...]],
    analysis: Analysis,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    values, baselines, findings = scored
    truth, labels = subject.parts["test"].truth, subject.model.labels
    return Report(
        **of_run(request, subject, plan, clock),
        metrics=values,
        baselines=baselines,
        findings=findings,
        labels=labels,
        **scoring.tables_of_errors(truth, learned.logits, labels, learned.thresholds),
        settings=_settings(request, subject, plan, learned),
        history=learned.trained.history if learned.trained else (),
        analysis=analysis,
    )


def _metrics(host: Host, request: Request, subject: Subject) -> dict[str, Metric]:
    multilabel = subject.parts["test"].multilabel
    return scoring.metrics_of(
        host,
        request.owner,
        scoring.metric_names(request.preset, multilabel=multilabel),
        task=request.preset.task,
        multilabel=multilabel,
        labels=subject.model.labels,
        positive=request.settings.positive,
    )


def _baselines(request: Request, subject: Subject, frozen: Table | None) -> dict[str, Table]:
    train, test, labels = subject.parts["train"], subject.parts["test"], subject.model.labels
    if test.multilabel:
        prior = evaluation.label_prior(train.truth.sum(axis=0), len(train.truth), len(test.truth))
        tables = {"label_prior": prior}
    else:
        tables = {"majority_class": evaluation.majority_class(train.truth, len(test.truth), len(labels))}
    if request.preset.modality == "text":
        tables[WORDS] = word_scores(request, subject)
    if frozen is not None:
        tables["frozen_linear"] = frozen
    return tables


def _named_by_plugin(request: Request, plan: Plan) -> tuple[Finding, ...]:
    if request.method != "auto" or request.searched:
        return ()
    message = f"auto took {plan.method}, which plugin {request.owner!r} names for such rows; nothing was searched."
    return (Finding(code="auto-named", level="note", message=message),)


def _about(request: Request, plan: Plan, trained: training.Trained | None) -> tuple[Finding, ...]:
    settings = request.settings
    if trained is None:
        unused = [name for name in ("epochs", "max_steps", "learning_rate", "batch_size") if getattr(settings, name)]
        return tuple(
            Finding(
                code="option-without-effect",
                message=f"{name} has no effect: method {plan.method!r} solves its head and takes no steps.",
            )
            for name in unused
        )
    if trained.best_epoch == 0:
        return (
            Finding(
                code="training-did-not-help",
                message="No epoch was better on the validation rows than the frozen features that training started "
                "from; the saved model is that start. Try a lower learning_rate, more epochs, or method 'frozen'.",
            ),
        )
    return ()


def _settings(request: Request, subject: Subject, plan: Plan, learned: Learned) -> dict[str, Any]:
    settings: dict[str, Any] = {
        **usual_settings(request.settings),
        "max_tokens": request.settings.max_tokens,
        "image_size": request.settings.image_size,
        "positive": request.settings.positive,
        "good": request.settings.good,
        "operate": request.settings.operate,
        "prevalence": request.settings.prevalence,
        "answer": request.settings.answer,
        "out_of_scope": subject.outside,
        "retention": scoping.retention_of(request.settings, subject.outside),
        "scope_score": request.settings.scope_score,
        "calibration": request.settings.calibration,
        "near": request.settings.near,
        "slices": list(request.settings.slices),
        "reading": dict(request.settings.reading),
        "preparing": dict(request.preset.preparing),
    }
    if request.searched:
        settings["auto"] = dict(request.searched)
    if plan.trains:
        settings |= {
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rates": list(learned.rates),
            "head": plan.head,
        }
    return settings
