"""`adapt`: from a source of rows to a saved, proven, measured model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from acclimate import evaluation, models, training
from acclimate.api import inputs, saved, scoring, stages
from acclimate.api.clock import Clock
from acclimate.api.predictor import Predictor, load
from acclimate.api.request import (
    Request,
    cache_folder,
    check_method,
    choose_output,
    find_preset,
    split_options,
    with_defaults,
)
from acclimate.contracts import (
    Backbone,
    Finding,
    Method,
    Need,
    OptionError,
    Plan,
    Preset,
    Report,
    RunEvent,
    UnknownNameError,
)
from acclimate.plugins import Host, default_host

Offered = TypeVar("Offered", Backbone, Method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run: where it was saved, and its report."""

    output: Path
    report: Report

    def load(self) -> Predictor:
        """Return the saved model, ready to predict."""
        return load(self.output)


def adapt(
    preset: str | Preset,
    source: str | Path,
    *,
    method: str | None = None,
    backbone: str | None = None,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    output: str | Path | None = None,
    host: Host | None = None,
    shown: bool = True,
    **options: Any,
) -> Run:
    """Adapt a pretrained model to the rows of `source`, measure it on rows it never saw, and save it.

    Args:
        preset: a preset such as `"legal/clauses"`, or the object a vertical exports.
        source: a file, a folder, `"hub:OWNER/NAME"`, or what the preset's plugin reads.
        method: `"full"`, `"frozen"`, `"lora"`, …; the preset's choice when left out.
        backbone: a backbone's name, a hub id, a local folder or `"package:NAME"`.
        test: a source of test rows; when left out they are split off.
        validation: a source of validation rows; when left out they are split off.
        output: a new folder; the first free `runs/PRESET-N` when left out.
        host: the plugins to use; those installed when left out.
        shown: show progress on standard error.
        options: column names (`text`, `image`, `label`, `group`, `time`, `id`) and the fields of
            `acclimate.contracts.Settings` (`epochs`, `max_steps`, `seed`, `max_tokens`, …).

    Raises:
        AcclimateError: for input that cannot be used, before any training.
    """
    host = host or default_host()
    return run(host, ask(host, preset, source, method, backbone, test, validation, output, options), shown=shown)


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
) -> Request:
    """Return a checked request; the arguments are those of `adapt`."""
    found, owner, name = find_preset(host, preset)
    columns, settings = split_options(options)
    request = Request(
        preset=found,
        owner=owner,
        name=name,
        source=str(source),
        test=None if test is None else str(test),
        validation=None if validation is None else str(validation),
        columns=columns,
        settings=with_defaults(settings, found),
        method=method or found.method,
        backbone=backbone or found.backbone,
        output=choose_output(output, name),
    )
    if request.method != "auto":
        check_method(host.find("method", request.method, owner), found.task)
    if request.backbone != "auto":
        _backbone(host, request, None)
    return request


def run(host: Host, request: Request, *, shown: bool = True) -> Run:
    """Do what a request asks."""
    with TemporaryDirectory(prefix="acclimate-") as folder, training.quiet_libraries():
        return _run(host, request, Path(folder), shown)


