"""`adapt` for chats: from a source of chats to a saved, proven, measured model that answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import evaluation
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.clock import Clock
from acclimate.api.generating import learning, rows, scoring, testing
from acclimate.api.generating.held_out import HeldOut, held_out, language_of, settings_of
from acclimate.api.generating.preparing import prepare, save
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import Learned, without_gain
from acclimate.api.report_fields import of_run
from acclimate.api.request import Request
from acclimate.contracts import Analysis, Finding, Metric, Plan, Report, Score
from acclimate.plugins import Host

UNTUNED = "untuned"
_ENDED = 0.9


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to write answers asks."""
    clock = Clock()
    metrics = scoring.metrics_of(host, request)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = prepare(host, request, folder, shown, deal=rows.deal, tokenised=rows.tokenised)
        forward = learning.forward_arithmetic(subject)
        test = held_out(subject, rows.chats_of(subject.parts["test"], subject.prepare), forward.precision)
    with clock.stage("untuned"):
        before = test.measure(subject, "the untuned model")
    with clock.stage("train"):
        learned = learning.learn(subject, plan, forward, lambda scores: tell(host, request, "epoch", **scores))
    with clock.stage("evaluate"):
        after = test.measure(subject, "the tuned model")
        report = _report(host, request, subject, plan, learned, test, before, after, metrics, clock)
    losses = {"test.losses": torch.from_numpy(after.losses)}
    part = subject.parts["test"]
    scored = evaluation.ScoredRows(ids=part.ids, truth=part.truth, groups=part.groups, scores=after.losses)
    records = testing.records(part, test.chats, after)
    saved = partial(save, host, request, subject, plan, test, losses, {})
    return conclude(host, request, report, records, scored, saved)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics of the losses of answers by name, the compared one first, and their functions.

    Raises:
        OptionError: for a metric of written answers.
    """
    del labels, multilabel
    asked = request.settings.metrics or request.preset.metrics
    names = dict.fromkeys((*([metric] if metric else []), *(name for name in asked if name in scoring.OF_LOSSES)))
    metrics = scoring.checked(host, request.owner, tuple(names) or scoring.OF_LOSSES, written=True)
    return metrics, scoring.functions_of_rows(host, metrics)


def _report(
    host: Host,
    request: Request,
    subject: ChatSubject,
    plan: Plan,
    learned: Learned,
    test: HeldOut,
    before: testing.Measured,
    after: testing.Measured,
    metrics: Mapping[str, Metric],
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    settings = subject.settings
    values, untuned = (
        scoring.score(
            host, metrics, each.losses, each.answers, groups=subject.parts["test"].groups, seed=settings.seed
        )
        for each in (after, before)
    )
    return Report(
        **of_run(request, subject, plan, clock),
        metrics=values,
        baselines={UNTUNED: untuned},
        findings=(
            *request.notes,
            *without_gain(learned.trained),
            *findings(len(subject.parts["test"].truth), values, untuned, metrics),
            *learned.notes,
        ),
        settings=settings_of(subject, plan, learned, test),
        history=learned.history,
        analysis=Analysis(language=language_of(subject, test, before, after)),
    )


def findings(
    count: int, values: Mapping[str, Score], untuned: Mapping[str, Score], metrics: Mapping[str, Metric]
) -> tuple[Finding, ...]:
    """Return what scores say: test rows that are too few, an untuned model that is better, answers without an end."""
    first = next(iter(values))
    found = evaluation.sample_size(np.zeros(count, dtype=np.int64), ("chat",))[: int(count < evaluation.FEW_ROWS)]
    if untuned:
        found += evaluation.compare(
            {first: values[first]}, {UNTUNED: {first: untuned[first]}}, better={first: metrics[first].better}
        )
    return (*found, *without_end(values))


def without_end(values: Mapping[str, Score]) -> tuple[Finding, ...]:
    """Say where too few written answers come to an end."""
    stop = values.get("stop_rate")
    if stop is None or stop.value >= _ENDED:
        return ()
    message = f"Of the written answers only a share of {stop} came to an end within the limit of tokens. "
    message += "Train longer, or raise max_new_tokens if answers are to be that long."
    return (Finding(code="answers-without-end", message=message),)
