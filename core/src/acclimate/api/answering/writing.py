"""Answers in a source of any size: as JSON Lines with one text on a line, or as CSV with one answer on a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from acclimate import data
from acclimate.api.answering.asking import check_options
from acclimate.api.answering.predictor import AnswerPredictor, load
from acclimate.api.line_writing import Line, Lines, Reading, check_suffix, write
from acclimate.api.predictions import Predicted
from acclimate.api.request import split_options
from acclimate.contracts import AnswerPrediction
from acclimate.plugins import Host

_ROWS = 8
_OF_ANSWER = ("start", "end", "text", "probability")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, questions}` of every row, or `{id, error}`.

    Each question has id, question, present, and answers with start, end, text and probability. A row without
    questions of its own is asked those of the run.
    """
    check_options(options)
    return chain.from_iterable(_reading(load(folder, host), source, options).chunks(host))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write one answer on a line as CSV: id, question_id, question, start, end, text, probability and error.

    A question whose answer is not present has a line without them.
    """
    del manifest
    _LINES.write_csv(rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new file, JSON Lines with one text on a line or CSV with one answer on a line.

    Raises:
        OptionError: for another suffix.
        AcclimateError: for a run or a source that cannot be used.
    """
    check_suffix("Answers", output)
    check_options(options)
    reading = _reading(load(folder, host), source, options)
    return write(host, folder, reading, _LINES, output, resume=resume)


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
