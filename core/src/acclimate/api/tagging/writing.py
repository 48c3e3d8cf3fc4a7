"""Spans of a source of any size: as JSON Lines with one text on a line, or as CSV with one span on a line.

A row is `{id, spans}`, each span with start, end, label, text, probability and what the preset tells; or
`{id, error}`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from acclimate import data
from acclimate.api.line_writing import Line, LineFlow, Lines, Reading
from acclimate.api.request import split_options
from acclimate.api.tagging.asking import check_options
from acclimate.api.tagging.predictor import SpanPredictor, load
from acclimate.contracts import SpanPrediction

_ROWS = 256
_OF_SPAN = ("start", "end", "label", "text", "probability")


def _lines(manifest: Mapping[str, Any]) -> Lines:
    return Lines(columns=[*_OF_SPAN, *manifest["spans"]["told"]], finds=lambda row: row.get("spans", ()))


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


_FLOW = LineFlow(
    what="Spans",
    check=check_options,
    load=load,
    reading=_reading,
    lines=_lines,
)
predict_rows, show, write_predictions = _FLOW.predict_rows, _FLOW.show, _FLOW.write_predictions
