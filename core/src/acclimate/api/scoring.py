"""Scores of a run: metrics with intervals, baselines beside them, and what follows from both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from acclimate import evaluation
from acclimate.api.evaluate_modules import SCHEME, ModuleMetric, module_metric
from acclimate.api.looked_for import LookedFor, looked_for
from acclimate.contracts import Finding, Metric, OptionError, Preset, Score
from acclimate.plugins import Host

Scores = NDArray[np.float64]
Truth = NDArray[Any]


def ranked(logits: Scores, thresholds: Scores | None) -> Scores:
    """Return the scores [rows, classes] that metrics rank, so that they follow from what `predict` returns.

    With one label per row they are log-probabilities: a constant added to all logits of a row changes no prediction,
    and would change how the row ranks among others. With several (`thresholds` [classes], in logits) they are how far
    each logit lies above its label's threshold.
    """
    if thresholds is not None:
        return logits - thresholds
    scores: Scores = log_softmax(logits, axis=1)
    return scores


def probabilities_of(logits: Scores, *, multilabel: bool) -> Scores:
    """Return [rows, classes]: shares of one among the classes, or of each label by itself."""
    found: Scores = expit(logits) if multilabel else softmax(logits, axis=1)
    return found


def given(logits: Scores, thresholds: Scores, labels: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the labels of each row whose logits [rows, labels] reach their thresholds, the most likely first."""
    return [tuple(labels[k] for k in (-row).argsort(kind="stable") if row[k] >= thresholds[k]) for row in logits]


def called(logits: Scores, labels: Sequence[str], thresholds: Scores | None) -> Sequence[Any]:
    """Return what each row is called by its logits [rows, labels]: a label, or a tuple of several."""
    if thresholds is not None:
        return given(logits, thresholds, labels)
    return [labels[index] for index in logits.argmax(axis=1)]


def metric_names(preset: Preset, *, multilabel: bool) -> tuple[str, ...]:
    """Return the names of a preset's metrics for rows of one label, or of several."""
    return preset.multilabel_metrics if multilabel else preset.metrics


def metrics_of(
    host: Host,
    owner: str,
    names: Sequence[str],
    *,
    task: str,
    multilabel: bool,
    labels: Sequence[str] = (),
    positive: str = "",
) -> dict[str, Metric]:
    """Return the metrics of a preset by the names it uses: offers, and modules as `evaluate:PATH`.

    `positive` is the one of `labels` that is looked for, for the metrics of one label.

    Raises:
        AcclimateError: when there is no such metric, or its module cannot be used.
        OptionError: when a metric is not for the task, rows may carry several labels and it is not for them, or it
            needs the label that is looked for.
    """
    found = {name: find_metric(host, owner, name, task=task) for name in names}
    strange = [name for name, metric in found.items() if task not in metric.tasks]
    if strange:
        fitting = ", ".join(name for name, metric in host.metrics().items() if task in metric.tasks)
        raise OptionError(
            f"Metric {strange[0]!r} is for {', '.join(found[strange[0]].tasks)}, not for {task}.",
            f"Fitting: {fitting}.",
        )
    unfit = [name for name, metric in found.items() if multilabel and metric.multilabel is None]
    if unfit:
        fitting = ", ".join(
            name for name, metric in host.metrics().items() if metric.multilabel and task in metric.tasks
        )
        raise OptionError(
            f"The rows may carry several labels, which metric {unfit[0]!r} is not for.", f"Fitting: {fitting}."
        )
    if multilabel:
        return found
    return {
        name: looked_for(metric, name, labels, positive) if metric.of_positive else metric
        for name, metric in found.items()
    }


def counted_metrics_of(host: Host, owner: str, names: Sequence[str], *, task: str, of: str) -> dict[str, Metric]:
    """Return the metrics of what is no choice between classes, which read `of`, such as texts or spans.

    Raises:
        AcclimateError: as `metrics_of`; OptionError for a metric of classes alone.
    """
    metrics = metrics_of(host, owner, names, task=task, multilabel=False)
    for name, metric in metrics.items():
        if metric.statistics is None:
            raise OptionError(f"Metric {name!r} has no statistics of {of}.", "Name another metric.")
    return metrics


def find_metric(host: Host, owner: str, name: str, *, task: str) -> Metric:
    """Return the metric of one name: an offer, or a module as `evaluate:PATH`.

    Raises:
        AcclimateError: when there is none, or its module cannot be used.
    """
    return module_metric(name, task) if name.startswith(SCHEME) else host.find("metric", name, owner)


def functions_of(
    host: Host, metrics: Mapping[str, Metric], *, multilabel: bool
) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return the functions of metrics for rows of one label, or of several."""
    role = "multilabel" if multilabel else "score"
    return {
        name: metric.function() if isinstance(metric, ModuleMetric) else _function(host, metric, role)
        for name, metric in metrics.items()
    }


def _function(host: Host, metric: Metric, role: str) -> Callable[..., Any]:
    if isinstance(metric, LookedFor):
        return metric.function(host.load(metric.offer, role))
    function: Callable[..., Any] = host.load(metric, role)
    return function


def difference_of(host: Host, metric: Metric, *, multilabel: bool) -> evaluation.DifferenceFunction | None:
    """Return the formula of a metric's differences on rows of one label; None where it has none."""
    return None if multilabel or metric.difference is None else _function(host, metric, "difference")


