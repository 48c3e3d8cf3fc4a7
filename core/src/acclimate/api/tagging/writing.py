"""Spans of a source of any size: as JSON Lines with one text on a line, or as CSV with one span on a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from acclimate import data
from acclimate.api.line_writing import Line, Lines, Reading, check_suffix, write
from acclimate.api.predictions import Predicted
from acclimate.api.request import split_options
from acclimate.api.tagging.asking import check_options
from acclimate.api.tagging.predictor import SpanPredictor, load
from acclimate.contracts import SpanPrediction
from acclimate.plugins import Host

_ROWS = 256
_OF_SPAN = ("start", "end", "label", "text", "probability")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, spans}` of every row, each span with start, end, label, text, probability; or `{id, error}`."""
    check_options(options)
    return chain.from_iterable(_reading(load(folder, host), source, options).chunks(host))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write one span on a line as CSV: id, start, end, label, text, probability, what the preset tells, and error.

    A row without spans has a line with its id alone.
    """
    _lines(manifest["spans"]["told"]).write_csv(rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new file, JSON Lines with one text on a line or CSV with one span on a line.

    Raises:
        OptionError: for another suffix.
        AcclimateError: for a run or a source that cannot be used.
    """
    check_suffix("Spans", output)
    check_options(options)
    predictor = load(folder, host)
    reading = _reading(predictor, source, options)
    return write(host, folder, reading, _lines(predictor.span_columns), output, resume=resume)


def _lines(told: Sequence[str]) -> Lines:
    return Lines(columns=[*_OF_SPAN, *told], finds=lambda row: row.get("spans", ()))


def _reading(predictor: SpanPredictor, source: str, options: Mapping[str, Any]) -> Reading:
    columns, settings = split_options(dict(options))
    return Reading(
        manifest=predictor.manifest,
        source=source,
        columns=columns,
        reading=settings.reading,
        shape=partial(data.joined, columns=columns),
        predict=lambda rows: [_told(found) for found in predictor.predict([row.content for row in rows])],
        rows_at_once=_ROWS,
    )


def _told(found: SpanPrediction) -> Line:
    return {
        "spans": [{**{name: getattr(span, name) for name in _OF_SPAN}, **span.columns} for span in found.spans],
    }
