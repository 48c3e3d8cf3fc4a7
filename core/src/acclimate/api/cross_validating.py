"""Cross-validation of a run over all its rows, several times: what few rows can say of a method."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from datasets import concatenate_datasets

from acclimate import evaluation
from acclimate.api import inputs, scoring, stages
from acclimate.api.choosing import first_of_search, make_plan
from acclimate.api.folds import deal_folds, on_fold
from acclimate.api.inputs import Part
from acclimate.api.request import Request
from acclimate.api.search import search
from acclimate.api.subject import Subject
from acclimate.api.words import WORDS, word_scores
from acclimate.contracts import CrossValidated, Finding, OptionError, Plan, Settings
from acclimate.plugins import Host

FEW_ROWS = 200
_FOLDS = 5


def folds_of(request: Request, plan: Plan, parts: Mapping[str, Part]) -> tuple[int | None, tuple[Finding, ...]]:
    """Return how many folds to cross-validate by, None for not at all, and what to say where rows are few.

    Fewer than 200 rows are cross-validated where that takes seconds: a method that trains would train 15 times.
    """
    asked, rows = request.settings.folds, sum(len(parts[name].truth) for name in inputs.PARTS)
    given = request.test is not None or request.validation is not None
    timed = "time" in parts["train"].rows.column_names
    check_folds(request.settings, timed=timed, given=given)
    if asked == 0:
        return None, ()
    if asked is not None or given or timed or rows >= FEW_ROWS:
        return asked, ()
    if not plan.trains:
        return _FOLDS, ()
    message = (
        f"There are {rows} rows, of which {len(parts['test'].truth)} test. folds={_FOLDS} (--folds {_FOLDS}) also "
        f"measures on all of them, by training {_FOLDS * request.settings.repeats} times."
    )
    return None, (Finding(code="few-rows", level="note", message=message),)


def check_folds(settings: Settings, *, timed: bool, given: bool) -> None:
    """Raise OptionError where cross-validation does not fit the rest of the request."""
    if not settings.folds:
        return
    if settings.folds < 2:
        raise OptionError(f"folds is 2 or more, or 0 for none, found {settings.folds}.", "Such as folds=5.")
    if timed:
        raise OptionError(
            "Rows with times are not cross-validated: the past would be tested by what the future taught.",
            "Leave out folds, or time; where the preset found the times itself, say time='none' (--time none).",
        )
    if given:
        raise OptionError("folds deals all rows itself.", "Leave out folds, or the files for test and validation.")


def cross_validate(host: Host, request: Request, subject: Subject, folds: int, folder: Path) -> CrossValidated:
    """Return the scores of the run's method over all rows; the model of `subject` stays as it is.

    Of texts a linear model on words is learned from the very rows of each fold, and stands beside it.

    Where method "auto" was to be cross-validated each fold searches by itself, within the whole budget: a method that
    all rows chose would be scored on rows that chose it.

    Raises:
        DataError: there are too few rows, groups or classes for so many folds.
    """
    whole = _joined(subject)
    examples = inputs.examples(
        whole.rows,
        subject.resolved.preprocessing,
        subject.prepare,
        folder / "all.tokens",
        whole.fingerprints,
        mirrored=request.preset.mirrored,
    )
    names = scoring.metric_names(request.preset, multilabel=whole.multilabel)
    metrics = scoring.metrics_of(
        host,
        request.owner,
        names,
        task=request.preset.task,
        multilabel=whole.multilabel,
        labels=subject.model.labels,
        positive=request.settings.positive,
    )
    nested = bool(request.searched and request.settings.folds)
    chosen: Counter[str] = Counter()
    # The method and what stands beside it, over the same rows.
    sides = (subject.method.name, *([WORDS] if request.preset.modality == "text" else []))
    runs: dict[str, dict[int, evaluation.ScoredRows]] = {name: {} for name in sides}
    for repeat in range(request.settings.repeats):
        settings = replace(subject.settings, seed=subject.settings.seed + repeat)
        every = replace(
            subject,
            settings=settings,
            parts={**subject.parts, "train": whole},
            examples={**subject.examples, "train": examples},
            shown=False,
        )
        scores = {name: np.empty((len(whole.truth), len(subject.model.labels))) for name in sides}
        for number, fold in enumerate(deal_folds(every, request.preset.split, folds)):
            if subject.shown:
                of = f"repeat {repeat + 1} of {request.settings.repeats}, fold {number + 1} of {folds}"
                sys.stderr.write(f"cross-validation: {of}\n")
            one = on_fold(every, fold)
            if nested:
                one = _searched(host, request, one)
            chosen[one.method.name] += 1
            plan = make_plan(host, request, one.method, one.model, one.parts["train"])
            learned = stages.learn(one, plan, _silent)
            scores[subject.method.name][list(fold.held_out)] = scoring.ranked(learned.logits, learned.thresholds)
            if WORDS in sides:
                scores[WORDS][list(fold.held_out)] = word_scores(request, one)
        for name, found in scores.items():
            runs[name][repeat] = evaluation.ScoredRows(
                ids=whole.ids, truth=whole.truth, groups=whole.groups, scores=found
            )
    functions = scoring.functions_of(host, metrics, multilabel=whole.multilabel)
    compared = evaluation.paired(runs, functions, seed=request.settings.seed)
    return CrossValidated(
        folds=folds,
        repeats=request.settings.repeats,
        rows=len(whole.truth),
        scores=compared.scores[subject.method.name],
        beside={name: compared.scores[name] for name in sides[1:]},
        chosen=dict(chosen) if nested else {},
    )


def _searched(host: Host, request: Request, subject: Subject) -> Subject:
    """Return a run on a fold with the method that a search on its training rows finds."""
    first = first_of_search(host, request)
    subject = replace(subject, method=first, install=host.load(first, "install"))
    found = search(host, request, subject, ends=perf_counter() + 60 * request.budget_minutes).method
    return replace(subject, method=found, install=host.load(found, "install"))


def _silent(kind: str, **details: object) -> None:
    """Take no notice of what a stage tells."""


def _joined(subject: Subject) -> Part:
    parts = [subject.parts[name] for name in inputs.PARTS]
    together = [part.together for part in parts if part.together is not None]
    return Part(
        name="train",
        rows=concatenate_datasets([part.rows for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        groups=None if parts[0].groups is None else [group for part in parts for group in part.groups or ()],
        together=np.concatenate(together) if len(together) == len(parts) else None,
        fingerprints=None
        if parts[0].fingerprints is None
        else [each for part in parts for each in part.fingerprints or ()],
    )
