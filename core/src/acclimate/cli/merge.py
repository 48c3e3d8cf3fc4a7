"""The command `merge`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import Json


def merge(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    output_folder: Annotated[Path, typer.Option("--output", help="New folder for the plain model.")],
    as_json: Json = False,
) -> None:
    """Write a saved run as a plain model, with what its method added folded in, that transformers loads by itself."""
    with output.failing_well(as_json):
        from acclimate.api import merge as run_merge

        done = run_merge(run, output_folder)
        if as_json:
            output.show_json(
                {
                    "run": str(run),
                    "output": str(done.output),
                    "loads_as": done.loads_as,
                    "head": done.head,
                    "logits_difference": done.difference,
                }
            )
            return
        where = "with its head" if done.head == "inside" else f"with the head in {done.head}"
        output.show(f"{done.loads_as} {where}; logits differ by {done.difference:.2g} on the probe")
        output.show(f"saved in {done.output}; README.md there has the lines that use it")
