"""The command `courts`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from acclimate.cli import output
from acclimate.cli.options import Json

_SHOWN = 20


def courts(
    source: Annotated[str, typer.Argument(help="A table (.csv, .tsv, .jsonl) with a court in each row.")],
    output_file: Annotated[Path, typer.Option("--output", help="New .csv or .jsonl: the rows with their courts.")],
    column: Annotated[str, typer.Option(help="Column with the name, abbreviation or id of a court.")] = "court",
    time: Annotated[str, typer.Option(help="Column with the date: only courts that sat then are found.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="CSV of other courts: name, jurisdiction, …")] = None,
    as_json: Json = False,
) -> None:
    """Add columns with id, jurisdiction, system, level and state of courts; exits with 3 when some are not known."""
    with output.failing_well(as_json):
        from acclimate_legal.court_tables import write_courts

        found = write_courts(source, output_file, column=column, time=time, mapping=mapping)
        if as_json:
            output.show_json(found.to_dict())
        else:
            output.show(_told(found))
        if found.unknown:
            raise typer.Exit(output.NOT_WHOLE)


def _told(found: Any) -> str:
    lines = [f"{count:>9,}  {name}" for name, count in found.jurisdictions.items()]
    lines += [f"{count:>9,}  without: {reason}" for reason, count in list(found.unknown.items())[:_SHOWN]]
    if len(found.unknown) > _SHOWN:
        lines.append(f"and {len(found.unknown) - _SHOWN} more names (--json)")
    return "\n".join([*lines, f"{found.rows:,} rows, saved in {found.output}"])
