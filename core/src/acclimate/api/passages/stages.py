"""The stages that all tasks on passages share: rows to a model and a plan, the report, and what is saved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from numpy.typing import NDArray

from acclimate import models, training
from acclimate.api import saved
from acclimate.api.adapting import tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.clock import Clock
from acclimate.api.gradient import Learned
from acclimate.api.inputs import Part
from acclimate.api.long_texts import MarkedTexts
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.api.passages.dividing import Prepare
from acclimate.api.passages.subject import PassageSubject
from acclimate.api.provenance import manifest_of
from acclimate.api.report_fields import of_run, of_test, trained_settings, usual_settings
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.starting import subject_fields
from acclimate.contracts import Finding, Plan, Report
from acclimate.plugins import Host

M = TypeVar("M")
_PROBE_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageTask(Generic[M]):
    """What a task on passages has of its own.

    `read` reads its texts, `labels` are what a passage may be, `mark` tells what is said of the passages of a part,
    `taught` what to say of what trains, and `examples` makes them what a model reads.
    """

    read: MarkedTexts
    labels: tuple[str, ...]
    mark: Callable[[Part, Prepare, models.EntailPreprocessing], M]
    taught: Callable[[M], tuple[Finding, ...]]
    examples: Callable[[Part, M, models.EntailPreprocessing], models.EntailExamples]


def prepare(
    host: Host, request: Request, folder: Path, shown: bool, task: PassageTask[M]
) -> tuple[Request, PassageSubject[M], Plan]:
    """Return the request with what there is to say of its rows, what is adapted, and how."""
    _, dealt = task.read.deal(host, request, folder)
    parts, settings = dealt.parts, request.settings
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    need = need_of(request, parts["train"], task.labels)
    backbone = choose_backbone(host, request, need)
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_entailer(backbone, labels=task.labels, max_tokens=settings.max_tokens)
        plan: Plan = host.load(method)(resolved.model, need, settings)
    prepared, own = host.load(request.preset), resolved.preprocessing
    marked = {name: task.mark(part, prepared, own) for name, part in parts.items()}
    taught = task.taught(marked["train"])
    resolved.model.to(training.device())
    subject = PassageSubject(
        resolved=resolved,
        parts=parts,
        marked=marked,
        examples={name: task.examples(part, marked[name], own) for name, part in parts.items()},
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    return replace(request, notes=(*request.notes, *dealt.findings, *taught)), subject, plan


def report_of(
    request: Request,
    subject: PassageSubject[Any],
    plan: Plan,
    learned: Learned,
    tested: TestedTexts,
    clock: Clock,
    **errors: Any,
) -> Report:
    """Return the report, before the plugin has reviewed it; `errors` are its fields that count them, if any."""
    return Report(
        **of_run(request, subject, plan, clock),
        **of_test(request, learned, tested),
        **errors,
        labels=subject.model.labels,
        settings={
            **usual_settings(subject.settings),
            "max_tokens": subject.resolved.preprocessing.max_tokens,
            **trained_settings(plan, learned),
        },
    )


def save(
    host: Host,
    request: Request,
    subject: PassageSubject[Any],
    plan: Plan,
    learned: Learned,
    report: Report,
    *,
    told: Mapping[str, Any],
    logits: NDArray[Any],
) -> None:
    """Write the run; `told` is what the manifest says of the task, `logits` what a repeated run is compared by."""
    test = subject.examples["test"]
    probe_inputs = test.batch(range(min(_PROBE_ROWS, len(test))))
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={**manifest_of(host, request, subject, plan, report, precision=learned.precision), **told},
        documents=saved.documents(report, subject.parts),
        results={"test.logits": torch.from_numpy(logits)},
        probe={name: value for name, value in probe_inputs.items() if name != "truth"},
        host=host,
    )
