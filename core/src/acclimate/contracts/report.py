"""What came out of a run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from acclimate.contracts.analysis import Analysis, CallCosts, DecisionCurve, Scope
from acclimate.contracts.scores import Score, finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something the user should know about the data or the result.

    `level` is "note" (context), "warning" (may change a decision) or "problem" (do not rely on the result).
    `details` holds the counts, shares and examples of the message as plain JSON, where there are any.
    """

    code: str
    message: str
    level: Literal["note", "warning", "problem"] = "warning"
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a run says about itself; `to_dict()` is the JSON that `--json` prints.

    Where rows carry one label, `confusion` counts rows by true (row) and predicted (column) label. Where they may
    carry several, `by_label` holds of each label the probability from which it is given ("threshold") and the test
    rows that rightly have it ("tp"), wrongly have it ("fp"), wrongly lack it ("fn") and rightly lack it ("tn").
    `version` is that of Acclimate, `created` the day in UTC, `licences` those of "weights" and "data", "" where
    nobody said.
    """

    preset: str
    method: str
    backbone: str
    output: str
    rows: Mapping[str, int]
    metrics: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, Score]]
    seconds: Mapping[str, float]
    parameters: Mapping[str, int]
    peak_memory_bytes: int
    findings: tuple[Finding, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    by_label: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, float], ...] = ()
    task: str = ""
    version: str = ""
    created: str = ""
    licences: Mapping[str, str] = field(default_factory=dict)
    analysis: Analysis = field(default_factory=Analysis)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers; a bound that is not defined is None.

        A run has either "confusion" or "by_label"; of masks "confusion" is empty, and "analysis" has their classes.
        """
        plain: dict[str, Any] = finite(asdict(self))
        del plain["confusion" if self.by_label else "by_label"]
        return plain

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(report: Report) -> list[str]:
    rows = ", ".join(f"{count:,} {part}" for part, count in report.rows.items())
    lines = [f"{report.preset} · {report.method} on {report.backbone} · {rows}"]
    names = list(report.metrics)
    width = max([len(name) for name in ("this model", *report.baselines)])
    lines.append(" " * (width + 2) + "  ".join(f"{name:<22}" for name in names).rstrip())
    for row, scores in {"this model": report.metrics, **report.baselines}.items():
        cells = (str(scores[name]) if name in scores else "" for name in names)
        lines.append(f"{row:<{width}}  " + "  ".join(f"{cell:<22}" for cell in cells).rstrip())
    lines.extend(_decided(report.analysis))
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    total, trained = (report.parameters.get(name, 0) for name in ("total", "trainable"))
    lines.append(f"{trained:,} of {total:,} parameters trained · {spent}")
    lines.extend(f"{finding.level}: {finding.message}" for finding in report.findings)
    return lines


def _decided(analysis: Analysis) -> list[str]:
    """Say what the operating point does, what the label sets hold, and what was forgotten."""
    lines, point, sets = [], analysis.operating, analysis.conformal
    if analysis.language is not None and analysis.language.forgetting is not None:
        lost = analysis.language.forgetting
        lines.append(
            f"general text ({lost.texts:,} texts): cross-entropy {lost.before} before, {lost.after} after, "
            f"a rise of {lost.rise}"
        )
    if analysis.preferences is not None:
        lines.extend(analysis.preferences.lines())
    if point is not None:
        figures = ", ".join(f"{name} {score}" for name, score in point.scores.items() if name != "flagged")
        lines.append(f"{point.positive!r} from a probability of {point.threshold:.3f} on ({point.rule}): {figures}")
    if point is not None and point.at_prevalence:
        figures = ", ".join(f"{name} {score}" for name, score in point.at_prevalence.items())
        lines.append(f"where a share of {point.prevalence:g} is {point.positive!r}: {figures}")
    lines.extend(_worth(curve) for curve in analysis.decision_curves if point is not None)
    if analysis.cross_validated is not None:
        found = analysis.cross_validated
        figures = ", ".join(f"{name} {score}" for name, score in found.scores.items())
        lines.append(f"{found.folds} folds of all {found.rows:,} rows, {found.repeats} times: {figures}")
        for name, scores in found.beside.items():
            lines.append(
                f"{name} on the same folds: {', '.join(f'{metric} {score}' for metric, score in scores.items())}"
            )
    if analysis.cross_validated is not None and analysis.cross_validated.chosen:
        chosen = ", ".join(f"{name} {count}" for name, count in analysis.cross_validated.chosen.items())
        lines.append(f"each fold searched by itself and found: {chosen}")
    if analysis.costs is not None:
        lines.append(_call_costs(analysis.costs))
    if analysis.answered is not None:
        kept = analysis.answered
        lines.append(f"the surest rows, {kept.coverage:.0%} of these, are answered: accuracy {kept.accuracy}")
    if analysis.scope is not None:
        lines.append(_scope(analysis.scope))
    if analysis.inspection is not None:
        lines.extend(analysis.inspection.lines())
    if sets is not None:
        lines.append(
            f"sets of labels with the true one in {sets.level:.0%} of rows: {sets.coverage} on these, "
            f"{sets.size:.2f} labels on average"
        )
    return lines


def _call_costs(costs: CallCosts) -> str:
    """Say what a row costs by each way to call it."""
    return (
        f"a row costs ({costs.rule}) by the label of least expected cost {costs.cheapest}, by the likeliest "
        f"{costs.likeliest}, all called {costs.always!r} {costs.constant}; the first two differ in "
        f"{costs.changed:.1%} of rows"
    )


def _scope(scope: Scope) -> str:
    """Say how many rows with one of the labels are kept, and how many of the others are told."""
    kept = f"in scope by {scope.score}: {scope.retained} of rows with a label are kept, accuracy {scope.accuracy}"
    if scope.recall is None:
        return kept
    areas = ", ".join(f"{name} {area}" for name, area in scope.auroc.items())
    return f"{kept}; out-of-scope recall {scope.recall} of {scope.rows['outside']:,} rows, AUROC {areas}"


def _worth(curve: DecisionCurve) -> str:
    """Say at which thresholds the model is of use."""
    where = ", ".join(f"{low:.3f} to {high:.3f}" for low, high in curve.better)
    return f"net benefit of flagging {curve.label!r} by the model is clearly above all and none: " + (
        f"at thresholds of {where}" if where else "nowhere"
    )
