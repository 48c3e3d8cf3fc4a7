"""The files that a source names."""

from collections.abc import Sequence
from pathlib import Path

from acclimate.contracts import DataError

Source = str | Path | Sequence[str | Path]


def files_in(source: Source) -> list[Path]:
    """Return the files of a folder and the folders in it, or those given, sorted, each once.

    Of a folder, hidden files and DICOMDIR (an index of the others) are not among them.

    Raises:
        DataError: a file or folder does not exist, or there are no files.
    """
    given = [Path(source)] if isinstance(source, str | Path) else [Path(one) for one in source]
    missing = [path.name for path in given if not path.exists()]
    if missing:
        raise DataError(f"There is no file or folder {missing[0]!r}.", "Give a folder of DICOM files, or the files.")
    files = {file for path in given for file in (_inside(path) if path.is_dir() else [path])}
    if not files:
        raise DataError("There are no files to read.", "Give a folder of DICOM files, or the files.")
    return sorted(files)


def _inside(folder: Path) -> list[Path]:
    """Return the files in a folder and the folders in it."""
    return [
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name != "DICOMDIR"
        and not any(part[0] == "." for part in file.relative_to(folder).parts)
    ]