def score(
    host: Host,
    truth: Truth,
    tables: Mapping[str, Scores],
    metrics: Mapping[str, Metric],
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, dict[str, Score]]:
    """Return the metrics of each table of scores [rows, classes]; bootstrap intervals are of the same samples."""
    functions = functions_of(host, metrics, multilabel=truth.ndim == 2)
    role = "interval" if groups is None else "group_interval"
    formulas = {name: _function(host, metric, role) for name, metric in metrics.items() if getattr(metric, role)}
    given: dict[str, Any] = {"formulas" if groups is None else "group_formulas": formulas}
    return {
        name: evaluation.score(truth, scores, functions, groups=groups, seed=seed, **given)
        for name, scores in tables.items()
    }


def score_rows(
    host: Host,
    truth: Sequence[Any],
    predicted: Sequence[Any],
    metrics: Mapping[str, Metric],
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, Score]:
    """Return the metrics of what is no choice between classes: texts, spans, rankings, masks.

    `truth` and `predicted` have one item for each row, of the kind that the metrics' `statistics` read.
    """
    counted = {name: host.load(metric, "statistics")(truth, predicted) for name, metric in metrics.items()}
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    return evaluation.score_statistics(counted, functions, groups=groups, seed=seed)


def functions_of_columns(
    host: Host, metrics: Mapping[str, Metric], columns: Mapping[str, int], *, first: int = 0
) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return functions of (truth, scores, weights) whose scores are the statistics of all metrics side by side.

    `columns` says by metric how many columns its statistics have, `first` is where they begin.
    """
    functions: dict[str, Callable[[Any, Any, Any], float]] = {}
    start = first
    for name, metric in metrics.items():
        functions[name] = _OfColumns(host.load(metric), slice(start, start + columns[name]))
        start += columns[name]
    return functions


def compared_first(
    metrics: Mapping[str, Metric], functions: Mapping[str, Callable[[Any, Any, Any], float]], first: str | None
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return metrics and their functions with the one that is compared first: that of this name, or the first.

    Raises:
        OptionError: for a metric that the runs are not measured by.
    """
    named = first or next(iter(metrics))
    if named not in metrics:
        raise OptionError(
            f"The runs are measured by {', '.join(metrics)}, and not by {named!r}.", f"Add it: metrics={named!r}."
        )
    order = [named, *(name for name in metrics if name != named)]
    return {name: metrics[name] for name in order}, {name: functions[name] for name in order}


@dataclass(frozen=True, slots=True)
class _OfColumns:
    """A function of some columns of the statistics."""

    score: Callable[[Scores, Scores], float]
    columns: slice

    def __call__(self, truth: Any, scores: Scores, weights: Scores) -> float:
        del truth
        return self.score(scores[:, self.columns], weights)


def findings(
    truth: Truth,
    scores: Scores,
    labels: tuple[str, ...],
    scored: Mapping[str, Score],
    baselines: Mapping[str, Mapping[str, Score]],
    metrics: Mapping[str, Metric],
    validation: Truth | None = None,
) -> tuple[Finding, ...]:
    """Return what the scores say about the result; `validation` is the truth of the rows that chose thresholds."""
    better = {name: metric.better for name, metric in metrics.items()}
    if truth.ndim == 2:
        about = evaluation.several_labels(truth, scores, validation, labels)
    else:
        about = evaluation.constant_predictions(scores, labels, truth=truth)
    return (
        *evaluation.sample_size(truth, labels),
        *about,
        *evaluation.compare(scored, baselines, better=better),
    )


def records(
    ids: Sequence[str], truth: Truth, logits: Scores, labels: tuple[str, ...], thresholds: Scores | None
) -> Mapping[str, Any]:
    """Return the test rows as `review_report` receives them."""
    if thresholds is None:
        names: Sequence[Any] = [labels[index] for index in truth]
    else:
        names = [tuple(labels[k] for k in np.flatnonzero(row)) for row in truth]
    return {
        "ids": list(ids),
        "truth": names,
        "predicted": called(logits, labels, thresholds),
        "probabilities": probabilities_of(logits, multilabel=thresholds is not None),
    }


def tables_of_errors(
    truth: Truth, logits: Scores, labels: tuple[str, ...], thresholds: Scores | None
) -> dict[str, Any]:
    """Return the field of `Report` that counts errors: `confusion`, or `by_label` where rows may carry several."""
    if thresholds is None:
        table = evaluation.confusion(truth, logits, len(labels))
        return {"confusion": tuple(tuple(int(count) for count in row) for row in table)}
    cells = evaluation.counts(truth, ranked(logits, thresholds), np.ones(len(truth)))
    return {
        "by_label": {
            label: {
                "threshold": float(expit(thresholds[k])),
                **{name: int(cell[k]) for name, cell in zip(evaluation.COUNTS, cells, strict=True)},
            }
            for k, label in enumerate(labels)
        }
    }
