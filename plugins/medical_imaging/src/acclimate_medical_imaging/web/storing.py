"""Results sent to a server, and read back from it before they count as stored."""

import time
from collections.abc import Iterable
from copy import copy, deepcopy
from dataclasses import dataclass
from io import BytesIO

from acclimate.contracts import DataError
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from acclimate_medical_imaging.quiet import quiet
from acclimate_medical_imaging.web.client import DicomWeb, Series
from acclimate_medical_imaging.web.errors import ServerError, hashed

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_CONTENT = ("SOPClassUID", "PixelData", "ContentSequence")
INDEXING_SECONDS = (0.5, 1.0, 2.0)  # archives may list what they accepted a moment later


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How many instances were sent, and how many the server had already; all of them were read back."""

    sent: int
    already: int


def store(server: DicomWeb, datasets: Iterable[Dataset]) -> Stored:
    """Send data sets one by one; each is listed by the server and read back from it before the next is sent.

    They are sent with a preamble and file meta information, whatever they had. What the server has already is not
    sent again, so that calling it again after an interruption goes on.

    Raises:
        DataError: when a data set has no UIDs, or no transfer syntax to be written in.
        ServerError: when the server refuses one, accepts it and stores nothing, or returns another content.
    """
    sent = already = 0
    listed: dict[Series, set[str]] = {}
    for given in datasets:
        series = _series(given)
        with quiet():
            dataset = _conformant(given)
        if series not in listed:
            listed[series] = _listed(server, series)
        if dataset.SOPInstanceUID in listed[series]:
            already += 1
        else:
            _send(server, series, dataset)
            listed[series].add(dataset.SOPInstanceUID)
            sent += 1
        stored = server.retrieve(series, dataset.SOPInstanceUID)
        with quiet():
            _check_content(stored, dataset)
    return Stored(sent=sent, already=already)


def _series(dataset: Dataset) -> Series:
    missing = [name for name in _NEEDED if not dataset.get(name)]
    if missing:
        raise DataError(f"A data set to be stored has no {', '.join(missing)}.", "Give whole DICOM objects.")
    return Series(
        study_uid=dataset.StudyInstanceUID,
        series_uid=dataset.SeriesInstanceUID,
        modality=str(dataset.get("Modality", "")),
    )


def _listed(server: DicomWeb, series: Series, only: str = "") -> set[str]:
    """Return the instances of a series that the server lists; none where it does not know the series."""
    try:
        return set(server.instance_uids(series, only))
    except ServerError as error:
        if error.status != 404:
            raise
        return set()


def _send(server: DicomWeb, series: Series, dataset: Dataset) -> None:
    uid = str(dataset.SOPInstanceUID)
    answer = server.send(dataset)
    for failed in answer.get("FailedSOPSequence") or ():
        reason = f"{failed.get('FailureReason') or 0:04X}"
        raise ServerError(
            f"The server did not store instance {hashed(uid)}: failure reason {reason}.",
            "PS3.18, table I.2-2, and the server's own log say what it means.",
        )
    for pause in (*INDEXING_SECONDS, None):
        if _listed(server, series, uid):
            return
        if pause is not None:
            time.sleep(pause)
    raise ServerError(
        f"The server accepted instance {hashed(uid)} but does not list it: nothing was stored.",
        "Check that the account may write, that the path is its STOW-RS service, and its log.",
    )


def _conformant(dataset: Dataset) -> Dataset:
    """Return a data set as a file would hold it: without a preamble, some servers keep what they cannot read."""
    whole = copy(dataset)
    whole.file_meta = deepcopy(getattr(dataset, "file_meta", None)) or FileMetaDataset()
    buffer = BytesIO()
    try:
        whole.save_as(buffer, enforce_file_format=True)
    except (ValueError, TypeError, AttributeError):
        # Not chained: the library's error quotes values, which can name a patient.
        raise DataError(
            f"Instance {hashed(str(dataset.SOPInstanceUID))} cannot be written as a DICOM file.",
            "Set its file_meta.TransferSyntaxUID; save_as(…, enforce_file_format=True) says what else is amiss.",
        ) from None
    buffer.seek(0)
    return dcmread(buffer)


def _check_content(stored: Dataset, dataset: Dataset) -> None:
    same_syntax = stored.file_meta.get("TransferSyntaxUID") == dataset.file_meta.TransferSyntaxUID
    # Servers may store another transfer syntax; the bytes are then not comparable.
    names = [name for name in _CONTENT if name != "PixelData" or same_syntax]
    other = [name for name in names if stored.get(name) != dataset.get(name)]
    if other:
        raise ServerError(
            f"What the server holds as instance {hashed(str(dataset.SOPInstanceUID))} differs from what was given in "
            f"{', '.join(other)}.",
            "An object with this UID may have been stored before: write the result again, with a new UID.",
        )
