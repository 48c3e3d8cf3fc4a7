"""The command `clauses`."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from acclimate.cli import output
from acclimate.cli.options import Json, Read

_LABEL = "label"


def clauses(
    source: Annotated[str, typer.Argument(help="A contract in PDF, DOCX, HTML or plain text, or a folder of them.")],
    output_file: Annotated[
        Path | None,
        typer.Option("--output", help="New file: .csv or .jsonl to fill in labels, .html to look at."),
    ] = None,
    read: Read = None,
    as_json: Json = False,
) -> None:
    """List the clauses of contracts with path, page and offsets; exits with 3 when some pages could not be read."""
    with output.failing_well(as_json):
        from acclimate_legal.contracts.listing import listed

        found = listed(source, output.pairs(read, "--read view=original"))
        if output_file:
            _write(source, found.rows, output_file, found.options)
        if as_json:
            output.show_json({"source": source, "output": output_file and str(output_file), **found.to_dict()})
        elif output_file:
            output.show(f"{len(found.clauses):,} clauses, saved in {output_file}")
        else:
            _table(found.clauses, sys.stdout)
        for each in found.unread:
            typer.echo(f"{each['id']}: {each['error']}", err=True)
        if found.unread:
            raise typer.Exit(output.NOT_WHOLE)


def _write(source: str, rows: Iterable[Mapping[str, Any]], file: Path, options: Mapping[str, Any]) -> None:
    from acclimate.bundle import check_output
    from acclimate.contracts import OptionError

    from acclimate_legal.contracts.page import write_page

    check_output(file)
    known = [row for row in rows if "error" not in row]
    if file.suffix == ".html":
        write_page(source, rows, file, options)
    elif file.suffix == ".jsonl":
        lines = (json.dumps({**row, _LABEL: None}, ensure_ascii=False) for row in known)
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    elif file.suffix == ".csv":
        with file.open("w", encoding="utf-8", newline="") as stream:
            _table(known, stream)
    else:
        raise OptionError(
            f"Clauses are written to .csv, .jsonl or .html, found {str(file)!r}.", "Choose one of them."
        )


def _table(rows: Iterable[Mapping[str, Any]], stream: Any) -> None:
    from acclimate_legal.contracts.options import TOLD

    writer = csv.DictWriter(stream, fieldnames=["id", *TOLD, _LABEL])
    writer.writeheader()
    writer.writerows({**row, _LABEL: ""} for row in rows)
