"""One row for each picture of a DICOMweb server: fetched into a folder that is removed after reading."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate.contracts import OptionError

from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.web.client import DicomWeb
from acclimate_medical_imaging.web.downloading import download


def server_rows(source: str, **options: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of `reading.rows.dicom_rows`, which says what the options are, for the series of a server.

    `source` is `dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE`. Files are named by no path here, so that a table of
    labels goes by patient, study, series or image. To keep them, fetch them first: `acclimate dicom-fetch`.

    Raises:
        ServerError: for a server that is down, refuses, or answers something else.
        OptionError: for a table of labels that goes by path.
        DataError: as `dicom_rows`.
    """
    if options.get("labels") == "folders" or options.get("ids") == "path":
        raise OptionError(
            "A server has no folders and no paths.", "Fetch the files first: acclimate dicom-fetch SERVER FOLDER."
        )
    with TemporaryDirectory(prefix="acclimate-") as folder:
        download(DicomWeb(source), Path(folder))
        yield from dicom_rows(folder, **options)
