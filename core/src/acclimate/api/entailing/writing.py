"""Hypotheses judged in a source of any size: as JSON Lines, a text on a line, or as CSV, a passage on a line.

A row is `{id, hypotheses}`, each with id, hypothesis, label, probabilities, and evidence with start, end, text and
probability; or `{id, error}`. One without hypotheses of its own is judged by those of the run. In CSV `probability`
is that of the label, `evidence_probability` that of the passage; a hypothesis without evidence has a line without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from acclimate import data
from acclimate.api.entailing.asking import check_options
from acclimate.api.entailing.predictor import EntailPredictor, load
from acclimate.api.line_writing import Line, LineFlow, Lines, Reading
from acclimate.api.request import split_options
from acclimate.contracts import EntailmentPrediction

_ROWS = 8
_OF_EVIDENCE = ("start", "end", "text", "probability")


def _finds(row: Line) -> list[Line]:
    """Return a line of each passage of evidence, and one of each hypothesis without any."""
    return [
        {
            "hypothesis_id": each["id"],
            "hypothesis": each["hypothesis"],
            "label": each["label"],
            "probability": each["probabilities"][each["label"]],
            **{name: found[name] for name in _OF_EVIDENCE[:3] if found},
            **({"evidence_probability": f"{found['probability']:.4f}"} if found else {}),
        }
        for each in row.get("hypotheses", ())
        for found in (each["evidence"] or [{}])
    ]


_LINES = Lines(
    columns=[
        "hypothesis_id",
        "hypothesis",
        "label",
        "probability",
        *_OF_EVIDENCE[:3],
        "evidence_probability",
    ],
    finds=_finds,
)


def _reading(predictor: EntailPredictor, source: str, options: Mapping[str, Any]) -> Reading:
    columns, settings = split_options(dict(options))

    def predict(rows: Sequence[data.Row]) -> list[Line]:
        own = [data.load_hypotheses(row.told[data.HYPOTHESES]) for row in rows]
        asked = [some if some.asked else replace(predictor.asked(), passages=some.passages) for some in own]
        return [_told(found) for found in predictor.judge([row.content for row in rows], asked)]

    return Reading(
        manifest=predictor.manifest,
        source=source,
        columns=replace(columns, text="text"),
        reading=settings.reading,
        shape=partial(data.hypothesised, columns=columns),
        predict=predict,
        rows_at_once=_ROWS,
        told=(data.HYPOTHESES,),
    )


def _told(found: Sequence[EntailmentPrediction]) -> Line:
    return {
        "hypotheses": [
            {
                "id": each.id,
                "hypothesis": each.hypothesis,
                "label": each.label,
                "probabilities": dict(each.probabilities),
                "evidence": [{name: getattr(found, name) for name in _OF_EVIDENCE} for found in each.evidence],
            }
            for each in found
        ]
    }


_FLOW = LineFlow(what="Judged hypotheses", check=check_options, load=load, reading=_reading, lines=lambda _: _LINES)
predict_rows, show, write_predictions = _FLOW.predict_rows, _FLOW.show, _FLOW.write_predictions
