"""The fields of a report that are the same for every task, and its review by the preset's plugin."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from acclimate import bundle, training
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned, without_gain
from acclimate.api.request import Request
from acclimate.api.subject import AnySubject
from acclimate.contracts import Analysis, Finding, Plan, Report, Score, Settings
from acclimate.plugins import Host


def of_run(request: Request, subject: AnySubject, plan: Plan, clock: Clock) -> dict[str, Any]:
    """Return the fields that the report of every new run has."""
    parameters = list(subject.model.parameters())
    return {
        "preset": request.name,
        "method": plan.method,
        "backbone": subject.backbone.source,
        "output": str(request.output),
        "rows": {name: len(part.truth) for name, part in subject.parts.items()},
        "seconds": clock.seconds(),
        "parameters": {
            "total": sum(parameter.numel() for parameter in parameters),
            "trainable": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        },
        "peak_memory_bytes": training.peak_memory_bytes(),
        **_about(request.preset.task, subject.backbone.licence, request.settings.data_licence),
    }


class Tested(Protocol):
    """What the test rows say of a model, whatever the task."""

    @property
    def metrics(self) -> Mapping[str, Score]: ...
    @property
    def baselines(self) -> Mapping[str, Mapping[str, Score]]: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def analysis(self) -> Analysis: ...


def of_test(request: Request, learned: Learned, tested: Tested) -> dict[str, Any]:
    """Return the fields of what was learned and measured, of the tasks that train and have no fields of their own."""
    return {
        "metrics": tested.metrics,
        "baselines": tested.baselines,
        "findings": (*request.notes, *without_gain(learned.trained), *tested.findings, *learned.notes),
        "history": learned.history,
        "analysis": tested.analysis,
    }


def trained_settings(plan: Plan, learned: Learned) -> dict[str, Any]:
    """Return the settings of training that the report of every task tells that trains."""
    return {"epochs": plan.epochs, "batch_size": plan.batch_size, "learning_rates": list(learned.rates)}


def of_saved(
    folder: Path, manifest: Mapping[str, Any], preset: str, rows: Mapping[str, int], data_licence: str, clock: Clock
) -> dict[str, Any]:
    """Return the fields that every report of a saved run on other rows has; `rows` counts those of each part."""
    written = bundle.read_document(folder, "report.json")
    return {
        "preset": preset,
        "method": manifest["method"],
        "backbone": manifest["backbone"]["source"],
        "output": str(folder),
        "rows": {**{part: written["rows"][part] for part in ("train", "validation")}, **rows},
        "seconds": clock.seconds(),
        "parameters": written["parameters"],
        "peak_memory_bytes": training.peak_memory_bytes(),
        **_about(manifest["task"], manifest["backbone"]["licence"], data_licence),
    }


def usual_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that the report of every task tells."""
    return {
        "seed": settings.seed,
        "max_rows": settings.max_rows,
        "allow_leakage": settings.allow_leakage,
        "options": dict(settings.options),
    }


def reviewed(host: Host, owner: str, report: Report, records: Mapping[str, Any]) -> Report:
    """Return the report with what the plugin that owns the preset finds in it and in the test rows."""
    return replace(report, findings=(*report.findings, *host.review_report(owner, report, records)))


def _about(task: str, weights: str, data: str) -> dict[str, Any]:
    """Return what a report is of: task, version, day and licences."""
    return {
        "task": task,
        "version": version("acclimate"),
        "created": datetime.now(UTC).date().isoformat(),
        "licences": {"weights": weights, "data": data},
    }
