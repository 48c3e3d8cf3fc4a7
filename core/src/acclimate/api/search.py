"""Method `auto`: `frozen` first, then what may be better, cross-validated on the training rows within a budget."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from acclimate import evaluation
from acclimate.api import scoring, stages, trials
from acclimate.api.choosing import make_plan
from acclimate.api.folds import FOLDS, Fold, deal_folds, on_fold
from acclimate.api.inputs import Part
from acclimate.api.price import Price, price
from acclimate.api.request import Request
from acclimate.api.subject import Subject
from acclimate.api.trials import Trial
from acclimate.contracts import (
    GOOD_NAMES,
    BackboneError,
    DataError,
    Finding,
    Method,
    Metric,
    OptionError,
    Plan,
    Score,
)
from acclimate.plugins import Host

# In order of price. Texts: both cost about the same, the one with fewer weights to fit goes first. Images: a step of
# LoRA through a convolutional network costs more than one of all its weights.
_CANDIDATES = {"text": ("lora", "full"), "image": ("full", "lora")}
# How unlike good parts an image is helps where few rows show a defect; it needs a label of good parts.
_FUSED = "fused"
# With up to 64 rows of a label, contrastive pairs make more of them (Tunstall et al. 2022, "SetFit", figure 3).
_FEW, _OF_FEW = 64, {"text": ("contrastive",), "image": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The method that a search chose, its plan, and what the search says of itself."""

    method: Method
    plan: Plan
    record: Mapping[str, Any]
    notes: tuple[Finding, ...]


class _OverrunError(Exception):
    """Ends a candidate for which the budget turned out too small."""


def search(host: Host, request: Request, subject: Subject, *, ends: float) -> Found:
    """Return the best method for the training rows of `subject`, whose own method comes first.

    A candidate takes the place of the best one so far when the 95 % interval of their paired difference, in the
    preset's first metric on the rows held out, lies on the better side of 0. None is started that would not be
    trained by `ends`, in seconds of `perf_counter`. The model and the parts for validation and test are left alone.
    """
    train = subject.parts["train"]
    name, rows = scoring.metric_names(request.preset, multilabel=train.multilabel)[0], len(train.truth)
    found: list[Trial] = []
    try:
        folds = deal_folds(subject, request.preset.split)
    except DataError as error:
        best = subject.method
        notes: tuple[Finding, ...] = (trials.not_searched(str(error), best.name),)
    else:
        metric = scoring.metrics_of(
            host,
            request.owner,
            [name],
            task=request.preset.task,
            multilabel=train.multilabel,
            labels=subject.model.labels,
            positive=request.settings.positive,
        )[name]
        found, best = _Search(
            host=host, request=request, subject=subject, folds=folds, metric=metric, ends=ends
        ).run()
        notes = trials.findings(found, metric=name, folds=FOLDS, rows=rows, chosen=best.name)
    return Found(
        method=best,
        plan=make_plan(host, request, best, subject.model, train),
        record=trials.record(
            found, metric=name, folds=FOLDS, rows=rows, budget=request.budget_minutes, chosen=best.name
        ),
        notes=notes,
    )


