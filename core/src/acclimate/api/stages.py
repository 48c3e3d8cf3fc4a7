"""The stages of a run, each a function of what the stages before it gave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from acclimate import evaluation, methods, models, training
from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Finding, Method, Plan, Settings
from acclimate.models import Classifier, Examples, Resolved

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is being adapted: the model, its rows, what the method adds to it, and where features are kept."""

    resolved: Resolved
    backbone: Backbone
    method: Method
    install: Callable[[Classifier, Mapping[str, Any]], None] | None
    prepare: Callable[[Any], Any] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, Examples]
    settings: Settings
    cache: Path
    shown: bool

    @property
    def model(self) -> Classifier:
        """The model that is adapted in place."""
        return self.resolved.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Logits [rows, classes] of the test rows by the adapted model and by the head on frozen features.

    `precision` is that of forward passes; `trained` is None when no gradient step was taken. `rates` are the peak
    learning rates of the optimizer's groups.
    """

    logits: Scores
    frozen_logits: Scores
    precision: str
    trained: training.Trained | None
    notes: tuple[Finding, ...]
    rates: tuple[float, ...] = ()


def learn(subject: Subject, plan: Plan, tell: Callable[..., None]) -> Learned:
    """Solve the head on frozen features, train where the plan asks for it, and run the test rows."""
    head, precision, notes = solve(subject)
    tell("features", rows=len(subject.examples["train"]))
    frozen = frozen_logits(subject, head, precision)
    if not plan.trains:
        methods.freeze(subject.model.encoder)
        return Learned(logits=frozen, frozen_logits=frozen, precision=precision, trained=None, notes=notes)
    groups = install(subject, plan)
    trained, note = train(subject, plan, groups, precision, lambda scores: tell("epoch", **scores))
    return Learned(
        logits=adapted_logits(subject, precision),
        frozen_logits=frozen,
        precision=precision,
        trained=trained,
        notes=(*notes, note),
        rates=tuple(sorted({float(group["lr"]) for group in groups})),
    )


def install(subject: Subject, plan: Plan) -> Sequence[Mapping[str, Any]]:
    """Add what the method adds to the model, whose head is solved by now, and return the optimizer groups."""
    assert plan.groups is not None
    with training.seeded(subject.settings.seed):
        if subject.install is not None:
            subject.install(subject.model, plan.adapter)
        if plan.head == "random":
            subject.model.head.reset_parameters()
        subject.model.to(training.device())
        return plan.groups(subject.model)


def solve(subject: Subject) -> tuple[methods.Head, str, tuple[Finding, ...]]:
    """Give the model the head that its frozen features call for; return it and the precision of forward passes.

    Features of every row are computed at most once per machine: the cache names weights, preprocessing,
    pooling and row.
    """
    arithmetic = _forward_arithmetic(subject)
    train = subject.parts["train"]
    head = methods.solve_head(
        _features(subject, "train", arithmetic.precision),
        train.truth,
        len(subject.model.labels),
        groups=train.groups,
        seed=subject.settings.seed,
    )
    with torch.no_grad():
        subject.model.head.weight.copy_(torch.from_numpy(head.weight))
        subject.model.head.bias.copy_(torch.from_numpy(head.bias))
    note = Finding(
        code="precision-forward",
        level="note",
        message=f"Forward passes use {arithmetic.precision}: {arithmetic.reason}.",
    )
    return head, arithmetic.precision, (note,)


def train(
    subject: Subject, plan: Plan, groups: Sequence[Mapping[str, Any]], forward_precision: str, on_epoch: Any
) -> tuple[training.Trained, Finding]:
    """Take the plan's gradient steps; the validation rows choose the epoch and the temperature of its logits.

    Fine-tuning makes a model too sure of itself before it makes it worse: by its plain log-loss an early epoch would
    be kept. So an epoch is judged at its best temperature, which then becomes part of the head (Guo et al. 2017).
    """
    validation = subject.parts["validation"]

    def validate() -> Mapping[str, float]:
        logits = _logits(subject, "validation", forward_precision)
        temperature, loss = evaluation.best_temperature(logits, validation.truth)
        accuracy = float((logits.argmax(axis=1) == validation.truth).mean())
        return {"log_loss": loss, "accuracy": accuracy, "temperature": temperature}

    arithmetic = _training_arithmetic(subject, plan)
    trained = training.fit(
        subject.model,
        plan,
        groups,
        subject.examples["train"],
        subject.parts["train"].truth,
        settings=subject.settings,
        precision=arithmetic.precision,
        validate=validate,
        shown=subject.shown,
        on_epoch=on_epoch,
    )
    if trained.best_epoch > 0:
        _cool(subject.model, trained.history[trained.best_epoch]["temperature"])
    note = Finding(
        code="precision-training",
        level="note",
        message=f"Training uses float32 weights with {arithmetic.precision} products: {arithmetic.reason}.",
    )
    return trained, note


def _cool(model: Classifier, temperature: float) -> None:
    with torch.no_grad():
        model.head.weight.div_(temperature)
        model.head.bias.div_(temperature)


def frozen_logits(subject: Subject, head: methods.Head, precision: str) -> Scores:
    """Return the test rows' logits [rows, classes] by the head on frozen features.

    Called before training, while the backbone is still as it was pretrained.
    """
    part = subject.parts["test"]
    return evaluation.by_id(part.ids, [(part.ids, head.logits(_features(subject, "test", precision)))])


def adapted_logits(subject: Subject, precision: str) -> Scores:
    """Return the test rows' logits [rows, classes] by the model as it is now."""
    return _logits(subject, "test", precision)


