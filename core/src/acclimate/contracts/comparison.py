"""What a comparison of methods says: one row per method, as values, as a table and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from acclimate.contracts.report import Finding
from acclimate.contracts.scores import Score, finite

_HEADINGS = ("method", "seeds", "score", "difference to best", "trainable", "memory", "seconds", "bundle")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResult:
    """One run of a comparison.

    `status` is "measured", "failed" (`reason` says why) or "missing" (not started, `reason` says why). `seconds` is
    what training took: features, head, steps, logits of the test rows. `output` is the saved run.
    """

    seed: int
    status: Literal["measured", "failed", "missing"]
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    bundle_bytes: int | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One row of a comparison: a method over its measured seeds.

    `score` is the mean of the compared metric with its 95 % interval, `metrics` holds the mean of every metric.
    `difference` is `score` less that of the best method on the same rows and seeds, and `significant` whether its
    95 % interval leaves 0 out; both are None for the best method, `significant` also where there is no interval.
    `parameters` has "total" and "trainable", `share` is trainable by total. `seconds` is the mean,
    `peak_memory_bytes` and `bundle_bytes` the most of any seed. What was not measured is None, and `reason` says why.
    """

    name: str
    reason: str = ""
    score: Score | None = None
    difference: Score | None = None
    significant: bool | None = None
    metrics: Mapping[str, Score] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    share: float | None = None
    peak_memory_bytes: int | None = None
    seconds: float | None = None
    bundle_bytes: int | None = None
    seeds: tuple[SeedResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Methods side by side on the same rows; `str()` is the table.

    `metric` is what is compared, `best` the method with the best mean. `missing` lists the runs that were not
    started, as "METHOD, seed N". `findings` are what the leak checks say of the split with seed 0; those of the other
    seeds are in the reports of their runs.
    """

    preset: str
    backbone: str
    metric: str
    methods: tuple[MethodResult, ...]
    best: str | None
    missing: tuple[str, ...]
    output: str
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers; a bound that is not defined is None."""
        plain: dict[str, Any] = finite(asdict(self))
        return plain

    def __str__(self) -> str:
        rows = [_HEADINGS, *(_cells(method) for method in self.methods)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        lines = [" · ".join(filter(None, (self.preset, self.metric, self.backbone)))]
        for row in rows:
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines += [f"{finding.level}: {finding.message}" for finding in self.findings]
        lines += [f"{method.name}: {method.reason}" for method in self.methods if method.reason]
        equal = [method.name for method in self.methods if method.significant is False]
        if equal:
            lines.append(f"The difference to {self.best} is not significant for {', '.join(equal)}.")
        if self.missing:
            lines.append(f"Missing: {'; '.join(self.missing)}. Compare again with --output {self.output} to go on.")
        return "\n".join(lines)


def _cells(method: MethodResult) -> tuple[str, ...]:
    measured = sum(each.status == "measured" for each in method.seeds)
    count = f"{measured} of {len(method.seeds)}"
    if method.score is None:
        return (method.name, count, "not measured", *("" for _ in _HEADINGS[3:]))
    return (
        method.name,
        count,
        str(method.score),
        _difference(method.difference, method.significant),
        f"{method.parameters['trainable']:,} ({100 * (method.share or 0):.3g} %)",
        _mebibytes(method.peak_memory_bytes, 0),
        f"{method.seconds:,.1f}",
        _mebibytes(method.bundle_bytes, 1),
    )


def _difference(difference: Score | None, significant: bool | None) -> str:
    if difference is None:
        return "best"
    bounds = f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    return f"{bounds} n.s." if significant is False else bounds


def _mebibytes(size: int | None, digits: int) -> str:
    return "" if size is None else f"{size / 2**20:,.{digits}f} MiB"
