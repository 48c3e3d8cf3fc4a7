"""How far pixels are apart in the patient, where a header says so."""

from typing import TYPE_CHECKING

from acclimate_medical_imaging.reading.elements import Frame, numbers, text

if TYPE_CHECKING:
    from pydicom import Dataset

# Projections: what lies nearer to the source is larger, so that Pixel Spacing is one of the patient only where it was
# calibrated (PS3.3, 10.7.1.1).
_PROJECTIONS = {"CR", "DX", "MG", "RG", "RF", "XA", "PX", "IO"}


def measures(dataset: "Dataset", frame: int) -> "Dataset":
    """Return what holds the spacing of the pixels of a frame: its functional group, or the data set itself."""
    if "PerFrameFunctionalGroupsSequence" in dataset:
        return Frame(dataset, frame).group("PixelMeasuresSequence")
    return dataset


def pixel_spacing(dataset: "Dataset", frame: int = 0) -> tuple[float, float] | None:
    """Return the millimetres between rows and between columns in the patient; None where they are not known.

    Imager Pixel Spacing, which is that of the detector, is never taken, nor is Pixel Spacing of a projection that was
    not calibrated.
    """
    if text(dataset, "Modality") in _PROJECTIONS and not text(dataset, "PixelSpacingCalibrationType"):
        return None
    found = numbers(measures(dataset, frame), "PixelSpacing")
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 and max(found) < float("inf") else None
