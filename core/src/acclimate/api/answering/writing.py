"""Answers in a source of any size: as JSON Lines with one text on a line, or as CSV with one answer on a line.

A row is `{id, questions}`, each question with id, question, present, and answers with start, end, text and
probability; or `{id, error}`. One without questions of its own is asked those of the run. In CSV a question whose
answer is not present has a line without one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from acclimate import data
from acclimate.api.answering.asking import check_options
from acclimate.api.answering.predictor import AnswerPredictor, load
from acclimate.api.line_writing import Line, LineFlow, Lines, Reading
from acclimate.api.request import split_options
from acclimate.contracts import AnswerPrediction

_ROWS = 8
_OF_ANSWER = ("start", "end", "text", "probability")


def _finds(row: Line) -> list[Line]:
    """Return a line of each answer, and one of each question without any."""
    return [
        {"question_id": question["id"], "question": question["question"], **answer}
        for question in row.get("questions", ())
        for answer in (question["answers"] or [{}])
    ]


_LINES = Lines(columns=["question_id", "question", *_OF_ANSWER], finds=_finds)


def _reading(predictor: AnswerPredictor, source: str, options: Mapping[str, Any]) -> Reading:
    columns, settings = split_options(dict(options))

    def predict(rows: Sequence[data.Row]) -> list[Line]:
        own = [data.load_questions(row.told[data.QUESTIONS] or "[]") for row in rows]
        asked = [some or predictor.asked() for some in own]
        return [_told(found) for found in predictor.answers([row.content for row in rows], asked)]

    return Reading(
        manifest=predictor.manifest,
        source=source,
        columns=replace(columns, text="text"),
        reading=settings.reading,
        shape=partial(data.asked, columns=columns),
        predict=predict,
        rows_at_once=_ROWS,
        told=(data.QUESTIONS,),
    )


def _told(found: Sequence[AnswerPrediction]) -> Line:
    return {
        "questions": [
            {
                "id": each.id,
                "question": each.question,
                "present": each.present,
                "answers": [{name: getattr(answer, name) for name in _OF_ANSWER} for answer in each.answers],
            }
            for each in found
        ]
    }


_FLOW = LineFlow(what="Answers", check=check_options, load=load, reading=_reading, lines=lambda _: _LINES)
predict_rows, show, write_predictions = _FLOW.predict_rows, _FLOW.show, _FLOW.write_predictions
