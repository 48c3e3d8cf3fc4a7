"""Which class each segment of a DICOM segmentation is."""

from collections.abc import Mapping, Sequence

from acclimate.contracts import DataError, LabelNames
from pydicom import Dataset

from acclimate_medical_imaging.reading.elements import text, whole


def classes_of(
    segmentation: Dataset, name: str, classes: Sequence[str], *, by: str, others: str
) -> Mapping[int, int]:
    """Return by the number of each segment the place of its class in `classes`; `name` is that of the file.

    By "label" a segment is the class that it is called, whatever the case, "_" and "-" being spaces; by "number"
    segment 1 is the class after the background. Segments that are no class are the background where `others` says so.

    Raises:
        DataError: for segments that are no class, unless they are the background.
    """
    known = {LabelNames.key(each): place for place, each in enumerate(classes)}
    found: dict[int, int] = {}
    strange: list[str] = []
    for segment in segmentation.get("SegmentSequence") or ():
        number, label = whole(segment, "SegmentNumber", 0), text(segment, "SegmentLabel")
        if not number:  # the background of a label map
            continue
        place = known.get(LabelNames.key(label)) if by == "label" else number
        if place is None or not 0 <= place < len(classes):
            strange.append(f"{number} {label!r}")
        else:
            found[number] = place
    if strange and others == "refuse":
        raise DataError(
            f"{name} has segments that are no class: {', '.join(strange)}; the classes are {', '.join(classes)}.",
            "Name their labels as classes, such as --classes background,LABEL; take classes by the numbers of "
            "segments with --read segments=number; or take other segments as background: --read others=background.",
        )
    return found
