"""The command `predict`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any

import typer

from acclimate.cli import output
from acclimate.cli.options import Id, Image, Json, MaxNewTokens, Prompt, Query, Read, Text, Time


def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    data: Annotated[str, typer.Argument(help="Rows, labelled or not.")],
    text: Text = "",
    image: Image = "",
    query: Query = "",
    time: Time = "",
    id: Id = "",
    read: Read = None,
    prompt: Prompt = "",
    max_new_tokens: MaxNewTokens = None,
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="New file, .csv, .jsonl or .parquet, in place of standard output; for masks a folder, for documents "
            "also .html, a page to look at.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the --output that was interrupted.")] = False,
    as_json: Json = False,
) -> None:
    """Predict label, mask, spans, documents or answer of rows, in order; exits with 3 when some could not be read."""
    with output.failing_well(as_json, "Add --resume to go on." if output_file else "Nothing was written."):
        options: dict[str, Any] = {
            "text": text,
            "image": image,
            "query": query,
            "time": time,
            "id": id,
            "prompt": prompt,
            "max_new_tokens": max_new_tokens,
            "reading": output.pairs(read, "--read window=lung"),
        }
        if output_file is None:
            counts = _show(run, data, options, as_json)
        else:
            counts = _write(run, data, options, output_file, resume, as_json)
        if counts["unreadable"]:
            where = "; field 'error' says why" if as_json or output_file else "; column 'error' says why"
            typer.echo(f"{counts['unreadable']:,} of {counts['rows']:,} rows could not be read{where}", err=True)
            raise typer.Exit(output.NOT_WHOLE)


def _write(run: Path, data: str, options: dict[str, Any], file: Path, resume: bool, as_json: bool) -> dict[str, int]:
    from acclimate.api import write_predictions

    done = write_predictions(run, data, file, resume=resume, **options)
    counts = {"rows": done.rows, "unreadable": done.unreadable}
    if as_json:
        output.show_json({"run": str(run), "output": str(file), **counts})
    else:
        output.show(f"{done.rows:,} rows, saved in {file}")
    return counts


def _show(run: Path, data: str, options: dict[str, Any], as_json: bool) -> dict[str, int]:
    from acclimate.api import predict_rows
    from acclimate.api.flows import flow_of
    from acclimate.api.manifest import read_manifest

    manifest = read_manifest(run)
    counts = {"rows": 0, "unreadable": 0}

    def counted() -> Iterator[dict[str, Any]]:
        for row in predict_rows(run, data, **options):
            counts["rows"] += 1
            counts["unreadable"] += "error" in row
            yield row

    if as_json:
        _show_object(run, counted(), counts)
    else:
        flow_of(manifest["task"]).show(manifest, counted(), sys.stdout)
    return counts


def _show_object(run: Path, rows: Iterator[dict[str, Any]], counts: dict[str, int]) -> None:
    """Print one JSON object, but only once every row is known: before that there may be an error to print instead."""
    with TemporaryFile("w+", encoding="utf-8") as kept:
        for row in rows:
            kept.write(json.dumps(row, ensure_ascii=False) + "\n")
        kept.seek(0)
        sys.stdout.write(f'{{"run": {json.dumps(str(run))}, "unreadable": {counts["unreadable"]}, "predictions": [')
        for number, line in enumerate(kept):
            sys.stdout.write(f"{',' if number else ''}\n  {line.rstrip()}")
        sys.stdout.write("\n]}\n")
