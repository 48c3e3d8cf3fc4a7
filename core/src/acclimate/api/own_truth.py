"""Training on rows whose batches hold their own truth, such as masks and tags, by the loss of their task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import models, training
from acclimate.api.clock import Clock
from acclimate.api.fitting import Groups, OnEpoch, replaying
from acclimate.api.inputs import Part
from acclimate.api.reporting import about as described
from acclimate.api.request import Request
from acclimate.contracts import (
    Analysis,
    Backbone,
    Columns,
    Finding,
    Method,
    Metric,
    OptionError,
    Plan,
    Report,
    Score,
    Settings,
)
from acclimate.plugins import Host

# What only rows with labels have, and why rows with a truth of their own have it not.
OF_LABELS: Mapping[str, str] = {
    "positive": "An operating point is for rows with labels",
    "operate": "An operating point is for rows with labels",
    "prevalence": "An operating point is for rows with labels",
    "answer": "Rows are left to a person by the probability of a label",
    "slices": "Subgroups are scored where rows have labels",
    "calibration": "Calibration is of the probabilities of labels",
    "near": "Features are compared where rows have labels",
    "folds": "Cross-validation is for rows with labels",
}
Validated = tuple[Mapping[str, float], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What is adapted: the model, its rows, what the method adds, and where the state of training is kept."""

    resolved: Any
    backbone: Backbone
    method: Method
    install: Callable[[Any, Mapping[str, Any]], None] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, Any]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Any:
        """The model that is adapted in place."""
        return self.resolved.model


