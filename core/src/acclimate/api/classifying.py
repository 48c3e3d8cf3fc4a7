"""The flow of classification; see `flows`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from acclimate.api import dealing, scoring
from acclimate.api.adapting import classify as adapt
from acclimate.api.deciding import Decisions
from acclimate.api.evaluating import evaluate_classifier as evaluate
from acclimate.api.flows import Tables
from acclimate.api.options import refuse_unknown
from acclimate.api.predicting import label_rows as predict_rows
from acclimate.api.prediction_tables import check_bars, write_csv
from acclimate.api.predictions import write_labels as write_predictions
from acclimate.api.predictor import load_classifier as load
from acclimate.api.request import Request
from acclimate.contracts import Metric
from acclimate.plugins import Host

__all__ = [
    "adapt",
    "check",
    "compared",
    "deal",
    "evaluate",
    "load",
    "predict_rows",
    "show",
    "write_predictions",
]


def check(request: Request) -> None:
    """Raise OptionError for options of other tasks."""
    refuse_unknown({**asdict(request.columns), **asdict(request.settings)}, request.preset.task)


def deal(host: Host, request: Request, folder: Path) -> "tuple[Tables, dealing.Dealt]":
    """Return the tables of a request, and their rows dealt to parts."""
    tables = dealing.read_tables(host, request, folder)
    return tables, dealing.deal_request(host, request, tables)


def compared(
    host: Host, request: Request, metric: str | None, labels: Sequence[str], *, multilabel: bool
) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
    """Return the metrics by name, the compared one first, and their functions."""
    own = scoring.metric_names(request.preset, multilabel=multilabel)
    names = list(dict.fromkeys(([metric] if metric else []) + list(own)))
    metrics = scoring.metrics_of(
        host,
        request.owner,
        names,
        task=request.preset.task,
        multilabel=multilabel,
        labels=labels,
        positive=request.settings.positive,
    )
    return metrics, scoring.functions_of(host, metrics, multilabel=multilabel)


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write rows as CSV.

    Raises:
        OptionError: where one of several labels of a row holds a bar, before any row is asked for.
    """
    several = manifest["multilabel"]
    check_bars(manifest["labels"], several=several)
    decided = Decisions(**manifest["decisions"]).told
    write_csv(rows, stream, several=several, decided=decided, weighed="attention_width" in manifest["spec"])
