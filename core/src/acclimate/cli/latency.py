"""The command `latency`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import Json


def latency(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    data: Annotated[str | None, typer.Argument(help="Rows to predict; test rows of the run when left out.")] = None,
    onnx: Annotated[
        list[Path] | None, typer.Option(help="A file exported from the run, timed beside it; repeatable.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often one row is predicted.")] = 200,
    batch: Annotated[int, typer.Option(help="Rows at once where those of a second are counted.")] = 16,
    threads: Annotated[int | None, typer.Option(help="Threads of the processor.")] = None,
    as_json: Json = False,
) -> None:
    """Measure how long a saved run takes on this machine for one text or image, and how many it does in a second."""
    with output.failing_well(as_json):
        from acclimate.api import latency as measure

        found = measure(run, data, onnx=onnx or (), repeats=repeats, batch=batch, threads=threads)
        if as_json:
            output.show_json(found.to_dict())
            return
        output.show(str(found))
