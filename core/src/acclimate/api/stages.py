"""The stages of a run, each a function of what the stages before it gave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import evaluation, methods, models, training
from acclimate.api import calibrating, corners, deciding, fitting, fused
from acclimate.api.gradient import measured, rates_of, told_forward
from acclimate.api.heads import put_head
from acclimate.api.inputs import PARTS
from acclimate.api.subject import Scores, Subject, logits_of, probe_rows, to_device
from acclimate.contracts import Finding, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Calibrated logits [rows, classes] of the test rows by the adapted model, and those by frozen features.

    `precision` is that of forward passes; `trained` is None when no gradient step was taken. `rates` are the peak
    learning rates of the optimizer's groups. `validation_logits` [rows, classes] are those of the validation rows,
    `temperature` what divided the model's logits when they were calibrated, `curves` what they went through then, and
    `own_logits` [rows, classes] those of the test rows before they did, where there are curves, and
    `own_validation_logits` those of the validation rows. `outside_logits` [rows, classes] are those of rows out of
    scope, by part and before any curve. Where rows may carry
    several labels, `thresholds` are the logits [labels] from which each label is given, by the adapted model and by
    the head on frozen features: those that validation rows chose. `corner_logits` are by a head on nothing but the
    corners of images, where asked.
    """

    logits: Scores
    validation_logits: Scores
    frozen_logits: Scores
    precision: str
    trained: training.Trained | None
    notes: tuple[Finding, ...]
    rates: tuple[float, ...] = ()
    temperature: float = 1.0
    curves: tuple[evaluation.Steps, ...] = ()
    own_logits: Scores | None = None
    own_validation_logits: Scores | None = None
    outside_logits: Mapping[str, Scores] = field(default_factory=dict)
    thresholds: Scores | None = None
    frozen_thresholds: Scores | None = None
    corner_logits: Scores | None = None

    @property
    def uncalibrated(self) -> Scores:
        """The logits [rows, classes] of the test rows before validation rows calibrated them."""
        return (self.logits if self.own_logits is None else self.own_logits) * self.temperature


def learn(subject: Subject, plan: Plan, tell: Callable[..., None]) -> Learned:
    """Solve the head on frozen features, train where the plan asks for it, run the test rows, and calibrate."""
    learned, part = _learn(subject, plan, tell), subject.parts["validation"]
    validated = learned.validation_logits
    curves, notes = calibrating.curves(part, validated, subject.model.labels, subject.settings)
    if not curves:
        return replace(learned, notes=(*learned.notes, *notes))
    validated = evaluation.follow(curves, validated, several=part.multilabel)
    return replace(
        learned,
        logits=evaluation.follow(curves, learned.logits, several=part.multilabel),
        validation_logits=validated,
        curves=curves,
        own_logits=learned.logits,
        own_validation_logits=learned.validation_logits,
        thresholds=_thresholds(subject, validated),
        notes=(*learned.notes, *notes),
    )


def _learn(subject: Subject, plan: Plan, tell: Callable[..., None]) -> Learned:
    head, precision, notes = solve(subject, plan.solver)
    tell("features", rows=len(subject.examples["train"]))
    frozen = frozen_logits(subject, head, precision)
    validated = frozen_logits(subject, head, precision, "validation")
    level = _thresholds(subject, validated)
    of_corners = corners.corner_logits(subject, precision) if subject.corners else None
    if not plan.trains:
        methods.freeze(subject.model.encoder)
    if not plan.adds:
        return Learned(
            logits=frozen,
            validation_logits=validated,
            frozen_logits=frozen,
            precision=precision,
            trained=None,
            notes=notes,
            thresholds=level,
            frozen_thresholds=level,
            corner_logits=of_corners,
            outside_logits={name: frozen_logits(subject, head, precision, name) for name in _outside(subject)},
        )
    if not plan.trains:
        told = fused.fuse(subject, plan, features_of(subject, "train", precision), precision)
        return Learned(
            logits=adapted_logits(subject, precision),
            validation_logits=logits_of(subject, "validation", precision),
            frozen_logits=frozen,
            precision=precision,
            trained=None,
            notes=(*notes, told),
            corner_logits=of_corners,
            outside_logits={name: logits_of(subject, name, precision) for name in _outside(subject)},
        )
    if plan.method == "frozen" and isinstance(subject.model, models.StackClassifier):
        subject = _encoded(subject, precision)
    groups = fitting.install(subject, plan)
    trained, groups, more = fitting.train(subject, plan, groups, precision, lambda scores: tell("epoch", **scores))
    validated = logits_of(subject, "validation", precision)
    return Learned(
        logits=adapted_logits(subject, precision),
        validation_logits=validated,
        frozen_logits=frozen,
        precision=precision,
        trained=trained,
        notes=(*notes, *more),
        rates=rates_of(groups),
        temperature=trained.history[trained.best_epoch]["temperature"] if trained.best_epoch else 1.0,
        thresholds=_thresholds(subject, validated),
        frozen_thresholds=level,
        corner_logits=of_corners,
        outside_logits={name: logits_of(subject, name, precision) for name in _outside(subject)},
    )


