"""`adapt` for parts: from good ones, and defective ones to test on, to a saved, proven, measured inspection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import evaluation, models, training
from acclimate.api import saved
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.detecting import learning, rows, testing
from acclimate.api.detecting.asking import rule_of
from acclimate.api.detecting.climbing import climb
from acclimate.api.detecting.deciding import Decided, decide, threshold
from acclimate.api.detecting.ladder import rung
from acclimate.api.detecting.observing import Observed, observe, unusual
from acclimate.api.detecting.subject import PartSubject
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.scoring import functions_of
from acclimate.contracts import InspectedPart, Metric, OptionError, Plan, Report
from acclimate.plugins import Host

Metrics = tuple[Mapping[str, Metric], Mapping[str, Metric]]
_PROBE_ROWS = 2
_SUSPECTS = 6


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to inspect parts asks."""
    if request.method == "auto":
        return climb(host, request, folder, shown)
    clock = Clock()
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan, metrics = prepared(host, request, folder, shown)
    with clock.stage("train"):
        learned = learning.learn(subject)
        plan = replace(plan, adapter=subject.model.learned.adapter)
    with clock.stage("decide"):
        validation = _observed(subject, "validation")
        defective = subject.parts["validation"].truth == 1
        decided, told = decide(subject.rule, validation.scores, validation.peaks, defective)
    with clock.stage("evaluate"):
        tested = _test(host, subject, metrics, decided, learned, validation)
        tested = _with_suspects(subject, tested, decided, learned, validation)
    climbing = any(note.code == "ladder" for note in request.notes)
    onwards = () if climbing else rung(subject.parts)
    request = replace(request, notes=(*request.notes, *told, *learned.notes, *onwards))
    report = _report(request, subject, plan, tested, clock)
    part = subject.parts["test"]
    test_rows = evaluation.ScoredRows(ids=part.ids, truth=part.truth, groups=part.groups, scores=tested.scores)
    save = partial(_save, host, request, subject, plan, decided, tested)
    return conclude(host, request, report, tested.records, test_rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics of whole parts by name, the compared one first, and their functions of a run's test parts.

    Raises:
        OptionError: for a metric that the runs are not compared by.
    """
    del labels, multilabel
    names = request.settings.metrics or request.preset.metrics
    metrics, _ = testing.metrics_of(host, request.owner, names, masks=False, asked=False)
    first = metric or next(iter(metrics))
    if first not in metrics:
        raise OptionError(
            f"Runs on parts are compared by {', '.join(metrics)}, and not by {first!r}.",
            "Those of places are in the report of each run.",
        )
    order = {name: metrics[name] for name in [first, *(name for name in metrics if name != first)]}
    return order, functions_of(host, order, multilabel=False)


def prepared(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, PartSubject, Plan, Metrics]:
    """Return the request with what was found in its rows, and what learns, before it has learned; see `adapt`."""
    _, dealt = rows.deal(host, request, folder)
    request = replace(request, notes=(*request.notes, *dealt.findings))
    parts, settings = dealt.parts, request.settings
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    metrics = testing.metrics_of(
        host,
        request.owner,
        settings.metrics or request.preset.metrics,
        masks=rows.has_masks(parts["test"]),
        asked=bool(settings.metrics),
    )
    need = need_of(request, parts["train"], dealt.labels)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    resolved = models.resolve_detector(
        backbone, labels=dealt.labels, side=settings.image_size, tile=settings.tiles or 0
    )
    resolved.model.to(training.device())
    plan: Plan = host.load(method)(resolved.model, need, settings)
    install = host.load(method, "install")
    if install is None:
        raise OptionError(f"Method {method.name!r} puts no scorer into the model.", "Take memory-bank or padim.")
    install(resolved.model, plan.adapter)
    prepare = host.load(request.preset)
    subject = PartSubject(
        resolved=resolved,
        backbone=backbone,
        method=method,
        prepare=prepare,
        parts=parts,
        examples={name: rows.examples(part, resolved.preprocessing, prepare) for name, part in parts.items()},
        settings=settings,
        rule=rule_of(settings),
        good=dealt.labels[0],
        # Distances between features are compared: what rounding adds to them is worth more than what it saves.
        precision="float32" if settings.precision == "auto" else settings.precision,
        shown=shown,
    )
    if request.original:
        check_same(request.original, subject)
    return request, subject, plan, metrics


def _observed(subject: PartSubject, name: str) -> Observed:
    examples = subject.examples[name]
    with training.bar(f"maps of {name} parts", len(examples), "part", shown=subject.shown) as bar:
        return observe(subject.model, examples, lambda *_: bar.update(1), precision=subject.precision)


def _test(
    host: Host,
    subject: PartSubject,
    metrics: Metrics,
    decided: Decided,
    learned: learning.Learned,
    validation: Observed,
) -> testing.Tested:
    examples, settings = subject.examples["test"], subject.settings
    with training.bar("maps of test parts", len(examples), "part", shown=subject.shown) as bar:
        return testing.measure(
            host,
            subject.model,
            subject.parts["test"],
            examples,
            metrics,
            decided,
            subject.rule,
            precision=subject.precision,
            seed=settings.seed,
            show_rows=settings.show_rows,
            progress=bar.update,
            others=lambda observed: _baselines(subject, learned, validation, observed),
        )


def _baselines(
    subject: PartSubject, learned: learning.Learned, validation: Observed, test: Observed
) -> Mapping[str, testing.Floats]:
    """Return of each baseline its threshold, by the rule of the run, and its scores of the test parts, [parts, 2]."""
    defective = subject.parts["validation"].truth == 1
    found = {}
    for name, good in learned.numbers.items():
        held, scores = (unusual(each.numbers[name], good) for each in (validation, test))
        found[name] = np.stack([np.full(len(scores), threshold(subject.rule, held, defective)), scores], axis=1)
    return found


def _with_suspects(
    subject: PartSubject, tested: testing.Tested, decided: Decided, learned: learning.Learned, validation: Observed
) -> testing.Tested:
    """Return what was tested with the good parts that look unlike all others, as findings and as pictures."""
    good = np.flatnonzero(subject.parts["validation"].truth == 0)
    found = {
        "train": [] if learned.alone is None else learning.far_out(learned.alone),
        "validation": [int(good[place]) for place in learning.far_out(validation.scores[good])],
    }
    findings, pictured = tested.findings, []
    for name, places in found.items():
        ids = subject.parts[name].ids
        count = len(good) if name == "validation" else len(ids)
        findings = (*findings, *learning.suspicious(ids, places, name, count))
        if subject.settings.show_rows and places:
            some, examples = places[:_SUSPECTS], subject.examples[name]
            drawn = testing.picture_parts(subject.model, examples, some, decided, precision=subject.precision)
            scores = learned.alone if name == "train" else validation.scores
            assert scores is not None, "places come from scores"
            pictured += [
                InspectedPart(id=ids[place], label=name, score=float(scores[place]), rejected=False, image=image)
                for place, image in zip(some, drawn, strict=True)
            ]
    inspection = tested.analysis.inspection
    assert inspection is not None, "test parts were inspected"
    analysis = replace(tested.analysis, inspection=replace(inspection, suspects=tuple(pictured)))
    return replace(tested, findings=findings, analysis=analysis)


def _report(request: Request, subject: PartSubject, plan: Plan, tested: testing.Tested, clock: Clock) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    return Report(
        **of_run(request, subject, plan, clock),
        metrics=tested.metrics,
        baselines=tested.baselines,
        findings=(*request.notes, *tested.findings),
        labels=subject.model.labels,
        settings={
            **usual_settings(settings),
            "good": subject.good,
            "operate": subject.rule.text,
            "prevalence": settings.prevalence,
            "image_size": list(subject.resolved.preprocessing.pixels.size),
            "tiles": settings.tiles,
            "reading": dict(settings.reading),
            **{name: value for name, value in plan.adapter.items() if name != "scorer"},
        },
        analysis=tested.analysis,
    )


def _save(
    host: Host,
    request: Request,
    subject: PartSubject,
    plan: Plan,
    decided: Decided,
    tested: testing.Tested,
    report: Report,
) -> None:
    test = subject.examples["test"]
    pixels = test.batch(range(min(_PROBE_ROWS, len(test))))["pixel_values"]
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=subject.precision),
            "inspection": decided.to_dict(),
            "training_rows_by_label": [len(subject.parts["train"].truth), 0],
        },
        documents=saved.documents(report, subject.parts),
        results={
            "test.logits": torch.from_numpy(tested.observed.scores)[:, None],
            saved.TRUTH: torch.from_numpy(subject.parts["test"].truth),
        },
        probe={"pixel_values": pixels[: models.IMAGES_AT_ONCE]},
        host=host,
    )
