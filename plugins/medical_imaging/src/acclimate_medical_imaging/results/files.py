"""DICOM files: whole or not there, always with a preamble and file meta information."""

from pathlib import Path

from acclimate.contracts import OutputError
from pydicom import Dataset


def save(dataset: Dataset, output: str | Path) -> None:
    """Write a data set into a new file, with the preamble and file meta information of PS3.10.

    Raises:
        OutputError: when the file exists, or its folder cannot be written.
    """
    output = Path(output)
    part = output.with_name(output.name + ".part")
    if output.exists():
        raise OutputError(f"{output.name} exists.", "Name a new file, or remove it first.")
    try:
        output.absolute().parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(part, enforce_file_format=True)
        part.replace(output)
    except OSError as error:
        raise OutputError(
            f"{output.name} could not be written: {error.strerror}.", "Free some space, or name another folder."
        ) from error
    finally:
        part.unlink(missing_ok=True)