def _outside(subject: Subject) -> list[str]:
    """Return the parts of rows out of scope."""
    return [name for name in subject.parts if name not in PARTS]


def _encoded(subject: Subject, precision: str) -> Subject:
    """Return the subject with rows whose slices are encoded already: nothing below the attention will change."""
    model = subject.model
    assert isinstance(model, models.StackClassifier)
    rows = {part: slices_of(subject, model, part, precision) for part in subject.examples}
    return replace(subject, examples={**subject.examples, **rows})


def _thresholds(subject: Subject, validated: Scores) -> Scores | None:
    """Return the logits [labels] from which labels are given; None where each row has one label."""
    part = deciding.choosing(subject.parts["validation"])
    rule = deciding.rule_of(subject.settings)
    return evaluation.label_thresholds(part.truth, validated, rule) if part.multilabel else None


def solve(
    subject: Subject, solver: Literal["sklearn", "torch"] = "sklearn"
) -> tuple[methods.Head, str, tuple[Finding, ...]]:
    """Give the model the head that its frozen features call for; return it and the precision of forward passes.

    Features of every row are computed at most once per machine: the cache names weights, preprocessing,
    pooling and row.
    """
    arithmetic = forward_arithmetic(subject)
    train = subject.parts["train"]
    if isinstance(subject.model, models.StackClassifier):
        mean, deviation = slices_of(subject, subject.model, "train", arithmetic.precision).spread()
        subject.model.pooler.standardise_by(torch.from_numpy(mean), torch.from_numpy(deviation))
    features = features_of(subject, "train", arithmetic.precision)
    head = put_head(
        subject.model, features, train.truth, groups=train.groups, seed=subject.settings.seed, solver=solver
    )
    note = told_forward(arithmetic)
    return head, arithmetic.precision, (note,)


def frozen_logits(subject: Subject, head: methods.Head, precision: str, name: str = "test") -> Scores:
    """Return a part's logits [rows, classes] by the head on frozen features.

    Called before training, while the backbone is still as it was pretrained.
    """
    part = subject.parts[name]
    return evaluation.by_id(part.ids, [(part.ids, head.logits(features_of(subject, name, precision)))])


def adapted_logits(subject: Subject, precision: str) -> Scores:
    """Return the test rows' logits [rows, classes] by the model as it is now."""
    return logits_of(subject, "test", precision)


def features_of(subject: Subject, part: str, precision: str) -> NDArray[np.float32]:
    """Return a part's features [rows, width] by the backbone as it was pretrained; the cache holds them then.

    Those of a stack are the mean of its slices', as its attention leaves them at first.
    """
    examples, model = subject.examples[part], subject.model
    if isinstance(model, models.StackClassifier):
        means = torch.from_numpy(slices_of(subject, model, part, precision).means())
        found: NDArray[np.float32] = model.pooler.standardised(means.to(model.pooler.mean.device)).cpu().numpy()
        return found
    with training.bar(f"features of {part} rows", len(examples), "row", shown=subject.shown) as bar:
        return models.features(
            model,
            examples,
            cache=subject.cache,
            key=_key(subject),
            precision=precision,
            batch_size=model.rows_at_once,
            progress=bar.update,
        )


def slices_of(subject: Subject, model: models.StackClassifier, part: str, precision: str) -> models.SliceFeatures:
    """Return the features of the slices of a part by the backbone as it was pretrained; the cache holds them then."""
    examples = subject.examples[part]
    with training.bar(f"features of {part} rows", len(examples), "row", shown=subject.shown) as bar:
        return models.slice_features(
            model, examples, cache=subject.cache, key=_key(subject), precision=precision, progress=bar.update
        )


def _key(subject: Subject) -> tuple[str, ...]:
    """Return what names the features of a backbone in the cache, whatever rows they are of."""
    return subject.resolved.weights, subject.resolved.preprocessing.hash, subject.model.pooling, "last layer"


def forward_arithmetic(subject: Subject) -> training.Arithmetic:
    """Return the precision of forward passes, as asked for or as measured once on this machine."""
    inputs = to_device(subject.examples["train"].batch(probe_rows(subject, min(16, subject.model.rows_at_once))))

    def step(precision: str) -> None:
        with (
            torch.inference_mode(),
            torch.autocast(training.device().type, torch.bfloat16, enabled=precision == "bfloat16"),
        ):
            subject.model.features(inputs)

    return measured(subject, step, "forward")
