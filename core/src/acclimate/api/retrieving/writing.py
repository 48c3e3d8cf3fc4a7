"""The documents that answer the queries of a source of any size."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow
import pyarrow.parquet

from acclimate import bundle, data
from acclimate.api import inputs
from acclimate.api.manifest import read_with
from acclimate.api.predictions import Predicted
from acclimate.api.request import find_preset, split_options
from acclimate.api.retrieving.asking import check_options
from acclimate.api.retrieving.predictor import SearchPredictor, load
from acclimate.contracts import Columns, DataError, FoundDocument, OptionError
from acclimate.plugins import Host

_CHUNK = 256
_SUFFIXES = (".csv", ".jsonl", ".parquet")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, documents}` of every row, the best first, each `{id, score, text}`; or `{id, error}`."""
    return _predicted(host, load(folder, host), source, options)


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write a line for each document that was found: id of the query, its place, id, score and text; and error."""
    del manifest
    _write_table(rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write what is found for each row as CSV, JSON Lines or Parquet; the file is whole or not there.

    Raises:
        OptionError: for `resume`, and for a file of another kind.
        AcclimateError: for a run or a source that cannot be used.
    """
    if resume:
        raise OptionError("What a search finds is written anew, not resumed.", "Leave resume out.")
    if output.suffix not in _SUFFIXES:
        raise OptionError(
            f"Predictions are written to a file with the suffix {', '.join(_SUFFIXES)}; found {str(output)!r}.",
            "Choose one of them.",
        )
    counts = {"rows": 0, "unreadable": 0}

    def counted() -> Iterator[dict[str, Any]]:
        for row in _predicted(host, load(folder, host), source, options):
            counts["rows"] += 1
            counts["unreadable"] += "error" in row
            yield row

    with bundle.writing_file(output) as file:
        _WRITERS[output.suffix](counted(), file)
    return Predicted(output=output, **counts)


def _predicted(
    host: Host, predictor: SearchPredictor, source: str, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    given = {**options, "query": options.get("query") or options.get("text") or "", "text": ""}
    check_options(given)
    columns, settings = split_options(given)
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    read = inputs.reader(host, owner, preset, source, settings.reading, read_with(predictor.manifest))
    found = data.find_columns(source, read=read, columns=columns, wanted=("query",), usual_times=preset.times)
    stream = partial(data.stream, source, read=read, modality="text")
    queries = stream(columns=Columns(text=found.query, id=found.id))
    times = stream(columns=Columns(text=found.time, id=found.id)) if predictor.dated and found.time else None
    return _answers(predictor, queries, times)


def _answers(
    predictor: SearchPredictor, queries: Iterator[data.Row], times: Iterator[data.Row] | None
) -> Iterator[dict[str, Any]]:
    while some := list(islice(queries, _CHUNK)):
        asked = [None if times is None else next(times) for _ in some]
        errors = [_error(predictor, row, time) for row, time in zip(some, asked, strict=True)]
        whole = [place for place, error in enumerate(errors) if not error]
        moments = None if times is None else [asked[place].content for place in whole]  # type: ignore[union-attr]
        found = iter(predictor.predict([some[place].content for place in whole], times=moments))
        for row, error in zip(some, errors, strict=True):
            yield {"id": row.id, "error": error} if error else {"id": row.id, "documents": _told(next(found))}


def _error(predictor: SearchPredictor, row: data.Row, time: data.Row | None) -> str:
    """Return why a row cannot be searched for, "" where it can."""
    if row.error or (time is not None and time.error):
        return row.error or "it has no time"
    try:
        predictor.read(row.content, row.id)
    except DataError as error:
        return error.message
    return ""


def _told(found: Iterable[FoundDocument]) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "score": each.score, "text": each.text, **({"time": each.time} if each.time else {})}
        for each in found
    ]


def _write_table(rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    writer = csv.writer(stream)
    writer.writerow(["id", "place", "document", "score", "text", "error"])
    for row in rows:
        if "error" in row:
            writer.writerow([row["id"], "", "", "", "", row["error"]])
        for place, each in enumerate(row.get("documents", ()), 1):
            writer.writerow([row["id"], place, each["id"], f"{each['score']:.4f}", each["text"], ""])


def _to_csv(rows: Iterable[Mapping[str, Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        _write_table(rows, stream)


def _to_jsonl(rows: Iterable[Mapping[str, Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _to_parquet(rows: Iterable[Mapping[str, Any]], file: Path) -> None:
    """Write id, the documents found as a list, and error; what a row has not is null."""
    text = pyarrow.string()
    document = pyarrow.struct([("id", text), ("score", pyarrow.float64()), ("text", text), ("time", text)])
    schema = pyarrow.schema([("id", text), ("documents", pyarrow.list_(document)), ("error", text)])
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(remaining, _CHUNK)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist([dict(row) for row in chunk], schema=schema))


_WRITERS = {".csv": _to_csv, ".jsonl": _to_jsonl, ".parquet": _to_parquet}
