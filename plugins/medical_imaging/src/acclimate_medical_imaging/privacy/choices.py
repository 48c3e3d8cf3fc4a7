"""What a caller may choose, checked before any file is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from acclimate.contracts import OptionError, UnknownNameError, did_you_mean

RETAIN_DATES = "retain_longitudinal_modified_dates"
RETAIN_PATIENT = "retain_patient_characteristics"
RETAIN_DEVICE = "retain_device"
OPTIONS = (RETAIN_DATES, RETAIN_PATIENT, RETAIN_DEVICE)
PROFILES = ("basic",)
BURNED_IN = ("quarantine", "keep")

# DICOM PS3.16 CID 7050 "De-identification Method", coding scheme DCM.
PROFILE_CODE = ("113100", "Basic Application Confidentiality Profile")
CLEAN_PIXELS_CODE = ("113101", "Clean Pixel Data Option")
OPTION_CODES = {
    RETAIN_DATES: ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    RETAIN_PATIENT: ("113108", "Retain Patient Characteristics Option"),
    RETAIN_DEVICE: ("113109", "Retain Device Identity Option"),
}

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The profile and its options.

    `clean_pixels` are rectangles (x, y, width, height) in pixels from the upper left corner, blanked in all frames.
    """

    options: tuple[str, ...]
    keep_burned_in: bool
    clean_pixels: tuple[Rectangle, ...]


def choose(profile: str, options: Sequence[str], burned_in: str, clean_pixels: Sequence[Rectangle]) -> Choices:
    """Check what was chosen.

    Raises:
        UnknownNameError: for a profile, an option or a treatment of burned-in text that does not exist.
        OptionError: for a rectangle that is none.
    """
    _known("profile", [profile], PROFILES)
    _known("option", options, OPTIONS)
    _known("burned_in", [burned_in], BURNED_IN)
    for x, y, width, height in clean_pixels:
        if min(x, y) < 0 or min(width, height) < 1:
            raise OptionError(
                f"clean_pixels has the rectangle {x},{y},{width},{height}.",
                "Give x,y,width,height in pixels from the upper left corner, width and height 1 or more.",
            )
    return Choices(
        options=tuple(name for name in OPTIONS if name in options),
        keep_burned_in=burned_in == "keep",
        clean_pixels=tuple(clean_pixels),
    )


def _known(kind: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"There is no {kind} {name!r}.", did_you_mean(name, known))
