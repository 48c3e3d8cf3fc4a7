"""Scores of spans: strict and partial, over all of them together, averaged over labels, and label by label."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation
from acclimate.api import scoring
from acclimate.api.inputs import Part
from acclimate.contracts import LabelSpans, Metric, Score
from acclimate.plugins import Host

Floats = NDArray[np.float64]
Spans = Sequence[Collection[data.Span]]


def checked(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return metrics of spans by name.

    Raises:
        OptionError: for one that is not for spans.
    """
    return scoring.counted_metrics_of(host, owner, names, task="token-classification", of="spans")


def counted(
    host: Host, metrics: Mapping[str, Metric], truth: Spans, given: Spans, labels: Sequence[str]
) -> dict[str, Floats]:
    """Return what each text adds to each metric, [texts, columns]; there are columns for every label."""
    every = _every(labels)
    return {
        name: host.load(metric, "statistics")([*truth, every], [*given, every])[:-1]
        for name, metric in metrics.items()
    }


def score(
    host: Host,
    metrics: Mapping[str, Metric],
    statistics: Mapping[str, Floats],
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, Score]:
    """Return the metrics with their intervals, over texts or groups of them."""
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    return evaluation.score_statistics(statistics, functions, groups=groups, seed=seed)


def functions_of_rows(
    host: Host, metrics: Mapping[str, Metric], labels: Sequence[str]
) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return functions of (truth, scores, weights) whose scores are the statistics of all metrics side by side."""
    every = [_every(labels)]
    columns = {name: host.load(metric, "statistics")(every, every).shape[1] for name, metric in metrics.items()}
    return scoring.functions_of_columns(host, metrics, columns)


def by_label(
    host: Host,
    metrics: Mapping[str, Metric],
    part: Part,
    truth: Spans,
    given: Spans,
    labels: Sequence[str],
    seed: int,
) -> dict[str, LabelSpans]:
    """Return of each label how many spans are true, given and right, and the metrics of its spans alone."""
    found = {}
    for label in labels:
        own, mine = evaluation.of_label(truth, label), evaluation.of_label(given, label)
        right, count, true = evaluation.strict_statistics(own, mine).sum(axis=0).astype(int).tolist()
        near = int(evaluation.partial_statistics(own, mine)[:, 0].sum())
        statistics = counted(host, metrics, own, mine, [label])
        found[label] = LabelSpans(
            true=true,
            given=count,
            right=right,
            near=near,
            scores=score(host, metrics, statistics, part.groups, seed),
        )
    return found


def _every(labels: Sequence[str]) -> list[data.Span]:
    """Return one span of each label, so that the statistics have columns for all."""
    return [(place, place + 1, label) for place, label in enumerate(labels)]
