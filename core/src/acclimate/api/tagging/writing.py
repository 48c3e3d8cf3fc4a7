"""Spans of a source of any size: as JSON Lines with one text on a line, or as CSV with one span on a line."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from acclimate import data
from acclimate.api import inputs
from acclimate.api.manifest import read_with
from acclimate.api.predicting import take
from acclimate.api.predictions import Predicted, job_of, write_whole
from acclimate.api.request import find_preset, split_options
from acclimate.api.tagging.asking import check_options
from acclimate.api.tagging.predictor import SpanPredictor, load
from acclimate.contracts import Columns, OptionError, SpanPrediction
from acclimate.plugins import Host

_ROWS = 256
_OF_SPAN = ("start", "end", "label", "text", "probability")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, spans}` of every row, each span with start, end, label, text, probability; or `{id, error}`."""
    check_options(options)
    columns, settings = split_options(dict(options))
    return chain.from_iterable(_chunks(host, load(folder, host), source, columns, settings.reading))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write one span on a line as CSV: id, start, end, label, text, probability, what the preset tells, and error.

    A row without spans has a line with its id alone.
    """
    _write_csv(rows, stream, manifest["spans"]["told"])


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new file, JSON Lines with one text on a line or CSV with one span on a line.

    Raises:
        OptionError: for another suffix.
        AcclimateError: for a run or a source that cannot be used.
    """
    if output.suffix not in (".csv", ".jsonl"):
        raise OptionError(
            f"Spans are written to a file with the suffix .csv or .jsonl; found {str(output)!r}.",
            "Choose one of them.",
        )
    check_options(options)
    columns, settings = split_options(dict(options))
    predictor = load(folder, host)

    def written(rows: Iterator[dict[str, Any]], file: Path) -> None:
        with file.open("w", encoding="utf-8", newline="") as stream:
            if output.suffix == ".csv":
                _write_csv(rows, stream, predictor.span_columns)
            else:
                stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    return write_whole(
        output,
        lambda skip: _chunks(host, predictor, source, columns, settings.reading, skip=skip),
        written,
        job=job_of(folder, source, columns, settings.reading),
        resume=resume,
    )


def _chunks(
    host: Host, predictor: SpanPredictor, source: str, columns: Columns, reading: Mapping[str, Any], *, skip: int = 0
) -> Iterator[list[dict[str, Any]]]:
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    read = inputs.reader(host, owner, preset, source, reading, read_with(predictor.manifest))
    shape = partial(data.joined, columns=columns)
    rows = data.stream(source, read=read, columns=columns, modality="text", shape=shape)
    return _predicted(predictor, islice(rows, skip, None))


def _predicted(predictor: SpanPredictor, rows: Iterator[data.Row]) -> Iterator[list[dict[str, Any]]]:
    while taken := take(rows, _ROWS):
        found = iter(predictor.predict([row.content for row in taken if not row.error]))
        yield [_told(row, None if row.error else next(found)) for row in taken]


def _told(row: data.Row, found: SpanPrediction | None) -> dict[str, Any]:
    if found is None:
        return {"id": row.id, "error": row.error}
    return {
        "id": row.id,
        "spans": [{**{name: getattr(span, name) for name in _OF_SPAN}, **span.columns} for span in found.spans],
    }


def _write_csv(rows: Iterable[Mapping[str, Any]], stream: TextIO, columns: Sequence[str] = ()) -> None:
    writer = csv.writer(stream)
    writer.writerow(["id", *_OF_SPAN, *columns, "error"])
    names = [*_OF_SPAN, *columns]
    for row in rows:
        for span in row.get("spans") or [{}]:
            cells = [f"{span[name]:.4f}" if name == "probability" and span else span.get(name, "") for name in names]
            writer.writerow([row["id"], *cells, row.get("error", "")])
