"""DICOM segmentations, frame by frame: which picture each frame outlines, and the classes in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from pydicom import Dataset

from acclimate_medical_imaging.masks.classes import classes_of
from acclimate_medical_imaging.masks.grids import Lay, lay_of, plane_of
from acclimate_medical_imaging.masks.pictures import Picture
from acclimate_medical_imaging.reading import headers
from acclimate_medical_imaging.reading.elements import Frame, numbers, text, values, whole
from acclimate_medical_imaging.reading.files import Place
from acclimate_medical_imaging.reading.pixels import stored_values
from acclimate_medical_imaging.reading.spacing import measures

KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_HALF = 0.5  # of the largest value: the share of a voxel, or the probability, from which it counts
_OPEN = 4  # files that are kept in memory
_USUAL_MOST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What one frame of a segmentation says of one picture: `classes` by the value that stands for each."""

    place: Place
    frame: int
    kind: str
    most: int
    classes: Mapping[int, int]
    lay: Lay | None

    def masks(self) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Yield the place of each class and where it is, [rows, columns] of the picture.

        Raises:
            DataError: for pixels that are cut off or malformed.
        """
        stored = stored_values(opened(self.place), self.frame)
        turned = stored if self.lay is None else self.lay.turned(stored)
        if self.kind == "FRACTIONAL":
            turned = (turned >= _HALF * self.most).astype(np.uint8)
        for number, place in self.classes.items():
            yield place, turned == (number if self.kind == "LABELMAP" else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """What a segmentation outlines: of pictures, by their place in a list, and of images that are not among them.

    `empty` are the pictures that it is about and has no frame for: nothing was found there.
    """

    outlines: Mapping[int, Sequence[Outline]]
    empty: frozenset[int]
    unknown: int


def opened(place: Place) -> Dataset:
    """Return a segmentation with its pixels; the last few stay in memory until their files change."""
    return _opened(place, place.path.stat().st_mtime_ns)


@lru_cache(maxsize=_OPEN)
def _opened(place: Place, changed: int) -> Dataset:
    del changed
    return headers.read(place)


class Pictures:
    """Pictures to be found by the UID of their image, of their series, or of their frame of reference."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.all = pictures
        self.of_image: dict[str, list[int]] = {}
        self.of_series: dict[str, list[int]] = {}
        self.of_reference: dict[str, list[int]] = {}
        for number, picture in enumerate(pictures):
            self.of_image.setdefault(picture.uid, []).append(number)
            self.of_series.setdefault(picture.series, []).append(number)
            if picture.reference:
                self.of_reference.setdefault(picture.reference, []).append(number)


def outlined(place: Place, pictures: Pictures, classes: Sequence[str], *, by: str, others: str) -> Outlined:
    """Return what a segmentation outlines; `by` and `others` are as `classes.classes_of` takes them.

    A frame belongs to the one image that it says it was derived from; else, among those that it or the segmentation
    names, to the one that lies where it lies.

    Raises:
        DataError: for a segmentation that is malformed or whose segments are no classes; for a frame that lies
            elsewhere than its image or on another grid, or that lies where several images lie.
    """
    try:
        return _outlined(place, pictures, classes, by=by, others=others)
    except DataError as error:
        if place.name in error.message:
            raise
        raise DataError(f"{place.name} cannot be used: {error.message}.", error.hint) from error


def _outlined(place: Place, pictures: Pictures, classes: Sequence[str], *, by: str, others: str) -> Outlined:
    dataset = headers.read(place, pixels=False)
    found: dict[int, list[Outline]] = {}
    unknown = 0
    with headers.damage_named():
        kind = text(dataset, "SegmentationType")
        if kind not in KINDS:
            raise DataError(f"{place.name} is a segmentation of the kind {kind!r}, which is not known.")
        most = whole(dataset, "MaximumFractionalValue", _USUAL_MOST)
        segments = classes_of(dataset, place.name, classes, by=by, others=others)
        about = _about(dataset, pictures)
        for frame in range(headers.frames(dataset)):
            one = _Frame(place, dataset, frame)
            number = one.picture(pictures)
            if number is None:
                unknown += 1
                continue
            about.add(number)
            if own := segments if kind == "LABELMAP" else one.segment(segments):
                lay = one.lay(pictures.all[number])
                outline = Outline(place=place, frame=frame, kind=kind, most=most, classes=own, lay=lay)
                found.setdefault(number, []).append(outline)
    return Outlined(outlines=found, empty=frozenset(about - set(found)), unknown=unknown)


