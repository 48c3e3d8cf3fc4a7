"""The command that fetches series from a DICOMweb server."""

from pathlib import Path
from typing import Annotated

import typer
from acclimate.cli import output
from acclimate.cli.options import Json

_KEPT = "What is complete is kept; the same command goes on."


def fetch(
    server: Annotated[str, typer.Argument(help="dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE, such as ?Modality=CT.")],
    folder: Annotated[Path, typer.Argument(help="Folder for the files, one folder in it for each series.")],
    as_json: Json = False,
) -> None:
    """Fetch every instance of the matching series; what the folder holds already is not fetched again."""
    with output.failing_well(as_json, interrupted=_KEPT):
        from acclimate_medical_imaging.web import DicomWeb, download

        connection = DicomWeb(server)
        done = download(connection, folder)
        if as_json:
            output.show_json(
                {
                    "server": connection.address.root,
                    "folder": str(folder),
                    "fetched": done.fetched,
                    "kept": done.kept,
                }
            )
            return
        output.show(f"fetched {done.fetched}, there before {done.kept}; {len(done.files)} files in {folder}")
