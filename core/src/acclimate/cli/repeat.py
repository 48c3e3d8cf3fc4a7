"""The command `repeat`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import Json, Metrics, Output


def repeat(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    data: Annotated[str | None, typer.Option(help="Where the rows are now, if they were moved.")] = None,
    test: Annotated[str | None, typer.Option(help="Where the test rows are now.")] = None,
    validation: Annotated[str | None, typer.Option(help="Where the validation rows are now.")] = None,
    metrics: Metrics = "",
    output_folder: Output = None,
    as_json: Json = False,
) -> None:
    """Do a saved run again from its manifest and say whether its numbers are the same; exits with 3 when not."""
    with output.failing_well(as_json):
        from acclimate.api import repeat as run_repeat

        named = output.names(metrics) or None
        done = run_repeat(run, output=output_folder, source=data, test=test, validation=validation, metrics=named)
        if as_json:
            output.show_json(done.to_dict())
        else:
            output.show(f"{done}\nsaved in {done.run.output}")
        if not done.same:
            raise typer.Exit(output.NOT_WHOLE)
