"""One file: read, checked, cleaned, marked as de-identified, written."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pydicom import dcmread, dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from acclimate_medical_imaging.broken import BROKEN
from acclimate_medical_imaging.privacy import choices as chosen
from acclimate_medical_imaging.privacy.attributes import Rules, clean
from acclimate_medical_imaging.privacy.choices import Choices
from acclimate_medical_imaging.privacy.keyed import Keyed
from acclimate_medical_imaging.privacy.pixels import blank, check_burned_in, check_overlays, trim
from acclimate_medical_imaging.privacy.summary import LeftOutError, Written
from acclimate_medical_imaging.privacy.table import DEVICE, PATIENT, Table

UIDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
REPORTS = "1.2.840.10008.5.1.4.1.1.88."
DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """An object without its patient: pseudonym, folder of the series, and whether its pixels are known clean."""

    dataset: Dataset
    patient: str
    series: str
    claimed: bool


def cleaned(path: Path, choices: Choices, table: Table, keyed: Keyed) -> Cleaned:
    """Read a file and return the object without its patient.

    Raises:
        LeftOutError: when it is not a DICOM object, is damaged, or is of a kind that cannot be cleaned.
        QuarantinedError: when people may be named in its pixels.
    """
    try:
        return _cleaned(_read(path), choices, table, keyed)
    except InvalidDicomError:
        raise LeftOutError("it is not a DICOM file") from None
    except LeftOutError:
        raise
    except BROKEN as error:
        raise LeftOutError(f"it is damaged, or not as the standard says ({type(error).__name__})") from None


def write(done: Cleaned, folder: Path) -> Written:
    """Write the object into the folder of its series below `folder`.

    Raises:
        LeftOutError: when it repeats an object that is already there, or what is kept of it cannot be encoded.
    """
    file = folder / done.series / f"{done.dataset.SOPInstanceUID}.dcm"
    file.parent.mkdir(exist_ok=True)
    if file.exists():
        raise LeftOutError("it repeats the SOP Instance UID of another file")
    try:
        dcmwrite(file, done.dataset, enforce_file_format=True)
    except BROKEN as error:
        file.unlink(missing_ok=True)
        raise LeftOutError(f"what is kept of it cannot be encoded ({type(error).__name__})") from None
    return Written(patient=done.patient, series=done.series, claimed=done.claimed)


def _read(path: Path) -> Dataset:
    if not path.is_file():
        raise LeftOutError("it is not a regular file")
    try:
        return dcmread(path)
    except OSError as error:
        raise LeftOutError(f"it cannot be read ({error.strerror or 'its end is missing'})") from None


def _cleaned(dataset: Dataset, choices: Choices, table: Table, keyed: Keyed) -> Cleaned:
    _check(dataset)
    claimed = check_burned_in(dataset, choices)
    if choices.clean_pixels:
        blank(dataset, choices.clean_pixels)
    trim(dataset)
    identity = str(dataset.get("PatientID") or "").strip() or f"of study {dataset.StudyInstanceUID}"
    patient = keyed.patient(identity)
    series = keyed.folder(str(dataset.SeriesInstanceUID))
    days = patient.days_earlier if chosen.RETAIN_DATES in choices.options else None
    clean(dataset, Rules(table=table, kept=_kept(choices), keyed=keyed, days_earlier=days))
    dataset.PatientID = dataset.PatientName = patient.name
    _mark(dataset, choices, table, claimed)
    return Cleaned(dataset=dataset, patient=patient.name, series=series, claimed=claimed)


def _kept(choices: Choices) -> frozenset[int]:
    kept = {chosen.RETAIN_DEVICE: DEVICE, chosen.RETAIN_PATIENT: PATIENT}
    return frozenset().union(*(kept.get(option, frozenset()) for option in choices.options))


def _check(dataset: Dataset) -> None:
    """Refuse what is cut off, has no identity of its own, or consists of text."""
    if dataset.file_meta.get("MediaStorageSOPClassUID") == DIRECTORY:
        raise LeftOutError("it is a DICOMDIR: an index of other files")
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise LeftOutError("its file meta information names no transfer syntax")
    if not UID(dataset.file_meta.TransferSyntaxUID).is_transfer_syntax:
        raise LeftOutError("its transfer syntax is not known to pydicom")
    for keyword in UIDS:
        if not dataset.get(keyword):
            raise LeftOutError(f"it has no {keyword}")
    if str(dataset.SOPClassUID).startswith(REPORTS):
        raise LeftOutError("it is a structured report: its content is text")
    if "EncapsulatedDocument" in dataset:
        raise LeftOutError("it holds a document, such as a PDF, that cannot be searched for names")
    if any(_cut_off(dataset.get_item(tag)) for tag in dataset.keys()):  # noqa: SIM118 - iterating reads the values
        raise LeftOutError("it is cut off")
    check_overlays(dataset)


def _cut_off(element: object) -> bool:
    return (
        isinstance(element, RawDataElement)
        and isinstance(element.value, bytes)
        and element.length != 0xFFFFFFFF
        and len(element.value) < element.length
    )


def _mark(dataset: Dataset, choices: Choices, table: Table, claimed: bool) -> None:
    """Say what was done (PS3.15 E.1.1), and replace preamble and file meta information."""
    codes = [chosen.PROFILE_CODE, *(chosen.OPTION_CODES[option] for option in choices.options)]
    if choices.clean_pixels and "PixelData" in dataset:
        codes.append(chosen.CLEAN_PIXELS_CODE)
        dataset.BurnedInAnnotation = "NO"
    dataset.PatientIdentityRemoved = "YES" if claimed else "NO"
    dataset.DeidentificationMethod = [
        f"Acclimate {version('acclimate-medical-imaging')}",
        f"DICOM PS3.15 {table.edition} Basic Profile",
        f"Tables of dicom-anonymizer {version('dicom-anonymizer')}",
    ]
    dataset.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    dated = chosen.RETAIN_DATES in choices.options
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if dated else "REMOVED"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta = meta
    dataset.preamble = bytes(128)


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