def _features(subject: Subject, part: str, precision: str) -> NDArray[np.float32]:
    examples = subject.examples[part]
    key = (subject.resolved.weights, subject.resolved.preprocessing.hash, subject.model.pooling, "last layer")
    with training.bar(f"features of {part} rows", len(examples), "row", shown=subject.shown) as bar:
        return models.features(
            subject.model,
            examples,
            cache=subject.cache,
            key=key,
            precision=precision,
            progress=bar.update,
        )


def _logits(subject: Subject, part: str, precision: str) -> Scores:
    examples = subject.examples[part]
    return evaluation.by_id(subject.parts[part].ids, models.logits(subject.model, examples, precision=precision))


def _probe_rows(subject: Subject, size: int) -> list[int]:
    return list(range(min(size, len(subject.examples["train"]))))


def _forward_arithmetic(subject: Subject) -> training.Arithmetic:
    inputs = _to_device(subject.examples["train"].batch(_probe_rows(subject, 16)))

    def step(precision: str) -> None:
        with (
            torch.inference_mode(),
            torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16"),
        ):
            subject.model.features(inputs)

    return _arithmetic(subject, step, "forward")


def _training_arithmetic(subject: Subject, plan: Plan) -> training.Arithmetic:
    rows = _probe_rows(subject, plan.batch_size)
    inputs = _to_device(subject.examples["train"].batch(rows))
    truth = torch.from_numpy(subject.parts["train"].truth[rows]).to(training.device())

    def step(precision: str) -> None:
        subject.model.train()
        if plan.frozen_statistics:
            training.freeze_statistics(subject.model)
        with torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = cross_entropy(subject.model(**inputs), truth)
        torch.autograd.backward(loss)
        subject.model.zero_grad(set_to_none=True)

    with training.seeded(subject.settings.seed):
        return _arithmetic(subject, step, f"training {plan.method}")


def _arithmetic(subject: Subject, step: Any, kind: str) -> training.Arithmetic:
    return training.choose_arithmetic(
        subject.settings.precision,
        step,
        store=subject.cache / "precision.json",
        key=f"{kind} {subject.resolved.weights[:16]}",
    )


def _to_device(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.to(training.device()) for name, value in inputs.items()}
