"""What a header says about whom and how: patient, sex, age, scanner, view."""

import re
from typing import TYPE_CHECKING

from acclimate_medical_imaging.reading.burned_in import burned_in
from acclimate_medical_imaging.reading.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from pydicom import Dataset

# A band of ten years says what a subgroup needs; above 89 an age may identify (45 CFR 164.514(b)(2)(i)(C)).
_BAND, _OLDEST = 10, 90
_AGE = re.compile(r"(\d{3})([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
NAMES = ("sex", "age", "scanner", "modality", "body_part", "view", "laterality", "burned_in")


def patient(dataset: "Dataset", hidden: Pseudonyms, *, study: bool = False) -> str:
    """Return the pseudonym of the patient, else (or where `study` is set) of the study; "" without either."""
    for kind, name in (("patient", "PatientID"), ("study", "StudyInstanceUID"))[study:]:
        if value := _text(dataset, name):
            return hidden.of(kind, value)
    return ""


def described(dataset: "Dataset") -> dict[str, str]:
    """Return what may be a subgroup, by `NAMES`; "" where the header does not say."""
    maker, model = (_text(dataset, name) for name in ("Manufacturer", "ManufacturerModelName"))
    return {
        "sex": _text(dataset, "PatientSex"),
        "age": age_band(_text(dataset, "PatientAge")),
        "scanner": " ".join(word for word in (maker, model) if word),
        "modality": _text(dataset, "Modality"),
        "body_part": _text(dataset, "BodyPartExamined"),
        "view": _text(dataset, "ViewPosition"),
        "laterality": _text(dataset, "Laterality") or _text(dataset, "ImageLaterality"),
        "burned_in": burned_in(dataset),
    }


def age_band(age: str) -> str:
    """Return the ten years in which an age such as "043Y" or "006M" lies: "40-49"; "90+" from 90 on."""
    found = _AGE.fullmatch(age)
    if not found:
        return ""
    years = int(found[1]) * _YEARS[found[2]]
    low = int(years // _BAND) * _BAND
    return f"{_OLDEST}+" if years >= _OLDEST else f"{low}-{low + _BAND - 1}"


def _text(dataset: "Dataset", name: str) -> str:
    value = dataset.get(name)
    return "" if value is None else " ".join(str(value).split())
