"""Summaries of a source of any size: as JSON Lines, a text on a line, or as CSV, a sentence on a line.

A row is `{id, summary, sentences}`, each sentence with start, end, text and probability; and `reference` where
someone wrote a summary; or `{id, error}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from acclimate import data
from acclimate.api.line_writing import Line, LineFlow, Lines, Reading
from acclimate.api.request import split_options
from acclimate.api.summarising.asking import check_options
from acclimate.api.summarising.predictor import SummaryPredictor, load

_ROWS = 8
_OF_SENTENCE = ("start", "end", "text", "probability")
_LINES = Lines(columns=_OF_SENTENCE, finds=lambda row: row.get("sentences", ()))


def _reading(predictor: SummaryPredictor, source: str, options: Mapping[str, Any]) -> Reading:
    columns, settings = split_options(dict(options))

    def predict(rows: Sequence[data.Row]) -> list[Line]:
        return [
            {
                "summary": found.text,
                **({data.REFERENCE: row.told[data.REFERENCE]} if row.told[data.REFERENCE] else {}),
                "sentences": [{name: getattr(each, name) for name in _OF_SENTENCE} for each in found.sentences],
            }
            for row, found in zip(rows, predictor.predict([row.content for row in rows]), strict=True)
        ]

    return Reading(
        manifest=predictor.manifest,
        source=source,
        columns=replace(columns, text="text", label=""),
        reading=settings.reading,
        shape=partial(data.to_summarise, columns=columns),
        predict=predict,
        rows_at_once=_ROWS,
        told=(data.REFERENCE,),
    )


_FLOW = LineFlow(what="Summaries", check=check_options, load=load, reading=_reading, lines=lambda _: _LINES)
predict_rows, show, write_predictions = _FLOW.predict_rows, _FLOW.show, _FLOW.write_predictions