def _run(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    clock = Clock()
    _tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        parts, labels = _read(host, request, folder)
        rows = {name: len(part.truth) for name, part in parts.items()}
        _tell(host, request, "split", rows=rows)
        need = Need(task=request.preset.task, modality=request.preset.modality, rows=rows["train"], labels=labels)
        backbone = _backbone(host, request, need)
        method = _method(host, request, need, backbone)
        resolved = models.resolve(backbone, labels=labels, max_tokens=request.settings.max_tokens)
        resolved.model.to(training.device())
        with training.seeded(request.settings.seed):
            plan: Plan = host.load(method)(resolved.model, need, request.settings)
        examples = {
            name: inputs.examples(
                part.rows, resolved.preprocessing, request.preset.prepare, folder / f"{name}.tokens"
            )
            for name, part in parts.items()
        }
        subject = stages.Subject(
            resolved=resolved,
            backbone=backbone,
            parts=parts,
            examples=examples,
            settings=request.settings,
            cache=cache_folder(),
            shown=shown,
        )
    trained: training.Trained | None = None
    with clock.stage("train"):
        head, precision, notes = stages.solve(subject)
        _tell(host, request, "features", rows=rows["train"])
        frozen = stages.frozen_logits(subject, head, precision)
        if plan.trains:
            trained, note = stages.train(
                subject, plan, precision, lambda scores: _tell(host, request, "epoch", **scores)
            )
            notes = (*notes, note)
    with clock.stage("evaluate"):
        logits = stages.adapted_logits(subject, precision) if plan.trains else frozen
        tables = {
            "": scoring.log_probabilities(logits),
            **_baselines(request, parts, labels, frozen if plan.trains else None),
        }
        metrics = scoring.metrics_of(host, request.owner, request.preset.metrics)
        test = parts["test"]
        scored = scoring.score(host, test.truth, tables, metrics, groups=test.groups, seed=request.settings.seed)
        values = scored.pop("")
        findings = (
            *request.notes,
            *inputs.lost_tokens(examples),
            *_about(request, plan, trained),
            *scoring.findings(test.truth, logits, labels, values, scored, metrics),
            *notes,
        )
    parameters = {
        "total": sum(p.numel() for p in resolved.model.parameters()),
        "trainable": sum(p.numel() for p in resolved.model.parameters() if p.requires_grad),
    }
    report = Report(
        preset=request.name,
        method=plan.method,
        backbone=backbone.source,
        output=str(request.output),
        rows=rows,
        metrics=values,
        baselines=scored,
        seconds=clock.seconds(),
        parameters=parameters,
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=findings,
        labels=labels,
        confusion=tuple(tuple(int(n) for n in row) for row in evaluation.confusion(test.truth, logits, len(labels))),
        settings=_settings(request, plan),
        history=trained.history if trained else (),
    )
    reviewed = host.review_report(request.owner, report, scoring.records(test.ids, test.truth, logits, labels))
    report = replace(report, findings=(*findings, *reviewed))
    _tell(host, request, "evaluated", metrics={name: score.value for name, score in values.items()})
    _save(request, subject, plan, precision, report)
    _tell(host, request, "written", output=str(request.output))
    return Run(output=request.output, report=report)


def _read(host: Host, request: Request, folder: Path) -> tuple[dict[str, inputs.Part], tuple[str, ...]]:
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    tables = {
        name: inputs.read(
            host,
            request.owner,
            request.preset,
            source,
            request.columns,
            folder / name,
            part=name,
            labelled=True,
        )
        for name, source in sources.items()
        if source is not None
    }
    return inputs.deal(tables, request.preset, seed=request.settings.seed, max_rows=request.settings.max_rows)


def _backbone(host: Host, request: Request, need: Need | None) -> Backbone:
    """Return the backbone: an offer by its name or source, a source that was named, or the choice for `need`."""
    name = request.backbone
    if name == "auto":
        chosen = host.choose_backbone(request.owner, need) if need else None
        return _chosen("backbone", chosen, request)
    by_source = {offer.source: offer for offer in host.candidates("backbone", request.owner).values()}
    if name in by_source:
        return _fitting(by_source[name], request)
    if name.startswith("package:") or Path(name).is_dir() or ("/" in name and name not in host.backbones()):
        return Backbone(
            name="named",
            summary="Named by the user.",
            modality=request.preset.modality,
            source=name,
            licence="see the model's own files",
        )
    return _fitting(host.find("backbone", name, request.owner), request)


def _fitting(backbone: Backbone, request: Request) -> Backbone:
    if backbone.modality != request.preset.modality:
        raise OptionError(
            f"Backbone {backbone.name!r} reads {backbone.modality}s; {request.name} needs one for "
            f"{request.preset.modality}s.",
            "Choose another --backbone.",
        )
    return backbone


def _method(host: Host, request: Request, need: Need, backbone: Backbone) -> Method:
    if request.method != "auto":
        return host.find("method", request.method, request.owner)
    return _chosen("method", host.choose_method(request.owner, need, backbone), request)


def _chosen(kind: str, offer: Offered | None, request: Request) -> Offered:
    if offer is None:
        raise UnknownNameError(
            f"Neither {request.owner!r} nor core has a {kind} for {request.preset.task}.",
            f"Name one with --{kind}, or install a plugin that offers one.",
        )
    return offer


def _baselines(
    request: Request,
    parts: Mapping[str, inputs.Part],
    labels: tuple[str, ...],
    frozen: np.ndarray[Any, np.dtype[np.float64]] | None,
) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    train, test = parts["train"], parts["test"]
    tables = {"majority_class": evaluation.majority_class(train.truth, len(test.truth), len(labels))}
    if request.preset.modality == "text":
        tables["tfidf_svm"] = evaluation.tfidf_svm(
            inputs.prepared_texts(train.rows, request.preset.prepare),
            train.truth,
            inputs.prepared_texts(test.rows, request.preset.prepare),
            len(labels),
            seed=request.settings.seed,
        )
    if frozen is not None:
        tables["frozen_linear"] = scoring.log_probabilities(frozen)
    return tables


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


def _settings(request: Request, plan: Plan) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "seed": request.settings.seed,
        "max_tokens": request.settings.max_tokens,
        "max_rows": request.settings.max_rows,
        "options": dict(request.settings.options),
    }
    if plan.trains:
        settings |= {
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rates": sorted({float(group["lr"]) for group in plan.groups}),
        }
    return settings


def _save(request: Request, subject: stages.Subject, plan: Plan, precision: str, report: Report) -> None:
    train = subject.parts["train"]
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            "preset": request.name,
            "task": request.preset.task,
            "method": plan.method,
            "backbone": {
                "name": subject.backbone.name,
                "source": subject.backbone.source,
                "licence": subject.backbone.licence,
                "weights": subject.resolved.weights,
            },
            "labels": list(subject.model.labels),
            "training_rows_by_label": np.bincount(train.truth, minlength=len(subject.model.labels)).tolist(),
            "metrics": list(request.preset.metrics),
            "spec": dict(subject.resolved.spec),
            "adapter": dict(plan.adapter),
            "prepare": str(request.preset.prepare or ""),
            "precision": precision,
            "seed": request.settings.seed,
        },
        documents={
            "report.json": report.to_dict(),
            "rows.json": {name: part.ids for name, part in subject.parts.items()},
        },
        probe=subject.examples["test"].batch(range(min(8, len(subject.examples["test"])))),
    )


def _tell(host: Host, request: Request, kind: Any, **details: Any) -> None:
    host.observe(RunEvent(kind=kind, preset=request.name, details=details))
