"""`adapt` for masks: from a source of images and masks to a saved, proven, measured model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from acclimate import data, evaluation, models, training
from acclimate.api import saved
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.scoring import compared_first
from acclimate.api.segmenting import learning, rows, testing
from acclimate.api.segmenting.asking import CROP, LONGEST
from acclimate.api.segmenting.deciding import decide, saved_rule
from acclimate.api.segmenting.probing import pixel_probe
from acclimate.api.segmenting.scoring import check_metrics, functions_of_rows, metrics_of
from acclimate.api.segmenting.subject import MaskSubject
from acclimate.api.starting import subject_fields
from acclimate.contracts import Finding, Metric, Plan, Preset, Report
from acclimate.plugins import Host

_PROBE_ROWS = 4


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to find masks asks."""
    clock = Clock()
    check_metrics(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = prepared(host, request, folder, shown)
        metrics = metrics_of(host, request)
    with clock.stage("probe"):
        probe = pixel_probe(subject)
        if probe is not None and plan.head == "probe":
            subject.model.head.begin_at(probe)
    with clock.stage("train"):
        learned = learning.learn(subject, plan, lambda scores: tell(host, request, "epoch", **scores))
    with clock.stage("decide"):
        rule, told = decide(subject, learned.precision)
        request = replace(request, notes=(*request.notes, *told))
    with clock.stage("evaluate"):
        tested = _test(host, request, subject, metrics, learned, rule, probe)
    report = _report(request, subject, plan, learned, tested, clock)
    save = partial(_save, host, request, subject, plan, learned, rule, tested)
    return conclude(host, request, report, tested.records, tested.structures.rows, save)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions of a run's structures.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    del labels, multilabel
    metrics = metrics_of(host, request)
    functions = functions_of_rows(host, metrics)
    return compared_first(metrics, functions, metric)


def prepared(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, MaskSubject, Plan]:
    """Return the request with what was found in its rows, and what learns, before it has learned; see `adapt`."""
    _, dealt = rows.deal(host, request, folder)
    request = replace(
        request,
        columns=replace(request.columns, spacing=dealt.spacing),
        notes=(*request.notes, *dealt.findings, *_in_pixels(request.preset, dealt.spacing)),
    )
    parts, settings = dealt.parts, request.settings
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    classes = data.read_classes(settings.classes)
    need = replace(need_of(request, parts["train"], classes), multilabel=False)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_segmenter(
            backbone,
            labels=classes,
            decoder=models.check_decoder(settings.decoder),
            longest=settings.image_size or (models.UNSCALED if settings.tiles else LONGEST),
            tile=settings.tiles or 0,
        )
        plan: Plan = host.load(method)(resolved.model, need, settings)
    learning.check_plan(plan)
    prepare = host.load(request.preset)
    crop = settings.crop_size or CROP
    subject = MaskSubject(
        resolved=resolved,
        prepare=prepare,
        parts=parts,
        examples={
            name: rows.examples(
                part,
                resolved.preprocessing,
                prepare,
                crop=crop,
                classes=len(classes),
                mirrored=request.preset.mirrored,
            )
            for name, part in parts.items()
        },
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    subject.examples["train"].whole(0)  # a preparation that changes the size is refused before training
    if request.original:
        check_same(request.original, subject)
    return request, subject, plan


def _test(
    host: Host,
    request: Request,
    subject: MaskSubject,
    metrics: Mapping[str, Metric],
    learned: Learned,
    rule: evaluation.MaskRule,
    probe: models.PixelProbe | None,
) -> testing.Tested:
    part, examples = subject.parts["test"], subject.examples["test"]
    with training.bar("masks of test rows", len(examples), "row", shown=subject.shown) as bar:
        return testing.measure(
            host,
            subject.model,
            part,
            examples,
            metrics,
            rows.spacings(part.rows, request.columns.spacing),
            rule=rule,
            precision=learned.precision,
            seed=subject.settings.seed,
            shown=subject.settings.show_rows,
            progress=bar.update,
            probe=probe,
        )


def _report(
    request: Request,
    subject: MaskSubject,
    plan: Plan,
    learned: Learned,
    tested: testing.Tested,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        labels=subject.model.labels,
        settings={
            **usual_settings(settings),
            "decoder": subject.resolved.spec["decoder"],
            "image_size": None if settings.tiles and not settings.image_size else settings.image_size or LONGEST,
            "tiles": settings.tiles,
            "minimum_area": settings.minimum_area,
            "mask_threshold": settings.mask_threshold,
            "crop_size": subject.examples["train"].crop,
            **trained_settings(plan, learned),
        },
    )


def _in_pixels(preset: Preset, spacing: str) -> tuple[Finding, ...]:
    if spacing or not preset.spacing:
        return ()
    message = "The rows do not say how many millimetres lie between pixels, so distances are measured in pixels. "
    message += "Name a column that says so with spacing (--spacing)."
    return (Finding(code="no-spacing", level="note", message=message),)


def _save(
    host: Host,
    request: Request,
    subject: MaskSubject,
    plan: Plan,
    learned: Learned,
    rule: evaluation.MaskRule,
    tested: testing.Tested,
    report: Report,
) -> None:
    train, test = subject.parts["train"], subject.examples["test"]
    probe = test.batch(range(min(_PROBE_ROWS, len(test))))
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=learned.precision),
            "masks": saved_rule(rule),
            "training_rows_by_label": [len(train.truth), *train.truth.sum(axis=0).tolist()],
        },
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(tested.logits)},
        probe={"pixel_values": probe["pixel_values"]},
        host=host,
    )
