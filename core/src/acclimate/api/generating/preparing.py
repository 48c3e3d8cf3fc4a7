"""What every run that writes begins with: rows in tokens, a model and a plan; and how it is saved."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from acclimate import models, training
from acclimate.api import saved
from acclimate.api.adapting import tell
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.dealing import Dealt
from acclimate.api.generating import learning
from acclimate.api.generating.held_out import HeldOut
from acclimate.api.generating.showing import show_example
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.provenance import manifest_of
from acclimate.api.request import Request
from acclimate.api.sameness import check_same
from acclimate.api.starting import subject_fields
from acclimate.contracts import Finding, Plan, Report
from acclimate.plugins import Host

Deal = Callable[[Host, Request, Path], tuple[Any, Dealt]]
Tokenised = Callable[..., Any]
_PROBE_ROWS, _PROBE_TOKENS = 2, 64


def prepare(
    host: Host, request: Request, folder: Path, shown: bool, *, deal: Deal, tokenised: Tokenised
) -> tuple[Request, ChatSubject, Plan]:
    """Return what is adapted and how; the request comes back with what is to be told of its rows.

    `deal` and `tokenised` read and prepare the rows, as the functions of that name in `generating.rows` do.
    """
    _, dealt = deal(host, request, folder)
    settings = request.settings
    backbone = choose_backbone(host, request, need_of(request, dealt.parts["train"], ()))
    method = host.find("method", request.method, request.owner)
    with training.seeded(settings.seed):
        resolved = models.resolve_writer(backbone, max_tokens=settings.max_tokens, system=settings.system)
    prepared = host.load(request.preset)
    parts, examples, lengths, told = tokenised(dealt.parts, resolved.preprocessing, prepared, settings)
    tell(host, request, "split", rows={name: len(part.truth) for name, part in parts.items()})
    request = replace(request, notes=(*request.notes, *dealt.findings, *told, *_template(resolved)))
    with training.seeded(settings.seed):
        plan: Plan = host.load(method)(resolved.model, need_of(request, parts["train"], ()), settings)
    learning.check_plan(plan)
    subject = ChatSubject(
        resolved=resolved,
        prepare=prepared,
        parts=parts,
        examples=examples,
        lengths=lengths,
        **subject_fields(host, request, folder, backbone=backbone, method=method, shown=shown),
    )
    if request.original:
        check_same(request.original, subject)
    show_example(subject)
    return request, subject, plan


def _template(resolved: models.ResolvedWriter) -> tuple[Finding, ...]:
    if not resolved.own_template:
        return ()
    message = "Chats are written by a template of ours, not by the tokenizer's, which cannot be trained with: "
    message += f"{resolved.own_template}."
    return (Finding(code="own-template", level="note", message=message),)


def save(
    host: Host,
    request: Request,
    subject: ChatSubject,
    plan: Plan,
    test: HeldOut,
    results: Mapping[str, Tensor],
    own: Mapping[str, Any],
    report: Report,
) -> None:
    """Write the run, with `results` beside it and fields of the manifest of its `own`.

    Raises:
        AcclimateError: as `saved.save`.
    """
    examples = subject.examples["test"]
    some = [examples.row(number) for number in range(min(_PROBE_ROWS, len(examples)))]
    probe = subject.resolved.preprocessing.collate([row.ids[:_PROBE_TOKENS] for row in some])
    saved.save(
        request.output,
        subject.model,
        subject.resolved.preprocessing,
        manifest={
            **manifest_of(host, request, subject, plan, report, precision=test.precision),
            "training_rows_by_label": [],
            "answers": {"max_new_tokens": test.writing.limit},
            **own,
        },
        documents=saved.documents(report, subject.parts),
        results=results,
        probe=probe,
        host=host,
    )
