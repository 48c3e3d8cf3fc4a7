"""The command that sends DICOM files to a DICOMweb server."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from acclimate.cli import output
from acclimate.cli.options import Json

if TYPE_CHECKING:
    from pydicom import Dataset

_SENT = "What was sent is stored; the same command goes on."


def store(
    server: Annotated[
        str, typer.Argument(help="dicomweb://HOST[:PORT]/PATH, or dicomweb+http:// for a local server.")
    ],
    files: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them.")],
    as_json: Json = False,
) -> None:
    """Send DICOM files to a server, and read each back from it; what it has already is not sent again."""
    with output.failing_well(as_json, interrupted=_SENT):
        from acclimate_medical_imaging.web import DicomWeb
        from acclimate_medical_imaging.web import store as send

        paths = _checked(files)
        connection = DicomWeb(server)
        done = send(connection, _read(paths))
        if as_json:
            output.show_json({"server": connection.address.root, "sent": done.sent, "already": done.already})
            return
        output.show(f"sent {done.sent}, there before {done.already}; all of them were read back")


def _checked(files: Sequence[Path]) -> list[Path]:
    """Return the files that were named or are in the folders named, all of them DICOM files.

    Raises:
        DataError: when there is none, or one is no DICOM file; nothing has been sent yet.
    """
    from acclimate.contracts import DataError
    from pydicom.misc import is_dicom

    paths = [path for given in files for path in (sorted(given.rglob("*")) if given.is_dir() else [given])]
    paths = [path for path in paths if not path.is_dir()]
    other = [path.name for path in paths if not path.is_file() or not is_dicom(path)]
    if other or not paths:
        found = f"{len(other)} are none, the first of them {other[0]!r}" if other else "found none"
        raise DataError(f"Expected DICOM files: {found}.", "Name DICOM files (PS3.10), or folders with nothing else.")
    return paths


def _read(paths: Sequence[Path]) -> "Iterator[Dataset]":
    from pydicom import dcmread

    return (dcmread(path) for path in paths)
