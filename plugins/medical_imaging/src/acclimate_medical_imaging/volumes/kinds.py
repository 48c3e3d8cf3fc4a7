"""Which DICOM files are no slices of a volume."""

from pydicom import Dataset

from acclimate_medical_imaging.reading.elements import text, values, whole

# What scanners write into Image Type (PS3.3 C.7.6.1.1.2, C.8.16.1) of pictures that are no slices.
_PROJECTIONS = {"MIP", "MINIP", "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM", "PROJECTION IMAGE", "VOLUME_RENDER"}
_SCREENS = {"SCREEN SAVE", "SCREENSAVE", "SCREENSHOT", "DOSE REPORT", "DOSE_INFO"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_DOSE_REPORTS = {"1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.68"}
# The places of their frames are in modules of their own (GridFrameOffsetVector, SliceVector).
_FRAMES_ELSEWHERE = {"RTDOSE", "NM"}


def why_not_a_slice(dataset: Dataset) -> tuple[str, str]:
    """Return the kind of a file that is no slice of a volume and the reason in words, both empty for slices."""
    types = {str(value).upper() for value in values(dataset, "ImageType")}
    if text(dataset, "SOPClassUID") in _DOSE_REPORTS:
        return "report", "a radiation dose report"
    if not (whole(dataset, "Rows", 0) and whole(dataset, "Columns", 0)):
        return "report", "without an image"
    if "LOCALIZER" in types:
        return "localizer", "a localizer"
    if types & _PROJECTIONS:
        return "projection", "a projection of a volume"
    if types & _SCREENS or any(value.endswith(" PROT") for value in types) or _captured(dataset):
        return "screenshot", "a screenshot"
    if text(dataset, "Modality") == "SEG" or whole(dataset, "BitsAllocated", 0) == 1:
        return "segmentation", "a segmentation, not an image"
    return _why_not_frames(dataset) or _why_not_grey(dataset) or ("", "")


def _why_not_frames(dataset: Dataset) -> tuple[str, str] | None:
    frames = whole(dataset, "NumberOfFrames", 1)
    if frames == 1 or "PerFrameFunctionalGroupsSequence" in dataset:
        return None
    if text(dataset, "Modality") in _FRAMES_ELSEWHERE:
        return "frames", f"{frames} frames of {text(dataset, 'Modality')}, whose places are not read"
    return "cine", f"{frames} frames without a place for each"


def _why_not_grey(dataset: Dataset) -> tuple[str, str] | None:
    palette = text(dataset, "PhotometricInterpretation") == "PALETTE COLOR"
    return ("colour", "in colour") if palette or whole(dataset, "SamplesPerPixel", 1) != 1 else None


def _captured(dataset: Dataset) -> bool:
    """Whether a file is a secondary capture without a place in the patient."""
    sop_class = text(dataset, "SOPClassUID")
    captured = sop_class == _SECONDARY_CAPTURE or sop_class.startswith(_SECONDARY_CAPTURE + ".")
    return captured and not values(dataset, "ImagePositionPatient") and whole(dataset, "NumberOfFrames", 1) == 1
