"""Methods compared on the same test rows, over several seeds, by the paired bootstrap."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import DataError, Score
from acclimate.evaluation.intervals import check, interval, single_rows, whole_groups
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.multilabel import strata

ScoreFunction = Callable[[Integers, Floats, Floats], float]
DifferenceFunction = Callable[[Integers, Floats, Floats], tuple[float, float] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """The test rows of one run and what the model says of them.

    `ids` are [rows], `truth` [rows] class indices or [rows, classes] of 0 and 1, `groups` the group of each row where
    rows come in groups, `scores` [rows, classes].
    """

    ids: Sequence[str]
    truth: Integers
    groups: Sequence[str] | None
    scores: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Scores of methods and their differences to the best one, each with a 95 % interval.

    `values` are by method, metric and seed, `scores` by method and metric: the mean over the method's seeds.
    `differences` are those of the first metric to the best method, which has none itself. `best` is None where the
    metric is defined for no method.
    """

    values: Mapping[str, Mapping[str, Mapping[int, float]]]
    scores: Mapping[str, Mapping[str, Score]]
    differences: Mapping[str, Score]
    best: str | None


def paired(
    runs: Mapping[str, Mapping[int, ScoredRows]],
    metrics: Mapping[str, ScoreFunction],
    *,
    better: Literal["higher", "lower"] = "higher",
    formula: DifferenceFunction | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Paired:
    """Return every method's metrics, as means over seeds, and its difference to the best method in the first metric.

    `runs` are by method and seed. Each resample draws rows once, single or by whole groups as in `intervals.score`,
    and a row has the same weight for every method and in every seed that tests it. It then draws, with replacement,
    one seed less than there are, so that the variance of a mean over few seeds is not underestimated (Rao and Wu
    1988, "Resampling inference with complex survey data"). So the intervals cover new rows and new seeds; with two or
    three seeds they are a rough guide, with one they cover new rows only.

    A difference is taken on the seeds that a method shares with the best one. The best has the best mean over the
    seeds that all methods have, over its own where there are none. With one seed and rows that come in no groups its
    interval is that of `formula` (truth, scores, scores of the best), where there is one that applies.

    Raises:
        DataError: when methods were tested on different rows under one seed, a row has another truth or group under
            another seed, or the scores do not fit the rows.
    """
    names, seeds = list(runs), sorted({each for by_seed in runs.values() for each in by_seed})
    tests = [_same_rows(runs, each) for each in seeds]
    rng = np.random.default_rng(seed)

    def values_of(weights: Sequence[Floats]) -> Floats:
        """Return [metrics, methods, seeds]; nan where a method lacks the seed or none of its rows was drawn."""
        found = np.full((len(metrics), len(names), len(seeds)), np.nan)
        for column, weight in enumerate(weights):
            for row, name in enumerate(names):
                run = runs[name].get(seeds[column])
                if run is not None and weight.any():
                    found[:, row, column] = [metric(run.truth, run.scores, weight) for metric in metrics.values()]
        return found

    values = values_of([np.ones(len(each.ids)) for each in tests])
    resampled, units = _weights(tests, rng, resamples)
    draws = np.array([values_of(weights) for weights in resampled])
    draws = draws.reshape(len(draws), *values.shape)  # there are no draws where there is a single group
    best = _best(values[0], better) if seeds else None
    known = np.isfinite(values)
    return Paired(
        values={
            name: {
                metric: {seeds[at]: float(values[k, row, at]) for at in np.flatnonzero(known[k, row])}
                for k, metric in enumerate(metrics)
            }
            for row, name in enumerate(names)
        },
        scores={
            name: {
                metric: _mean(values[k, row], draws[:, k, row], known[k, row], seed, units)
                for k, metric in enumerate(metrics)
            }
            for row, name in enumerate(names)
        },
        differences={
            name: _by_formula(formula, runs[name], runs[names[best]], values[0, row] - values[0, best])
            or _mean(
                values[0, row] - values[0, best],
                draws[:, 0, row] - draws[:, 0, best],
                known[0, row] & known[0, best],
                seed,
                units,
            )
            for row, name in enumerate(names)
            if best is not None and row != best
        },
        best=None if best is None else names[best],
    )


def _by_formula(
    formula: DifferenceFunction | None,
    run: Mapping[int, ScoredRows],
    best: Mapping[int, ScoredRows],
    difference: Floats,
) -> Score | None:
    """Return the `difference` [seeds] to the best with a formula's bounds, where both ran with one seed alone."""
    if formula is None or len(difference) != 1 or not np.isfinite(difference[0]):
        return None
    (one,), (other,) = run.values(), best.values()
    bounds = None if one.groups is not None else formula(one.truth, one.scores, other.scores)
    return None if bounds is None else Score(value=float(difference[0]), low=bounds[0], high=bounds[1])


def _same_rows(runs: Mapping[str, Mapping[int, ScoredRows]], seed: int) -> ScoredRows:
    """Return the test of one method, after checking that all methods with this seed have the same rows."""
    tests = {name: by_seed[seed] for name, by_seed in runs.items() if seed in by_seed}
    first = next(iter(tests))
    for name, run in tests.items():
        check(run.truth, run.scores, run.groups)
        if run.ids != tests[first].ids or (run.truth != tests[first].truth).any():
            raise DataError(
                f"Under seed {seed}, {name!r} and {first!r} were tested on different rows.",
                "Compare runs with the same split.",
            )
    return tests[first]


def _weights(
    tests: Sequence[ScoredRows], rng: np.random.Generator, resamples: int
) -> tuple[Iterator[list[Floats]], int]:
    """Return how often each row counts under each seed, the same for a row that several test, and what is drawn from.

    The number is that of all different rows, or of groups.
    """
    about: dict[str, tuple[int | list[int], str | None]] = {}
    for run in tests:
        groups: Sequence[str | None] = run.groups or [None] * len(run.ids)
        for id, truth, group in zip(run.ids, run.truth.tolist(), groups, strict=True):
            if about.setdefault(id, (truth, group)) != (truth, group):
                raise DataError(
                    f"Row {id!r} is {about[id]} under one seed and {(truth, group)} under another.",
                    "Compare runs on the same source.",
                )
    place = {id: number for number, id in enumerate(about)}
    rows = [np.array([place[id] for id in run.ids], dtype=np.int64) for run in tests]
    named = [group for _, group in about.values() if group is not None]
    if len(named) not in (0, len(about)):
        raise DataError(f"Expected a group for all of {len(about)} rows or for none, found {len(named)}.")
    truth = np.array([truth for truth, _ in about.values()], dtype=np.int64)
    drawn = whole_groups(named, rng, resamples) if named else single_rows(strata(truth), rng, resamples)
    return ([weight[row] for row in rows] for weight in drawn), len(set(named)) or len(about)


def _best(values: Floats, better: Literal["higher", "lower"]) -> int | None:
    """Return the index of the best method by its mean over the seeds; `values` are [methods, seeds]."""
    known = np.isfinite(values)
    measured = known.any(axis=1)
    if not measured.any():
        return None
    shared = known[measured].all(axis=0)
    used = values[:, shared] if shared.any() else values
    means = np.full(len(values), np.nan)
    means[measured] = np.nanmean(used[measured], axis=1)
    return int(np.nanargmax(means if better == "higher" else -means))


def _mean(values: Floats, draws: Floats, known: NDArray[np.bool_], seed: int, units: int) -> Score:
    """Return the mean of the known `values` [seeds], with the interval that `draws` [resamples, seeds] give."""
    values, draws = values[known], draws[:, known]
    if not len(values):
        return Score(value=float("nan"), low=float("nan"), high=float("nan"))
    if len(values) > 1:
        # The same seeds for every method, so that an interval does not depend on what else is compared.
        rng = np.random.default_rng([seed, len(values)])
        drawn = rng.integers(len(values), size=(len(draws), len(values) - 1))
        draws = np.take_along_axis(draws, drawn, axis=1)
    return interval(float(values.mean()), draws.mean(axis=1).tolist(), units)
