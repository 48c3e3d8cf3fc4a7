"""Text in the pixels: what a header says of it, and what the kind of image makes likely."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

# Modalities that often have text in the picture, or whose standard wants the question answered (DX, MG, IO, PX).
OFTEN_WRITTEN_ON = frozenset(
    {
        *("AR", "BMD", "CR", "DG", "DMS", "DOC", "DX", "EPS", "ES", "GM", "HC", "IO", "IVOCT", "IVUS", "LEN", "MG"),
        *("OAM", "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OT", "PX", "RF", "RTIMAGE", "SC", "SM"),
        *("STAIN", "TG", "US", "VA", "XA", "XC"),
    }
)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def burned_in(dataset: "Dataset") -> str:
    """Return "yes" or "no" as Burned In Annotation says, "perhaps" where it does not and such images often have text.

    Where neither is known of other images it is "".
    """
    answer = str(dataset.get("BurnedInAnnotation") or "").strip().upper()
    if answer in ("YES", "NO"):
        return answer.lower()
    return "perhaps" if _often_written_on(dataset) else ""


def _often_written_on(dataset: "Dataset") -> bool:
    return (
        str(dataset.get("Modality") or "").strip().upper() in OFTEN_WRITTEN_ON
        or str(dataset.get("SOPClassUID") or "").startswith(SECONDARY_CAPTURE)
        or any("SCREEN" in str(value).upper() for value in _image_type(dataset))
    )


def _image_type(dataset: "Dataset") -> Sequence[str]:
    value = dataset.get("ImageType") or ()
    return [value] if isinstance(value, str) else list(value)