class Measured(Protocol):
    """What test rows say of a model."""

    @property
    def metrics(self) -> Mapping[str, Score]: ...
    @property
    def baselines(self) -> Mapping[str, Mapping[str, Score]]: ...
    @property
    def analysis(self) -> Analysis: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def records(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a task has of its own: a word for its rows, its loss, how an epoch is judged, what else decides it.

    `validate` takes the precision of forward passes and returns scores of the validation rows with the loss of each.
    `at_once` rows are computed in a forward pass; `libraries` are distributions whose versions change a result.
    """

    kind: str
    loss: Callable[[Tensor, Tensor], Tensor]
    validate: Callable[[str], Validated]
    at_once: int
    libraries: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What training did; `precision` is that of forward passes, `rates` the peak rates of the optimizer's groups.

    `trained` is None where no gradient step was taken.
    """

    trained: training.Trained | None
    precision: str
    rates: tuple[float, ...]
    notes: tuple[Finding, ...]


def learn(subject: Taught, plan: Plan, lesson: Lesson, on_epoch: OnEpoch) -> Learned:
    """Install what the method adds, and train; the model is left with the weights of its best epoch."""
    forward = forward_arithmetic(subject, lesson)
    groups = _install(subject, plan)
    steps = _measured(
        subject, lambda precision: _step(subject, plan, lesson, precision), lesson, f"training {plan.method}"
    )
    with replaying(subject, plan, {"train": steps.precision}) as (rows, recorded):
        trained = training.fit(
            subject.model,
            plan,
            groups,
            rows.examples["train"],
            None,
            settings=subject.settings,
            precision=steps.precision,
            validate=lambda: lesson.validate(forward.precision),
            shown=subject.shown,
            on_epoch=on_epoch,
            checkpoint=_checkpoint(subject, plan, lesson, groups),
            loss=lesson.loss,
        )
    rates = tuple(sorted({float(group["lr"]) for group in groups}))
    notes = (*recorded, told("forward", forward), told("training", steps))
    return Learned(trained=trained, precision=forward.precision, rates=rates, notes=notes)


def forward_arithmetic(subject: Taught, lesson: Lesson) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""
    return _measured(subject, lambda precision: _forward(subject, lesson, precision), lesson, "forward")


def told(what: str, chosen: training.Arithmetic) -> Finding:
    """Say which precision was chosen for "forward" or "training", and why."""
    words = {"forward": "Forward passes use", "training": "Training uses float32 weights with products in"}
    return Finding(
        code=f"precision-{what}",
        level="note",
        message=f"{words[what]} {chosen.precision}: {chosen.reason}.",
        details={"precision": chosen.precision},
    )


def about(learned: Learned) -> tuple[Finding, ...]:
    """Say where training left the model as it was."""
    if learned.trained is None or learned.trained.best_epoch:
        return ()
    message = "No epoch was better on the validation rows than the start of training; the saved model is that start. "
    message += "Try a lower learning_rate, or more epochs."
    return (Finding(code="training-did-not-help", message=message),)


def ordered(metrics: Mapping[str, Metric], first: str | None) -> dict[str, Metric]:
    """Return the metrics of a comparison, the one to compare first.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    name = first or next(iter(metrics))
    if name not in metrics:
        raise OptionError(
            f"The runs are measured by {', '.join(metrics)}, and not by {name!r}.", f"Add it: metrics={name!r}."
        )
    return {name: metrics[name], **{other: metric for other, metric in metrics.items() if other != name}}


def report_of(
    host: Host,
    request: Request,
    subject: Taught,
    plan: Plan,
    learned: Learned,
    tested: Measured,
    clock: Clock,
    own: Mapping[str, Any],
) -> Report:
    """Return the report of a run as its plugin has reviewed it; `own` are the settings that its task has besides."""
    settings, parameters = subject.settings, list(subject.model.parameters())
    report = Report(
        preset=request.name,
        method=plan.method,
        backbone=subject.backbone.source,
        output=str(request.output),
        rows={name: len(part.truth) for name, part in subject.parts.items()},
        metrics=tested.metrics,
        baselines=tested.baselines,
        seconds=clock.seconds(),
        parameters={
            "total": sum(p.numel() for p in parameters),
            "trainable": sum(p.numel() for p in parameters if p.requires_grad),
        },
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=(*request.notes, *about(learned), *tested.findings, *learned.notes),
        labels=subject.model.labels,
        settings={
            "seed": settings.seed,
            "max_rows": settings.max_rows,
            "allow_leakage": settings.allow_leakage,
            "options": dict(settings.options),
            **own,
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rates": list(learned.rates),
        },
        history=learned.trained.history if learned.trained else (),
        analysis=tested.analysis,
        **described(request.preset.task, subject.backbone.licence, settings.data_licence),
    )
    return reviewed(host, request.owner, report, tested)


def report_again(
    host: Host,
    owner: str,
    manifest: Mapping[str, Any],
    written: Mapping[str, Any],
    tested: Measured,
    clock: Clock,
    *,
    folder: Path,
    rows: int,
    data_licence: str,
) -> Report:
    """Return the reviewed report of the saved run in `folder` on other rows; `written` is the one it has."""
    report = Report(
        preset=manifest["preset"],
        method=manifest["method"],
        backbone=manifest["backbone"]["source"],
        output=str(folder),
        rows={**written["rows"], "test": rows},
        metrics=tested.metrics,
        baselines=tested.baselines,
        seconds=clock.seconds(),
        parameters=written["parameters"],
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=tested.findings,
        labels=tuple(manifest["labels"]),
        analysis=tested.analysis,
        **described(manifest["task"], manifest["backbone"]["licence"], data_licence),
    )
    return reviewed(host, owner, report, tested)


def reviewed(host: Host, owner: str, report: Report, tested: Measured) -> Report:
    """Return a report with what the plugin of its preset says of it."""
    return replace(report, findings=(*report.findings, *host.review_report(owner, report, tested.records)))


def refuse(given: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
    """Raise OptionError for the first option that was given and is not for the task, with the reason."""
    usual = {**asdict(Columns()), **asdict(Settings())}
    for name, reason in reasons.items():
        if name in given and given[name] not in (usual[name], 0, "", ()):
            raise OptionError(f"{reason}, found {name}={given[name]!r}.", f"Leave {name} out.")


def _install(subject: Taught, plan: Plan) -> Groups:
    assert plan.groups is not None, "what trains nothing has nothing to learn"
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        subject.model.to(training.device())
        return plan.groups(subject.model)


def _measured(subject: Taught, step: Callable[[str], None], lesson: Lesson, what: str) -> training.Arithmetic:
    with training.seeded(subject.settings.seed):
        return training.choose_arithmetic(
            subject.settings.precision,
            step,
            store=subject.cache / "precision.json",
            key=f"{lesson.kind} {what} {subject.resolved.weights[:16]}",
        )


def _forward(subject: Taught, lesson: Lesson, precision: str) -> None:
    inputs, _ = _some(subject, lesson.at_once)
    with torch.inference_mode(), _autocast(precision):
        subject.model(**inputs)


def _step(subject: Taught, plan: Plan, lesson: Lesson, precision: str) -> None:
    """Run training rows forward and back, and change no weight."""
    inputs, truth = _some(subject, plan.batch_size)
    subject.model.train()
    if plan.frozen_statistics:
        training.freeze_statistics(subject.model)
    with _autocast(precision):
        loss = lesson.loss(subject.model(**inputs), truth)
    torch.autograd.backward(loss)
    subject.model.zero_grad(set_to_none=True)


def _autocast(precision: str) -> torch.autocast:
    return torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16")


def _some(subject: Taught, size: int) -> tuple[dict[str, Tensor], Tensor]:
    examples = subject.examples["train"]
    batch = examples.batch(range(min(size, len(examples))))
    inputs = {name: value.to(training.device()) for name, value in batch.items()}
    truth = inputs.pop("truth")
    return inputs, truth


def _checkpoint(subject: Taught, plan: Plan, lesson: Lesson, groups: Groups) -> training.Checkpoint | None:
    """Return where the state is kept, if it is, under a key of all that decides the result."""
    if subject.checkpoint is None:
        return None
    key: list[Any] = [
        asdict(subject.settings),
        plan.method,
        plan.adapter,
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
        [float(group["lr"]) for group in groups],
        [version(name) for name in ("acclimate", "torch", "transformers", *lesson.libraries)],
    ]
    subject.checkpoint.absolute().parent.mkdir(parents=True, exist_ok=True)
    every = 60 * subject.settings.checkpoint_minutes
    return training.Checkpoint(file=subject.checkpoint, key=models.json_hash(key), every_seconds=every)
