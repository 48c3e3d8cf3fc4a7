"""Rows of a DICOMweb server: its series are fetched into a folder that is removed after reading.

Each function yields the rows of the one of its name for files, which says what the options are. `source` is
`dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE`. Files are named by no path here, so that a table of labels goes by
patient, study, series or image. To keep them, fetch them first: `acclimate dicom-fetch`.

Raises:
    ServerError: for a server that is down, refuses, or answers something else.
    OptionError: for what goes by path.
    DataError: as for files.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate.contracts import OptionError

from acclimate_medical_imaging.masks.rows import masked_rows
from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.stacks.rows import volume_rows
from acclimate_medical_imaging.web.client import DicomWeb
from acclimate_medical_imaging.web.downloading import download

Rows = Iterator[dict[str, Any]]


def server_rows(source: str, **options: str) -> Rows:
    """Yield one row for each picture, as `reading.rows.dicom_rows`."""
    return _fetched(dicom_rows, source, options)


def server_volume_rows(source: str, **options: str) -> Rows:
    """Yield one row for each volume, as `stacks.rows.volume_rows`."""
    return _fetched(volume_rows, source, options)


def server_masked_rows(source: str, *, classes: Sequence[str] | None = None, **options: str) -> Rows:
    """Yield one row for each picture with its mask, as `masks.rows.masked_rows`; segmentations are fetched too.

    What the address asks for must hold both: `?PatientID=…`, say, and not `?Modality=CT`.
    """
    return _fetched(masked_rows, source, options, **({} if classes is None else {"classes": classes}))


def _fetched(read: Callable[..., Rows], source: str, options: dict[str, str], **more: Any) -> Rows:
    if options.get("labels") == "folders" or options.get("ids") == "path":
        raise OptionError(
            "A server has no folders and no paths.", "Fetch the files first: acclimate dicom-fetch SERVER FOLDER."
        )
    with TemporaryDirectory(prefix="acclimate-") as folder:
        download(DicomWeb(source), Path(folder))
        yield from read(folder, **options, **more)
