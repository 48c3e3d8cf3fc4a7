"""Scores of a model that writes: of the answers that people wrote, and of those that it writes itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate.api import scoring
from acclimate.api.request import Request
from acclimate.contracts import Metric, OptionError, Score
from acclimate.plugins import Host

Floats = NDArray[np.float64]

# Metrics of the probability of answers that people wrote, and of whether written ones ended; others read texts.
OF_LOSSES = ("cross_entropy", "perplexity")
_OF_ENDS = ("stop_rate",)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswers:
    """Answers that a model wrote to some test rows, by the places of these rows, beside those of the rows."""

    places: tuple[int, ...]
    expected: tuple[str, ...]
    written: tuple[str, ...]
    stopped: tuple[bool, ...]


def metrics_of(host: Host, request: Request) -> dict[str, Metric]:
    """Return the metrics of a request by name; those of written answers only where answers are to be written.

    Raises:
        OptionError: for one that is not for texts; where none is left.
    """
    names = request.settings.metrics or request.preset.metrics
    return checked(host, request.owner, names, written=request.settings.written_rows > 0)


def checked(host: Host, owner: str, names: Sequence[str], *, written: bool) -> dict[str, Metric]:
    """Return metrics by name; see `metrics_of`."""
    metrics = scoring.counted_metrics_of(host, owner, names, task="text-generation", of="texts")
    found = {name: metric for name, metric in metrics.items() if written or name in OF_LOSSES}
    if not found:
        raise OptionError(
            f"{', '.join(metrics)} are of written answers, and written_rows is 0.", "Ask for some written_rows."
        )
    return found


def score(
    host: Host,
    metrics: Mapping[str, Metric],
    losses: Floats,
    answers: WrittenAnswers | None,
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, Score]:
    """Return the metrics with their intervals, by row or by group; `losses` [rows, 2] are sums and tokens of rows."""
    of_losses = {name: metric for name, metric in metrics.items() if name in OF_LOSSES}
    tokens, sums = losses[:, 1].tolist(), losses[:, 0].tolist()
    found = scoring.score_rows(host, tokens, sums, of_losses, groups=groups, seed=seed) if of_losses else {}
    if answers is not None:
        own = None if groups is None else [groups[place] for place in answers.places]
        ends = {name: metric for name, metric in metrics.items() if name in _OF_ENDS}
        texts = {name: metric for name, metric in metrics.items() if name not in (*OF_LOSSES, *_OF_ENDS)}
        if ends:
            found |= scoring.score_rows(host, answers.stopped, answers.stopped, ends, groups=own, seed=seed)
        if texts:
            found |= scoring.score_rows(host, answers.expected, answers.written, texts, groups=own, seed=seed)
    return {name: found[name] for name in metrics if name in found}


def functions_of_rows(host: Host, metrics: Mapping[str, Metric]) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return functions of (truth, scores, weights) whose scores are the losses [rows, 2] of a run.

    Raises:
        OptionError: for a metric of written answers, which are of some rows only.
    """
    written = [name for name in metrics if name not in OF_LOSSES]
    if written:
        raise OptionError(
            f"Runs that write are compared by {' and '.join(OF_LOSSES)}, not by {written[0]}.",
            "Read the reports of the runs for it.",
        )
    return {name: _OfRows(host.load(metric)) for name, metric in metrics.items()}


@dataclass(frozen=True, slots=True)
class _OfRows:
    """A function of statistics that are all there is to a row."""

    score: Callable[[Floats, Floats], float]

    def __call__(self, truth: Any, scores: Floats, weights: Floats) -> float:
        del truth
        return self.score(scores, weights)
