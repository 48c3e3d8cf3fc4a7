"""NIfTI files as masks: which pictures lie on their grid, and the classes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray

from acclimate_medical_imaging.masks.grids import Lay, lay_of
from acclimate_medical_imaging.masks.pictures import NIFTI, Picture
from acclimate_medical_imaging.reading.files import Place
from acclimate_medical_imaging.volumes.nifti import read_nifti

_OPEN = 2  # files that are kept in memory
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """What a NIfTI file says of one picture."""

    place: Place
    lay: Lay

    def values(self) -> NDArray[np.uint8]:
        """Return the class of each pixel of the picture [rows, columns]."""
        return self.lay.taken(opened(self.place.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The pictures that lie on the grid of a NIfTI file, by their place in a list; `unknown` slices have no picture.

    Of these only slices count in which something is marked.
    """

    planes: dict[int, Plane]
    unknown: int


def opened(path: Path) -> NDArray[np.uint8]:
    """Return the classes of the voxels of a file [slices, rows, columns]; the last are kept until they change."""
    return _opened(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=_OPEN)
def _opened(path: Path, changed: int) -> NDArray[np.uint8]:
    del changed
    return read_nifti(path).values.astype(np.uint8)


def covered(place: Place, pictures: Sequence[Picture], classes: Sequence[str]) -> Covered:
    """Return what a NIfTI mask says of the pictures beside it: those in the folder called as it is, else in its own.

    A slice has a mask where inv(affine of the mask) · affine of the slice is a signed permutation: the same voxels,
    perhaps counted in another order.

    Raises:
        MissingPackageError: without nibabel.
        DataError: for a file in an archive, or one that is no mask of these classes; one that lies on the grid of no
            series beside it, or of several.
    """
    if place.member:
        raise DataError(f"{place.name} is in an archive, and NIfTI files are read from folders.", "Unpack it.")
    volume = read_nifti(place.path)
    marked = _checked(volume.values, place.name, classes)
    planes: dict[int, Plane] = {}
    beside = _beside(place.name, pictures)
    for number in beside:
        picture = pictures[number]
        lay = None
        if picture.plane is not None:
            lay = lay_of(picture.plane, picture.size, volume.affine, marked.shape)
        if lay is not None:
            planes[number] = Plane(place=place, lay=lay)
    series = {pictures[number].series for number in planes}
    if len(series) != 1:
        told = f"of {len(series)} series" if series else f"of none of {len(beside):,} pictures"
        raise DataError(
            f"{place.name} lies on the grid {told} beside it.",
            "Put each mask into the folder of its own series. Where it is there already, it is on another grid and "
            "would have to be resampled: write it on the grid of the images, without a registration.",
        )
    for plane in planes.values():
        np.moveaxis(marked, plane.lay.axis, 0)[plane.lay.index] = False
    left = np.moveaxis(marked, next(iter(planes.values())).lay.axis, 0)
    return Covered(planes=planes, unknown=int(left.any(axis=(1, 2)).sum()))


def _checked(values: NDArray[np.generic], name: str, classes: Sequence[str]) -> NDArray[np.bool_]:
    """Return where something is marked, after a look whether all values stand for classes."""
    found = np.unique(values)
    strange = [each for each in found.tolist() if each % 1 or not 0 <= each < len(classes)]
    if strange:
        shown = ", ".join(f"{each:g}" for each in strange[:_SHOWN]) + (", …" if len(strange) > _SHOWN else "")
        raise DataError(
            f"{name} has the values {shown}, which stand for no class; the classes are "
            + ", ".join(f"{number} {each}" for number, each in enumerate(classes))
            + ".",
            "Name the classes in the order of its values (--classes), or keep masks in a folder of their own and "
            "name it with --read masks=FOLDER, if it is an image.",
        )
    marked: NDArray[np.bool_] = values != 0
    return marked


def _beside(name: str, pictures: Sequence[Picture]) -> list[int]:
    """Return the pictures in the folder that a mask is called after, else those in the folder that it lies in."""
    stem = name[: -len(next(end for end in reversed(NIFTI) if name.lower().endswith(end)))]
    folder = name.rpartition("/")[0]
    for inside in (f"{stem}/", f"{folder}/" if folder else ""):
        if found := [number for number, one in enumerate(pictures) if one.place.name.startswith(inside)]:
            return found
    return []
