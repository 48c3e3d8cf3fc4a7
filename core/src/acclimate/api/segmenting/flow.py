"""`adapt` for masks: from a source of images and masks to a saved, proven, measured model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from acclimate import data, evaluation, models, training
from acclimate.api import saved
from acclimate.api.adapting import Run, tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.gradient import parameter_counts, start_was_kept
from acclimate.api.provenance import manifest_of
from acclimate.api.reporting import about
from acclimate.api.request import Request, checkpoint_file
from acclimate.api.sameness import check_same, fresh_cache
from acclimate.api.segmenting import learning, rows, testing
from acclimate.api.segmenting.asking import CROP, LONGEST
from acclimate.api.segmenting.deciding import decide, saved_rule
from acclimate.api.segmenting.probing import pixel_probe
from acclimate.api.segmenting.scoring import functions_of_rows, metrics_of
from acclimate.api.segmenting.subject import MaskSubject
from acclimate.contracts import Metric, OptionError, Plan, Report, cache_folder
from acclimate.plugins import Host

_PROBE_ROWS = 4


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to find masks asks."""
    clock = Clock()
    metrics = metrics_of(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = _prepare(host, request, folder, shown)
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
    reviewed = host.review_report(request.owner, report, tested.records)
    report = replace(report, findings=(*report.findings, *reviewed))
    tell(host, request, "evaluated", metrics={name: score.value for name, score in report.metrics.items()})
    _save(host, request, subject, plan, learned, rule, tested, report)
    tell(host, request, "written", output=str(request.output))
    return Run(output=request.output, report=report, test_rows=tested.structures.rows, host=host)


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
    first = metric or next(iter(metrics))
    if first not in metrics:
        raise OptionError(
            f"The runs are measured by {', '.join(metrics)}, and not by {first!r}.", f"Add it: metrics={first!r}."
        )
    order = [first, *(name for name in metrics if name != first)]
    return {name: metrics[name] for name in order}, {name: functions[name] for name in order}


def _prepare(host: Host, request: Request, folder: Path, shown: bool) -> tuple[Request, MaskSubject, Plan]:
    _, dealt = rows.deal(host, request, folder)
    request = replace(request, notes=(*request.notes, *dealt.findings))
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
        backbone=backbone,
        method=method,
        install=host.load(method, "install"),
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
        settings=settings,
        cache=fresh_cache(folder / "cache") if request.original else cache_folder(),
        checkpoint=checkpoint_file(request.output),
        shown=shown,
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
    learned: learning.Learned,
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
    learned: learning.Learned,
    tested: testing.Tested,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    return Report(
        preset=request.name,
        method=plan.method,
        backbone=subject.backbone.source,
        output=str(request.output),
        rows={name: len(part.truth) for name, part in subject.parts.items()},
        metrics=tested.metrics,
        baselines=tested.baselines,
        seconds=clock.seconds(),
        parameters=parameter_counts(subject.model),
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=(*request.notes, *start_was_kept(learned.trained), *tested.findings, *learned.notes),
        labels=subject.model.labels,
        settings={
            "seed": settings.seed,
            "max_rows": settings.max_rows,
            "allow_leakage": settings.allow_leakage,
            "options": dict(settings.options),
            "decoder": subject.resolved.spec["decoder"],
            "image_size": None if settings.tiles and not settings.image_size else settings.image_size or LONGEST,
            "tiles": settings.tiles,
            "minimum_area": settings.minimum_area,
            "mask_threshold": settings.mask_threshold,
            "crop_size": subject.examples["train"].crop,
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rates": list(learned.rates),
        },
        history=learned.trained.history,
        analysis=tested.analysis,
        **about(request.preset.task, subject.backbone.licence, settings.data_licence),
    )


def _save(
    host: Host,
    request: Request,
    subject: MaskSubject,
    plan: Plan,
    learned: learning.Learned,
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
