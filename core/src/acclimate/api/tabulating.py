"""From the results of single runs to the table of a comparison."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from acclimate import evaluation
from acclimate.api.measuring import Result
from acclimate.api.schedule import Results
from acclimate.contracts import Comparison, MethodResult, Metric, Score, SeedResult


def tabulate(
    results: Results,
    metrics: Mapping[str, Metric],
    functions: Mapping[str, evaluation.ScoreFunction],
    *,
    formula: evaluation.DifferenceFunction | None,
    preset: str,
    output: Path,
) -> Comparison:
    """Return the comparison of what was measured by functions of test rows; the first of `metrics` is compared.

    `formula` is that of the interval of its differences, where it has one.
    """
    measured: dict[str, dict[int, evaluation.ScoredRows]] = {}
    for (method, seed), result in results.items():
        if isinstance(result, Result) and result.test_rows is not None:
            measured.setdefault(method, {})[seed] = result.test_rows
    compared = next(iter(metrics))
    scored = evaluation.paired(measured, functions, better=metrics[compared].better, formula=formula)
    by_method: dict[str, dict[int, Result | str]] = {}
    for (method, seed), result in results.items():
        by_method.setdefault(method, {})[seed] = result
    reports = [result.report for result in results.values() if isinstance(result, Result) and result.report]
    return Comparison(
        preset=preset,
        backbone=reports[0]["backbone"] if reports else "",
        metric=compared,
        methods=tuple(_method(name, by_seed, scored, compared) for name, by_seed in by_method.items()),
        best=scored.best,
        missing=tuple(f"{method}, seed {seed}" for (method, seed), each in results.items() if isinstance(each, str)),
        output=str(output),
    )


def _method(name: str, by_seed: Mapping[int, Result | str], scored: evaluation.Paired, compared: str) -> MethodResult:
    values = scored.values.get(name, {})
    seeds = tuple(
        _seed(seed, result, {metric: found[seed] for metric, found in values.items() if seed in found})
        for seed, result in by_seed.items()
    )
    done = [result for result in by_seed.values() if isinstance(result, Result) and not result.reason]
    if not done:
        return MethodResult(name=name, reason=_reasons(seeds), seeds=seeds)
    parameters = done[0].report["parameters"]
    difference = scored.differences.get(name)
    return MethodResult(
        name=name,
        reason=_reasons(seeds),
        score=scored.scores[name][compared],
        difference=difference,
        significant=_significant(difference),
        metrics=scored.scores[name],
        parameters=parameters,
        share=parameters["trainable"] / parameters["total"],
        peak_memory_bytes=max((each.peak_memory_bytes for each in done if each.peak_memory_bytes), default=None),
        seconds=sum(each.report["seconds"]["train"] for each in done) / len(done),
        bundle_bytes=max(each.bundle_bytes for each in done),
        seeds=seeds,
    )


def _significant(difference: Score | None) -> bool | None:
    if difference is None or not math.isfinite(difference.low + difference.high):
        return None
    return difference.low > 0 or difference.high < 0


def _seed(seed: int, result: Result | str, values: Mapping[str, float]) -> SeedResult:
    if isinstance(result, str):
        return SeedResult(seed=seed, status="missing", reason=result)
    if result.reason:
        return SeedResult(seed=seed, status="failed", reason=result.reason)
    return SeedResult(
        seed=seed,
        status="measured",
        metrics=values,
        seconds=result.report["seconds"]["train"],
        peak_memory_bytes=result.peak_memory_bytes,
        bundle_bytes=result.bundle_bytes,
        output=result.report["output"],
    )


def _reasons(seeds: Sequence[SeedResult]) -> str:
    """Say why runs failed or are missing, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for each in seeds:
        if each.reason:
            by_reason.setdefault(each.reason, []).append(str(each.seed))
    return " ".join(
        f"seed{'s' if len(named) > 1 else ''} {', '.join(named)}: {reason}" for reason, named in by_reason.items()
    )
