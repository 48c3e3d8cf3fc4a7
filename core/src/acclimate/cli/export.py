"""The command `export`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import Json


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    output_file: Annotated[Path, typer.Option("--output", help="New file, or folder for peft.")],
    format: Annotated[str, typer.Option(help="onnx, or peft: an adapter on the plain backbone.")] = "onnx",
    images: Annotated[
        str | None,
        typer.Option(help="Images on which scores of parts are compared; the run's own test parts when left out."),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Compute in 8 bits; what that costs is measured on the run's test images.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a saved run for another library; what would not give its logits or scores is not written."""
    with output.failing_well(as_json):
        from acclimate.api import export as run_export

        done = run_export(run, output_file, format=format, images=images, int8=int8)
        if as_json:
            output.show_json(
                {
                    "run": str(run),
                    "output": str(done.output),
                    "inputs": list(done.inputs),
                    f"{done.outputs[0]}_difference": done.difference,
                    "compared": done.compared,
                    "int8": done.loss and done.loss.to_dict(),
                }
            )
            return
        what = f"{done.outputs[0].removesuffix('s')}s differ by {done.difference:.2g} on {done.compared} rows"
        output.show(f"inputs {', '.join(done.inputs)}; {what}")
        if done.loss:
            output.show(str(done.loss))
        output.show(f"saved in {done.output}")