def _about(dataset: Dataset, pictures: Pictures) -> set[int]:
    """Return the pictures of the images that a segmentation names, with frames of theirs or without."""
    uids = {
        text(instance, "ReferencedSOPInstanceUID")
        for series in values(dataset, "ReferencedSeriesSequence")
        for instance in values(series, "ReferencedInstanceSequence")
    }
    return {number for uid in uids for number in pictures.of_image.get(uid, ())}


class _Frame:
    """One frame of a segmentation, by its header."""

    def __init__(self, place: Place, dataset: Dataset, frame: int) -> None:
        self.name = f"{place.name} frame {frame + 1}"
        self.dataset = dataset
        self.groups = Frame(dataset, frame)
        self.reference = text(dataset, "FrameOfReferenceUID")
        self.size = (whole(dataset, "Rows", 0), whole(dataset, "Columns", 0))
        self.plane = plane_of(
            numbers(self.groups.group("PlanePositionSequence"), "ImagePositionPatient"),
            numbers(self.groups.group("PlaneOrientationSequence"), "ImageOrientationPatient"),
            numbers(measures(dataset, frame), "PixelSpacing"),
        )

    def segment(self, segments: Mapping[int, int]) -> Mapping[int, int]:
        """Return the class of a bit plane, by the 1 that stands for it; none where it is no class."""
        number = whole(self.groups.group("SegmentIdentificationSequence"), "ReferencedSegmentNumber", 0)
        return {1: segments[number]} if number in segments else {}

    def picture(self, pictures: Pictures) -> int | None:
        """Return the number of the picture that the frame outlines, None where it is not there."""
        sources = values(self.groups.group("DerivationImageSequence"), "SourceImageSequence")
        named = [number for source in sources for number in _named(source, pictures)]
        if len(sources) == 1 and len(named) < 2:
            return named[0] if named else None
        if not sources:
            for series in values(self.dataset, "ReferencedSeriesSequence"):
                named += pictures.of_series.get(text(series, "SeriesInstanceUID"), [])
            named = named or pictures.of_reference.get(self.reference, [])
        there = [number for number in named if self._fits(pictures.all[number])]
        if len(there) > 1:
            names = ", ".join(pictures.all[number].name for number in there[:2])
            raise DataError(
                f"{self.name} does not name the image that it outlines, and several lie where it lies: {names}.",
                "Keep the series that it is of, and take the others away.",
            )
        return there[0] if there else None

    def lay(self, picture: Picture) -> Lay | None:
        """Return how the picture lies in the frame, None where neither has a place and both are of one size."""
        if self.reference and picture.reference and self.reference != picture.reference:
            raise DataError(
                f"{self.name} lies in another frame of reference than {picture.name}, of which it says it is.",
                "A registration was lost: find the images that it was drawn on.",
            )
        lay = self._lay(picture)
        if lay is not None or (self.size == picture.size and (self.plane is None or picture.plane is None)):
            return lay
        raise DataError(
            f"The pixels of {self.name} ({self.size[0]} × {self.size[1]}) are not those of {picture.name} "
            f"({picture.size[0]} × {picture.size[1]}): it would have to be resampled.",
            "Write the mask on the grid of the images.",
        )

    def _lay(self, picture: Picture) -> Lay | None:
        if self.plane is None or picture.plane is None:
            return None
        return lay_of(picture.plane, picture.size, self.plane, (1, *self.size))

    def _fits(self, picture: Picture) -> bool:
        apart = self.reference and picture.reference and self.reference != picture.reference
        return not apart and self._lay(picture) is not None


def _named(source: Dataset, pictures: Pictures) -> list[int]:
    """Return the pictures of a source image: its frames, where it is one of several and they are named."""
    frames = {int(number) - 1 for number in values(source, "ReferencedFrameNumber")}
    numbers_of_image = pictures.of_image.get(text(source, "ReferencedSOPInstanceUID"), [])
    return [number for number in numbers_of_image if not frames or pictures.all[number].frame in frames]
