"""What all slices of a volume share."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate_medical_imaging.volumes.errors import SPLIT, MissingGeometryError, MixedSlicesError
from acclimate_medical_imaging.volumes.slices import Numbers, Slice

_SAME_DIRECTION = 1e-4  # of each direction cosine: 0.05 mm at the far edge of a field of 500 mm
_SAME_SPACING = 1e-4  # relative
_RIGHT_ANGLE = 1e-3  # of the dot products of the two directions


def check_placed(slices: Sequence[Slice]) -> None:
    """Check that every slice has a position, two directions at right angles and a pixel spacing.

    Raises:
        MissingGeometryError: some have not.
    """
    wrong = [one.name for one in slices if not _is_placed(one)]
    if wrong:
        raise MissingGeometryError(
            "Slices without a usable position, orientation or pixel spacing:",
            f"Projection images and screenshots have none. Leave these files out: {SPLIT}.",
            wrong,
        )


def _is_placed(one: Slice) -> bool:
    if not has_place(one):
        return False
    if not np.isfinite([*one.position, *one.orientation, *one.pixel_spacing]).all() or min(one.pixel_spacing) <= 0:
        return False
    rows, columns = np.array(one.orientation[:3]), np.array(one.orientation[3:])
    products = [rows @ rows, columns @ columns, rows @ columns]
    return bool(np.allclose(products, [1, 1, 0], rtol=0, atol=_RIGHT_ANGLE))


def has_place(one: Slice) -> bool:
    """Whether a slice has as many numbers as its place needs, whatever they are."""
    return (len(one.position), len(one.orientation), len(one.pixel_spacing)) == (3, 6, 2)


def check_alike(slices: Sequence[Slice]) -> None:
    """Check that slices are of one series, frame of reference, modality, unit, size, pixel spacing and orientation.

    Raises:
        MixedSlicesError: they differ; it names those that are unlike most.
    """
    _check_same(slices, "series", [one.series_instance_uid for one in slices])
    _check_same(slices, "frame of reference", [one.frame_of_reference_uid for one in slices])
    _check_same(slices, "modality", [one.modality for one in slices])
    _check_same(slices, "units", [one.units for one in slices])
    _check_same(slices, "size", [" × ".join(map(str, one.size)) for one in slices])
    spacings, directions = [one.pixel_spacing for one in slices], [one.orientation for one in slices]
    _check_close(slices, "pixel spacing", spacings, spaced_alike(spacings, np.median(spacings, axis=0)))
    _check_close(slices, "orientation", directions, turned_alike(directions, np.median(directions, axis=0)))


def spaced_alike(spacings: Sequence[Numbers], spacing: object) -> NDArray[np.bool_]:
    """Return which pixel spacings [slices, 2] are that one."""
    same: NDArray[np.bool_] = np.isclose(spacings, np.asarray(spacing), rtol=_SAME_SPACING, atol=0).all(axis=1)
    return same


def turned_alike(orientations: Sequence[Numbers], orientation: object) -> NDArray[np.bool_]:
    """Return which orientations [slices, 6] are that one."""
    same: NDArray[np.bool_] = np.isclose(orientations, np.asarray(orientation), rtol=0, atol=_SAME_DIRECTION).all(
        axis=1
    )
    return same


def _check_same(slices: Sequence[Slice], attribute: str, values: Sequence[str]) -> None:
    counts = Counter(values)
    if len(counts) == 1:
        return
    usual, _ = counts.most_common(1)[0]
    shown = (
        f"{len(counts)} of them" if attribute in ("series", "frame of reference") else ", ".join(map(repr, counts))
    )
    raise MixedSlicesError(
        f"All slices of a volume have the same {attribute}, but here are {shown}. Unlike most are:",
        f"Give the files of one volume: {SPLIT}.",
        [one.name for one, value in zip(slices, values, strict=True) if value != usual],
        attribute=attribute,
    )


def _check_close(
    slices: Sequence[Slice], attribute: str, values: Sequence[Numbers], alike: NDArray[np.bool_]
) -> None:
    if alike.all():
        return
    usual = values[int(np.argmax(alike))] if alike.any() else values[0]
    other = values[int(np.argmin(alike))]
    raise MixedSlicesError(
        f"All slices of a volume have the same {attribute}, but here are {usual} and {other}. Unlike most are:",
        f"Give the files of one volume: {SPLIT}.",
        [one.name for one, is_alike in zip(slices, alike, strict=True) if not is_alike],
        attribute=attribute,
    )
