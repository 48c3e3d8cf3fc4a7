"""Scores of a run: metrics with intervals, baselines beside them, and what follows from both."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from acclimate import evaluation
from acclimate.contracts import Finding, Metric, Score
from acclimate.plugins import Host

Scores = NDArray[np.float64]


def log_probabilities(logits: Scores) -> Scores:
    """Return log-probabilities [rows, classes]: what metrics rank, so that scores follow from what `predict` returns.

    A constant added to all logits of a row changes no prediction, and would change how the row ranks among others.
    """
    scores: Scores = log_softmax(logits, axis=1)
    return scores


def metrics_of(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return the metric offers of a preset by the names it uses."""
    return {name: host.find("metric", name, owner) for name in names}


def score(
    host: Host,
    truth: NDArray[np.int64],
    tables: Mapping[str, Scores],
    metrics: Mapping[str, Metric],
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, dict[str, Score]]:
    """Return the metrics of each table of scores [rows, classes], all on the same bootstrap samples."""
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    return {
        name: evaluation.score(truth, scores, functions, groups=groups, seed=seed) for name, scores in tables.items()
    }


def findings(
    truth: NDArray[np.int64],
    logits: Scores,
    labels: tuple[str, ...],
    scored: Mapping[str, Score],
    baselines: Mapping[str, Mapping[str, Score]],
    metrics: Mapping[str, Metric],
) -> tuple[Finding, ...]:
    """Return what the scores say about the result."""
    better = {name: metric.better for name, metric in metrics.items()}
    return (
        *evaluation.sample_size(truth, labels),
        *evaluation.constant_predictions(logits, labels, truth=truth),
        *evaluation.compare(scored, baselines, better=better),
    )


def records(
    ids: Sequence[str], truth: NDArray[np.int64], logits: Scores, labels: tuple[str, ...]
) -> Mapping[str, Any]:
    """Return the test rows as `review_report` receives them."""
    return {
        "ids": list(ids),
        "truth": [labels[index] for index in truth],
        "predicted": [labels[index] for index in logits.argmax(axis=1)],
        "probabilities": softmax(logits, axis=1),
    }


def confusion(truth: NDArray[np.int64], logits: Scores, labels: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """Return how many rows of each label (row) were predicted as each label (column)."""
    counts = evaluation.confusion(truth, logits, len(labels))
    return tuple(tuple(int(count) for count in row) for row in counts)
