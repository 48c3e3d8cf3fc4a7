"""What results inherit from their images, in the form that new objects must have: files in use often have another."""

import re

from pydicom import Dataset

from acclimate_medical_imaging.quiet import quiet
from acclimate_medical_imaging.results.identity import UTF_8

# Type 2 of the patient, study and frame of reference modules (PS3.3, C.7): there, but they may be empty.
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
)
# Dates and times had separators before DICOM 3.0 (PS3.5, 6.2); what is none of either form is left empty.
_FORMS = {
    "PatientBirthDate": (".", r"\d{8}"),
    "StudyDate": (".", r"\d{8}"),
    "StudyTime": (":", r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "PatientSex": (" ", "[MFO]"),
}


def inheritable(dataset: Dataset) -> Dataset:
    """Return a data set whose patient and study attributes can be those of a new object; its pixels are shared."""
    with quiet():
        return _completed(dataset)


def _completed(dataset: Dataset) -> Dataset:
    completed = Dataset()
    completed.update(dataset)
    if not str(dataset.get("SpecificCharacterSet", UTF_8)).startswith("ISO_IR "):
        completed.decode()
        _replace(completed, "SpecificCharacterSet", UTF_8)
    for name in _MAY_BE_EMPTY:
        if completed.get(name) is None:
            _replace(completed, name, "")
    for name, (separator, form) in _FORMS.items():
        text = str(completed[name].value).replace(separator, "").strip()
        _replace(completed, name, text if re.fullmatch(form, text) else "")
    return completed


def _replace(dataset: Dataset, name: str, value: str) -> None:
    """Put an element in the place of another, which the data set shares with that it was copied from."""
    dataset.pop(name, None)
    setattr(dataset, name, value)
