"""Answers to the chats of a source of any size: streamed, or written into a file."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from acclimate import bundle, data
from acclimate.api import inputs
from acclimate.api.generating.asking import check_options
from acclimate.api.generating.predictor import AT_ONCE, ChatPredictor, load
from acclimate.api.manifest import read_with
from acclimate.api.predictions import Predicted
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import DataError, OptionError
from acclimate.plugins import Host

_COLUMNS = ("id", "answer", "stopped", "tokens", "error")


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, answer, stopped, tokens}` of every chat, in order; or `{id, error}`."""
    return _answered(host, load(folder, host), source, options)


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write id, answer, whether it ended by itself, its tokens, and error, as CSV."""
    del manifest
    writer = csv.DictWriter(stream, _COLUMNS, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        stream.flush()


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write the answer to every chat into a new file, CSV or JSON Lines, which is whole or not there.

    Raises:
        OptionError: for `resume`; for another kind of file.
        AcclimateError: for a run or a source that cannot be used.
    """
    if resume:
        raise OptionError("Answers are written anew, not resumed.", "Leave resume out.")
    if output.suffix not in (".csv", ".jsonl"):
        raise OptionError(f"Answers are written as .csv or .jsonl, found {output.name!r}.", "Name such a file.")
    rows = predict_rows(host, folder, source, options)
    counts = {"rows": 0, "unreadable": 0}

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows:
            counts["rows"] += 1
            counts["unreadable"] += "error" in row
            yield row

    with bundle.writing_file(output) as file, file.open("w", encoding="utf-8", newline="") as stream:
        if output.suffix == ".csv":
            show({}, counted(), stream)
        else:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in counted())
    return Predicted(output=output, **counts)


def _answered(
    host: Host, predictor: ChatPredictor, source: str, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    check_options(options)
    columns, settings = split_options(dict(options))
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    read = inputs.reader(host, owner, preset, source, settings.reading, read_with(predictor.manifest))
    writing = predictor.writing(settings.max_new_tokens, 0.0, settings.seed)
    rows = data.stream_chats(source, read=read, columns=columns)
    while some := list(islice(rows, AT_ONCE)):
        prompts = [_prompt(predictor, row) for row in some]
        answers = predictor.answers([prompt for prompt in prompts if not isinstance(prompt, str)], writing)
        for row, prompt in zip(some, prompts, strict=True):
            if isinstance(prompt, str):
                yield {"id": row.id, "error": prompt}
                continue
            answer = next(answers)
            yield {"id": row.id, "answer": answer.text, "stopped": answer.stopped, "tokens": answer.tokens}


def _prompt(predictor: ChatPredictor, row: data.Row) -> list[int] | str:
    """Return the tokens that an answer goes on from, or why there can be none."""
    if row.error:
        return row.error
    try:
        return predictor.prompt(row.content)
    except DataError as error:
        return error.message
