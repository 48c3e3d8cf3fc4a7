"""`adapt` for preferences: from pairs or approvals of replies to a saved, proven, measured model that writes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from acclimate import evaluation, models
from acclimate.api.adapting import Run, conclude, tell
from acclimate.api.clock import Clock
from acclimate.api.generating import testing
from acclimate.api.generating.flow import UNTUNED, without_end
from acclimate.api.generating.held_out import HeldOut, held_out, language_of, settings_of
from acclimate.api.generating.preparing import prepare, save
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import Learned, without_gain
from acclimate.api.preferring import judging, learning, rows, scoring
from acclimate.api.report_fields import of_run
from acclimate.api.request import Request
from acclimate.api.scoring import compared_first, functions_of
from acclimate.contracts import Analysis, Metric, Plan, Preferences, Report, Score
from acclimate.plugins import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was learned of a run's test rows: before and after, the rewards, and by what it was learned."""

    objective: learning.Objective
    before: testing.Measured
    after: testing.Measured
    truth: scoring.Integers
    scores: scoring.Floats


def adapt(host: Host, request: Request, folder: Path, shown: bool) -> Run:
    """Do what a request to learn preferences asks."""
    clock = Clock()
    names = request.settings.metrics or request.preset.metrics
    metrics = scoring.metrics_of(host, request.owner, names, written=request.settings.written_rows > 0)
    judge = judging.judge_of(host, request.preset, request.settings.card)
    tell(host, request, "started", source=request.source)
    with clock.stage("prepare"):
        request, subject, plan = prepare(host, request, folder, shown, deal=rows.deal, tokenised=rows.tokenised)
        looked = judging.look_at(judge, subject.parts, subject.settings)
        request = replace(request, notes=(*request.notes, *looked.findings))
        replies = _replies(subject, "test")
        metrics = metrics.of(replies)
        objective = learning.objective_of(subject.settings, _replies(subject, "train"))
        forward = learning.forward_arithmetic(subject)
        asked = rows.asked(subject.parts["test"], subject.prepare)
        test = held_out(subject, asked.chats, forward.precision, among=asked.wanted)
    with clock.stage("untuned"):
        before = test.measure(subject, "the untuned model")
        reference = {
            part: -learning.log_probabilities(
                subject.model,
                _replies(subject, part),
                forward.precision,
                title=f"{part} replies by the untuned model",
                shown=shown,
            )[:, 0]
            for part in ("train", "validation")
        }
    with clock.stage("train"):
        learned = learning.learn(
            subject, plan, forward, objective, reference, lambda scores: tell(host, request, "epoch", **scores)
        )
    with clock.stage("evaluate"):
        after = test.measure(subject, "the tuned model")
        truth, scores = scoring.rewards(replies, before.losses[:, 0] - after.losses[:, 0], objective.beta)
        found = _Found(objective=objective, before=before, after=after, truth=truth, scores=scores)
        report = _report(host, request, subject, plan, learned, test, found, metrics, judge, looked, clock)
    part = subject.parts["test"]
    results = {
        "test.losses": torch.from_numpy(after.losses),
        "test.untuned": torch.from_numpy(before.losses),
        "test.rewards": torch.from_numpy(scores),
    }
    scored = evaluation.ScoredRows(ids=part.ids, truth=truth, groups=part.groups, scores=scores)
    saved = partial(save, host, request, subject, plan, test, results, {"preferences": objective.told()})
    return conclude(host, request, report, testing.records(part, test.chats, after), scored, saved)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics of rewards by name, the compared one first, and their functions.

    Raises:
        OptionError: for a metric that is not of rewards.
    """
    del labels, multilabel
    asked = request.settings.metrics or tuple(name for name in request.preset.metrics if name not in scoring.SINGLE)
    names = tuple(dict.fromkeys((*([metric] if metric else []), *asked)))
    metrics = scoring.metrics_of(host, request.owner, names, written=True).rewards
    return compared_first(metrics, functions_of(host, metrics, multilabel=False), metric)


def _replies(subject: ChatSubject, part: str) -> models.Replies:
    found = subject.examples[part]
    assert isinstance(found, models.Replies)
    return found


def _report(
    host: Host,
    request: Request,
    subject: ChatSubject,
    plan: Plan,
    learned: Learned,
    test: HeldOut,
    found: _Found,
    metrics: scoring.Metrics,
    judge: judging.Judge | None,
    looked: judging.Looked,
    clock: Clock,
) -> Report:
    """Return the report, before the plugin has reviewed it."""
    groups, seed, replies = subject.parts["test"].groups, subject.settings.seed, _replies(subject, "test")
    reference, beta = -found.before.losses[:, 0], found.objective.beta
    values = scoring.score(host, metrics, replies, found.after, reference, beta=beta, groups=groups, seed=seed)
    baselines = baselines_of(host, metrics, replies, found.before, groups=groups, seed=seed)
    return Report(
        **of_run(request, subject, plan, clock),
        metrics=values,
        baselines=baselines,
        findings=(
            *request.notes,
            *without_gain(learned.trained),
            *scoring.findings(len(found.truth), values, baselines, metrics),
            *without_end(values),
            *learned.notes,
        ),
        settings={
            **settings_of(subject, plan, learned, test),
            "loss": found.objective.loss,
            "beta": found.objective.beta,
            "sft_weight": found.objective.sft_weight,
            "weights": list(found.objective.weights),
            "swapped": subject.settings.swapped,
        },
        history=learned.history,
        analysis=Analysis(
            language=language_of(subject, test, found.before, found.after),
            preferences=preferences_of(
                found.objective.told(), found.before, found.after, judge, looked, groups, seed
            ),
        ),
    )


def baselines_of(
    host: Host,
    metrics: scoring.Metrics,
    replies: models.Replies,
    before: testing.Measured,
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, dict[str, Score]]:
    """Return the scores of the untuned model and, of pairs, of taking the longer reply."""
    longer = scoring.longer(host, metrics, replies, groups=groups, seed=seed)
    untuned = scoring.score(host, metrics, replies, before, None, beta=1.0, groups=groups, seed=seed)
    return {UNTUNED: untuned, **({scoring.LONGER: longer} if longer else {})}


def preferences_of(
    told: Mapping[str, Any],
    before: testing.Measured,
    after: testing.Measured,
    judge: judging.Judge | None,
    looked: judging.Looked,
    groups: Sequence[str] | None,
    seed: int,
) -> Preferences:
    """Return what a report tells of preferences."""
    scored: Mapping[str, Score] = {}
    if judge is not None and before.answers and after.answers and after.answers.places:
        own = scoring.groups_of(groups, after)
        scored = judging.written(judge, before.answers.written, after.answers.written, own, seed)
    return Preferences(
        **told,
        length_ratio=scoring.length_ratio(before, after, groups, seed),
        card=None if judge is None else looked.scores(judge, scored),
    )
