"""The command that writes predictions as DICOM objects."""

from pathlib import Path
from typing import Annotated

import typer
from acclimate.cli import output
from acclimate.cli.options import Json


def results(
    run: Annotated[Path, typer.Argument(help="A saved run of a preset of medical imaging.")],
    source: Annotated[Path, typer.Argument(help="A folder, zip archive or file with DICOM images.")],
    output_folder: Annotated[Path, typer.Option("--output", help="New folder for the objects.")],
    kind: Annotated[str, typer.Option("--as", help="seg or sr; what the run gives when left out.")] = "",
    read: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the loader, as in predict; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Predict scans, and write what was found as DICOM segmentations or reports; exits with 3 when some have none."""
    with output.failing_well(as_json):
        from acclimate_medical_imaging.results.predicted import write_results

        done = write_results(
            run, source, output_folder, kind=kind, reading=output.pairs(read, "--read patient=study")
        )
        if as_json:
            output.show_json(
                {
                    "output": str(done.output),
                    "kind": done.kind,
                    "written": done.written,
                    "empty": list(done.empty),
                    "left_out": [{"id": one.id, "reason": one.reason} for one in done.left_out],
                }
            )
        else:
            for one in done.left_out:
                output.show(f"{one.id}: {one.reason}")
            output.show(
                f"{done.written:,} objects ({done.kind}) in {done.output}; nothing was outlined in "
                f"{len(done.empty):,} series, {len(done.left_out):,} others have none; not for diagnostic use"
            )
    if done.left_out:
        raise typer.Exit(output.NOT_WHOLE)
