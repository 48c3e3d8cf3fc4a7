"""Values with their 95 % intervals: by a formula where a metric has one and rows are independent, else bootstrap."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, stdtrit

from acclimate.contracts import DataError, Score
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.multilabel import strata
from acclimate.evaluation.totals import OfTotals

LEVEL = 0.95
Formula = Callable[[Integers, Floats], tuple[float, float] | None]
GroupFormula = Callable[[Integers, Floats, Sequence[str]], tuple[float, float] | None]


def score(
    truth: Integers,
    scores: Floats,
    metrics: Mapping[str, Callable[[Integers, Floats, Floats], float]],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
    formulas: Mapping[str, Formula] | None = None,
    group_formulas: Mapping[str, GroupFormula] | None = None,
) -> dict[str, Score]:
    """Return each metric's value on all rows with its 95 % interval, by expanded percentile bootstrap or its formula.

    `truth` is [rows] of class indices, or [rows, classes] of 0 and 1 where rows may carry several labels; `scores`
    are [rows, classes]. Rows are drawn from all rows, so that the mix of classes varies as it would in new rows,
    except that no class (among several labels, the rarest of a row) is ever lost: one of its rows is kept. Where
    `groups` names a group for each row (a patient, a contract), whole groups are drawn instead, because rows of a
    group are not independent. All metrics see the same resamples, and the same seed gives the same interval.

    `formulas` are functions of truth and scores, by metric, that return the bounds or None where they do not apply.
    They are used for rows of one label without groups, and `group_formulas`, which are given the groups too, for
    those with groups.

    Resamples on which a metric is not finite are left out of its interval. The bounds are nan where more than
    half are left out, where the value itself is not finite, and where there is a single group.

    Accuracy, macro-F1, MCC and AUROC of 1,000 resamples take 0.2 s for 656 rows of 2 classes and 5 s for
    3,080 rows of 77 classes on one slow core; nearly all of it is the sorting for AUROC.

    Raises:
        DataError: when there are no rows, shapes disagree, a class index has no column, or a score is not
            finite.
    """
    check(truth, scores, groups)
    values = {name: metric(truth, scores, np.ones(len(truth))) for name, metric in metrics.items()}
    found: dict[str, Score] = {}
    if truth.ndim == 1 and groups is None:
        found = _by_formula(values, formulas or {}, truth, scores)
    elif truth.ndim == 1:
        found = _by_formula(values, group_formulas or {}, truth, scores, groups)
    draws: dict[str, list[float]] = {name: [] for name in metrics if name not in found}
    rng = np.random.default_rng(seed)
    resampled = single_rows(strata(truth), rng, resamples) if groups is None else whole_groups(groups, rng, resamples)
    for weights in resampled if draws else ():
        for name, drawn in draws.items():
            drawn.append(metrics[name](truth, scores, weights))
    units = len(truth) if groups is None else len(set(groups))
    return {name: found.get(name) or interval(float(values[name]), draws[name], units) for name in metrics}


def score_statistics(
    statistics: Mapping[str, Floats],
    metrics: Mapping[str, OfTotals],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Score]:
    """Return each metric's value with its 95 % bootstrap interval, from what each row adds to it.

    `statistics` are [rows, columns] by metric, `metrics` functions of them and of weights [rows] (`totals`). Any row
    may be drawn, or any group where `groups` names one for each row. The rest is as for `score`.

    Raises:
        DataError: when there are no rows, metrics or groups disagree in their number, or a statistic is not finite.
    """
    rows = _check_statistics(statistics, groups)
    values = {name: metric(statistics[name], np.ones(rows)) for name, metric in metrics.items()}
    draws: dict[str, list[float]] = {name: [] for name in metrics}
    rng = np.random.default_rng(seed)
    alike = np.zeros(rows, dtype=np.int64)
    for weights in single_rows(alike, rng, resamples) if groups is None else whole_groups(groups, rng, resamples):
        for name, drawn in draws.items():
            drawn.append(metrics[name](statistics[name], weights))
    units = rows if groups is None else len(set(groups))
    return {name: interval(float(values[name]), draws[name], units) for name in metrics}


def _check_statistics(statistics: Mapping[str, Floats], groups: Sequence[str] | None) -> int:
    """Return the number of rows, after checking that all have it."""
    counts = {name: len(table) for name, table in statistics.items()}
    if groups is not None:
        counts["groups"] = len(groups)
    if len(set(counts.values())) != 1 or not min(counts.values()):
        raise DataError(f"Expected statistics of the same rows, at least one, found {counts}.")
    for name, table in statistics.items():
        if table.ndim != 2 or not np.isfinite(table).all():
            raise DataError(
                f"Expected finite statistics [rows, columns] of {name}, found {list(table.shape)} "
                f"with {int((~np.isfinite(table)).sum())} that are not finite."
            )
    return counts[next(iter(statistics))]


def _by_formula(
    values: Mapping[str, float], formulas: Mapping[str, Callable[..., tuple[float, float] | None]], *rows: Any
) -> dict[str, Score]:
    found = {}
    for name, formula in formulas.items():
        bounds = formula(*rows)
        if bounds is not None and np.isfinite(bounds).all():
            found[name] = Score(value=float(values[name]), low=bounds[0], high=bounds[1])
    return found


def single_rows(strata: Integers, rng: np.random.Generator, resamples: int) -> Iterator[Floats]:
    """Yield how often each row counts, [rows]: rows drawn from all, and one more of a stratum that none was drawn of.

    `strata` are [rows]. They are drawn first, then rows within each, which is the same as drawing from all rows but
    for strata that would be lost.
    """
    order = strata.argsort(kind="stable")
    _, start, size = np.unique(strata[order], return_index=True, return_counts=True)
    for _ in range(resamples if len(strata) else 0):
        rows = np.maximum(rng.multinomial(len(strata), size / len(strata)), 1)
        drawn = order[start.repeat(rows) + rng.integers(size.repeat(rows))]
        yield np.bincount(drawn, minlength=len(strata)).astype(np.float64)


def whole_groups(groups: Sequence[str], rng: np.random.Generator, resamples: int) -> Iterator[Floats]:
    """Yield how often each row counts, [rows], alike within a group; nothing for a single group."""
    names, member = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    size = len(names)
    for _ in range(resamples if size > 1 else 0):
        counts = np.bincount(rng.integers(size, size=size), minlength=size)
        yield counts[member].astype(np.float64)


def interval(value: float, draws: Sequence[float] | Floats, units: int, *, level: float = LEVEL) -> Score:
    """Return a value with bounds from its finite `draws`; nan where more than half of them are not finite.

    The bounds are percentiles, set further out the fewer `units` (rows or groups) were drawn from: resamples vary
    less than new samples would, by (units - 1) / units, and a spread that is itself estimated needs Student's t with
    units - 1 degrees of freedom. These are the expanded percentiles of Hesterberg 2015, "What teachers should know
    about the bootstrap". They are 2.5 and 97.5 for many units, 2.0 and 98.0 for 40, 1.1 and 98.9 for 12.
    """
    drawn = np.asarray(draws, dtype=np.float64)
    finite = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(finite) or 2 * len(finite) < len(draws):
        return Score(value=value, low=float("nan"), high=float("nan"))
    outwards = stdtrit(units - 1, (1 + level) / 2) * np.sqrt(units / (units - 1)) if units > 1 else np.inf
    low, high = np.percentile(finite, 100 * ndtr([-outwards, outwards]))
    return Score(value=value, low=min(float(low), value), high=max(float(high), value))


def check(truth: Integers, scores: Floats, groups: Sequence[str] | None) -> None:
    """Raise DataError where truth, scores and groups do not fit each other."""
    if truth.ndim == 2 and truth.shape == scores.shape and len(truth):
        if not np.isin(truth, (0, 1)).all():
            raise DataError("Expected truth [rows, labels] of 0 and 1, found other numbers.")
    elif truth.ndim != 1 or not len(truth) or scores.ndim != 2 or len(scores) != len(truth):
        raise DataError(
            "Expected truth [rows] and scores [rows, classes] with at least one row, "
            f"found {list(truth.shape)} and {list(scores.shape)}."
        )
    elif truth.min() < 0 or truth.max() >= scores.shape[1]:
        raise DataError(
            f"Expected class indices from 0 to {scores.shape[1] - 1}, found {truth.min()} to {truth.max()}.",
            "Index the labels in the order of the score columns.",
        )
    if groups is not None and len(groups) != len(truth):
        raise DataError(f"Expected one group for each of {len(truth)} rows, found {len(groups)}.")
    broken = int((~np.isfinite(scores).all(axis=1)).sum())
    if broken:
        raise DataError(f"Expected finite scores, found {broken} of {len(truth)} rows that are not.")
