"""Series of a server as files in a folder, gone on with where it was interrupted."""

from dataclasses import dataclass
from pathlib import Path

from acclimate.contracts import OutputError
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from acclimate_medical_imaging.web.client import DicomWeb, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """What a folder holds now: its files, how many of them were fetched, and how many were there before."""

    files: tuple[Path, ...]
    fetched: int
    kept: int


def download(server: DicomWeb, folder: str | Path) -> Downloaded:
    """Write every instance of the matching series as FOLDER/SERIES_UID/INSTANCE_UID.dcm, and return what is there.

    A file has its name only when it is whole, so calling it again goes on: what is there is not fetched again.

    Raises:
        ServerError: when the server stops answering; what is complete is kept.
        OutputError: when the folder cannot be written.
    """
    folder = Path(folder)
    files: list[Path] = []
    fetched = 0
    for series in server.iter_series():
        place = _place(folder, series)
        for uid in server.instance_uids(series):
            file = place / f"{uid}.dcm"
            if not _holds(file, uid):
                _fetch(server, series, uid, file)
                fetched += 1
            files.append(file)
    return Downloaded(files=tuple(files), fetched=fetched, kept=len(files) - fetched)


def _place(folder: Path, series: Series) -> Path:
    """Return the folder of a series, free of what an interrupted download left."""
    place = folder / series.series_uid
    try:
        place.mkdir(parents=True, exist_ok=True)
        for part in place.glob("*.part"):
            part.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from None
    return place


def _holds(file: Path, uid: str) -> bool:
    if not file.is_file():
        return False
    try:
        return bool(dcmread(file, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID == uid)
    except (InvalidDicomError, AttributeError):
        return False


def _fetch(server: DicomWeb, series: Series, uid: str, file: Path) -> None:
    dataset = server.retrieve(series, uid)
    part = file.with_suffix(".part")
    try:
        dataset.save_as(part, enforce_file_format=True)
        part.replace(file)
    except OSError as error:
        raise _unwritable(file.parents[1], error) from None
    finally:
        part.unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    # The names of the files are UIDs: only the folder is named.
    return OutputError(f"{folder} cannot be written: {error.strerror}.", "Free some space, or name another folder.")
