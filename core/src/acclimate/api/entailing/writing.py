"""Hypotheses judged in a source of any size: as JSON Lines, a text on a line, or as CSV, a passage on a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from acclimate import data
from acclimate.api.entailing.asking import check_options
from acclimate.api.entailing.predictor import EntailPredictor, load
from acclimate.api.line_writing import Line, Lines, Reading, check_suffix, write
from acclimate.api.predictions import Predicted
from acclimate.api.request import split_options
from acclimate.contracts import EntailmentPrediction
from acclimate.plugins import Host

_ROWS = 8
_OF_EVIDENCE = ("start", "end", "text", "probability")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, hypotheses}` of every row, or `{id, error}`.

    Each hypothesis has id, hypothesis, label, probabilities, and evidence with start, end, text and probability. A
    row without hypotheses of its own is judged by those of the run.
    """
    check_options(options)
    return chain.from_iterable(_reading(load(folder, host), source, options).chunks(host))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write one passage of evidence on a line as CSV: hypothesis and label, then where it stands.

    `probability` is that of the label, `evidence_probability` that of the passage. A hypothesis without evidence has
    a line without a passage.
    """
    del manifest
    _LINES.write_csv(rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new file, JSON Lines with one text on a line or CSV with one passage of evidence on a line.

    Raises:
        OptionError: for another suffix.
        AcclimateError: for a run or a source that cannot be used.
    """
    check_suffix("Judged hypotheses", output)
    check_options(options)
    reading = _reading(load(folder, host), source, options)
    return write(host, folder, reading, _LINES, output, resume=resume)


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
