"""The masks of pictures, put together from all segmentations and NIfTI files, after a look whether they fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from acclimate.contracts import DataError
from acclimate.data import layered
from numpy.typing import NDArray

from acclimate_medical_imaging.masks import nifti, segmentations
from acclimate_medical_imaging.masks.pictures import Contents, Picture
from acclimate_medical_imaging.masks.segmentations import Outline

_SHOWN = 5
_SKIP = "--read unmasked=skip passes over both"


@dataclass(kw_only=True)
class Layers:
    """What is known of the mask of one picture: a plane of a NIfTI file, or outlines of classes."""

    plane: nifti.Plane | None = None
    outlines: list[Outline] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """The files that say what is in the picture."""
        whole = [self.plane.place.name] if self.plane else []
        return whole + sorted({outline.place.name for outline in self.outlines})


def find_masks(
    pictures: Sequence[Picture],
    masks: Contents,
    classes: Sequence[str],
    *,
    by: str,
    others: str,
    unmasked: str,
) -> Mapping[int, Layers]:
    """Return what is known of the mask of each picture, by its place in the list, those without a mask left out.

    `unmasked` says what becomes of pictures without a mask, and of masks without a picture: "refuse" and "skip" both,
    or take the pictures as "empty". A picture has a mask where a segmentation is about it, though nothing is there.

    Raises:
        DataError: for what is refused; for masks that do not fit their pictures or the classes, or that contradict.
    """
    found: dict[int, Layers] = {}
    unknown: dict[str, int] = {}
    by_image = segmentations.Pictures(pictures)
    for place in masks.segmentations:
        outlined = segmentations.outlined(place, by_image, classes, by=by, others=others)
        for number in outlined.empty:
            found.setdefault(number, Layers())
        for number, outlines in outlined.outlines.items():
            _check_once(pictures[number], found.setdefault(number, Layers()), outlines)
            found[number].outlines += outlines
        unknown[place.name] = outlined.unknown
    for place in masks.nifti:
        covered = nifti.covered(place, pictures, classes)
        for number, plane in covered.planes.items():
            layers = found.setdefault(number, Layers())
            if layers.files:
                raise _contradiction(pictures[number], [*layers.files, place.name])
            layers.plane = plane
        unknown[place.name] = covered.unknown
    _check_complete(pictures, found, {name: count for name, count in unknown.items() if count}, unmasked)
    if unmasked == "empty":
        return {number: found.get(number, Layers()) for number in range(len(pictures))}
    return found


def mask_of(picture: Picture, layers: Layers, classes: Sequence[str], *, overlap: str) -> NDArray[np.uint8]:
    """Return the class of each pixel of a picture [rows, columns].

    Raises:
        DataError: where two classes are at one pixel, unless the "last" of them in the order of the classes counts.
    """
    if layers.plane is not None:
        return layers.plane.values()
    found = ((place, here) for outline in layers.outlines for place, here in outline.masks())
    try:
        return layered(found, picture.size, classes, overlap=overlap)
    except ValueError as error:
        raise DataError(f"{picture.name} ({', '.join(layers.files)}): {error}") from error


def _check_once(picture: Picture, layers: Layers, outlines: Iterable[Outline]) -> None:
    """Raise DataError where two files outline the same class in one picture: which of them is right is not known."""
    before = {place: outline.place for outline in layers.outlines for place in outline.classes.values()}
    for outline in outlines:
        for place in outline.classes.values():
            if place in before:
                raise _contradiction(picture, [before[place].name, outline.place.name])


def _contradiction(picture: Picture, files: Sequence[str]) -> DataError:
    return DataError(
        f"{picture.name} has two masks of one class, in {files[0]} and {files[-1]}.",
        "Keep one of them: what two readers outlined is not put together.",
    )


def _check_complete(
    pictures: Sequence[Picture], found: Mapping[int, Layers], unknown: Mapping[str, int], unmasked: str
) -> None:
    without = [one.name for number, one in enumerate(pictures) if number not in found]
    if not found:
        raise DataError(
            f"None of {len(pictures):,} pictures has a mask.",
            "Put DICOM segmentations or NIfTI files beside the images, or name where they are: --read masks=FOLDER.",
        )
    if without and unmasked == "refuse":
        raise DataError(
            f"{len(without):,} of {len(pictures):,} pictures have no mask: {_some(without)}.",
            f"Add them. {_SKIP}; --read unmasked=empty says that there is nothing to find in these pictures.",
        )
    if unknown and unmasked != "skip":
        told = [f"{name} ({count:,})" for name, count in unknown.items()]
        raise DataError(
            f"{sum(unknown.values()):,} slices of masks are of images that are not there: {_some(told)}.",
            f"Add the images, or take the masks away. {_SKIP}.",
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