def candidates(modality: str, rows: int, labels: int, fewest: int | None = None) -> Sequence[str]:
    """Return the names of what is tried after `frozen`, the cheapest first.

    `fewest` is how many training rows the rarest label has beside one of good parts; None without such a label.
    """
    few = _OF_FEW[modality] if rows <= _FEW * labels else ()
    beside = (_FUSED,) if modality == "image" and fewest is not None and fewest <= _FEW else ()
    return (*beside, *few, *_CANDIDATES[modality])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    host: Host
    request: Request
    subject: Subject
    folds: Sequence[Fold]
    metric: Metric
    ends: float

    def run(self) -> tuple[list[Trial], Method]:
        """Return what was found out about each method, and the best of them."""
        method = self.subject.method
        started = perf_counter()
        best_rows = self._scored(method, None, 0.0)
        score = self._paired({method.name: best_rows}).scores[method.name][self.metric.name]
        best = Trial(method=method.name, outcome="first", score=score, seconds=perf_counter() - started)
        found = [best]
        offers = self.host.candidates("method", self.request.owner)
        preset = self.request.preset
        train, labels = self.subject.parts["train"], self.subject.model.labels
        fewest = _fewest(train, labels, self.request.settings.good)
        for name in candidates(preset.modality, len(train.truth), len(labels), fewest):
            if name not in offers or preset.task not in offers[name].tasks:
                continue
            trial, rows = self._try(offers[name], best, best_rows)
            self._tell(f"{name}: {trial.outcome.replace('-', ' ')}")
            found.append(trial)
            if trial.outcome == "better" and rows is not None:
                best, best_rows, method = trial, rows, offers[name]
        return found, method

    def _try(
        self, method: Method, best: Trial, best_rows: evaluation.ScoredRows
    ) -> tuple[Trial, evaluation.ScoredRows | None]:
        """Return what becomes of a candidate, and its scores where it has all of them."""
        started = perf_counter()
        trial = Trial(method=method.name, outcome="not-started", left_seconds=self.ends - started)
        if started >= self.ends:
            return replace(trial, left_seconds=0.0), None
        try:
            cost = self._price(method)
            left = self.ends - perf_counter()
            trial = replace(trial, estimated_seconds=cost.seconds(FOLDS), left_seconds=left)
            trial = replace(trial, final_seconds=cost.final_seconds)
            if cost.seconds(FOLDS) > left:
                return replace(trial, seconds=perf_counter() - started), None
            rows = self._scored(method, cost, best.final_seconds)
        except (BackboneError, OptionError) as error:
            return replace(trial, outcome="refused", reason=error.message, seconds=perf_counter() - started), None
        except _OverrunError as stop:
            return replace(trial, outcome="stopped", reason=str(stop), seconds=perf_counter() - started), None
        return self._judged(replace(trial, seconds=perf_counter() - started), rows, best, best_rows), rows

    def _judged(
        self, trial: Trial, rows: evaluation.ScoredRows, best: Trial, best_rows: evaluation.ScoredRows
    ) -> Trial:
        found = self._paired({best.method: best_rows, trial.method: rows})
        if found.best == trial.method:
            difference = _negative(found.differences[best.method])
        else:
            difference = found.differences.get(trial.method, _UNKNOWN)
        better = difference.low > 0 if self.metric.better == "higher" else difference.high < 0
        return replace(
            trial,
            outcome="better" if better else "not-better",
            score=found.scores[trial.method][self.metric.name],
            difference=difference,
            against=best.method,
        )

    def _paired(self, rows: Mapping[str, evaluation.ScoredRows]) -> evaluation.Paired:
        seed, multilabel = self.request.settings.seed, self.subject.parts["train"].multilabel
        return evaluation.paired(
            {name: {seed: each} for name, each in rows.items()},
            scoring.functions_of(self.host, {self.metric.name: self.metric}, multilabel=multilabel),
            better=self.metric.better,
            seed=seed,
        )

    def _scored(self, method: Method, cost: Price | None, reserve: float) -> evaluation.ScoredRows:
        """Return the scores of every training row by a run that did not train on it.

        Raises:
            _OverrunError: when the budget no longer covers what `cost` says is to come; `reserve` are the seconds
                that the best method so far needs for its run on all rows.
        """
        train = self.subject.parts["train"]
        scores = np.empty((len(train.truth), len(self.subject.model.labels)))
        for number, fold in enumerate(self.folds):
            self._tell(f"{method.name}, fold {number + 1} of {FOLDS}")
            started = perf_counter()
            self._check(cost, FOLDS - number, reserve)
            subject, plan = self._on_fold(method, fold)
            learned = stages.learn(subject, plan, lambda _kind, **_: self._check(cost, 0, reserve))  # noqa: B023 - called at once
            scores[list(fold.held_out)] = scoring.ranked(learned.logits, learned.thresholds)
            cost = cost and cost.after(perf_counter() - started)
        return evaluation.ScoredRows(ids=train.ids, truth=train.truth, groups=train.groups, scores=scores)

    def _check(self, cost: Price | None, folds: int, reserve: float) -> None:
        if cost is None:
            return
        needed = folds * cost.fold_seconds + max(cost.final_seconds, reserve)
        left = self.ends - perf_counter()
        if needed > left:
            raise _OverrunError(
                f"what was to come takes about {needed:.0f} s and {left:.0f} s of the budget were left."
            )

    def _price(self, method: Method) -> Price:
        self._tell(f"{method.name}, timing a step")
        subject, plan = self._on_fold(method, self.folds[0])
        rows = {name: len(self.subject.parts[name].truth) for name in ("train", "validation")}
        return price(subject, plan, rows)

    def _on_fold(self, method: Method, fold: Fold) -> tuple[Subject, Plan]:
        subject = replace(on_fold(self.subject, fold), method=method, install=self.host.load(method, "install"))
        plan = make_plan(self.host, self.request, method, subject.model, subject.parts["train"])
        return subject, plan

    def _tell(self, what: str) -> None:
        if self.subject.shown:
            sys.stderr.write(f"auto: {what}\n")


def _fewest(train: Part, labels: Sequence[str], good: str) -> int | None:
    """Return how many rows the rarest label has; None where none is of good parts, or several are usual for them."""
    if train.multilabel or (not good and sum(label.casefold() in GOOD_NAMES for label in labels) != 1):
        return None
    return int(np.bincount(train.truth, minlength=len(labels)).min())


_UNKNOWN = Score(value=float("nan"), low=float("nan"), high=float("nan"))


def _negative(score: Score) -> Score:
    return Score(value=-score.value, low=-score.high, high=-score.low)
