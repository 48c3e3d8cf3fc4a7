"""Slices in the order in which they lie, and where their grid is: by position and orientation only.

InstanceNumber, SliceLocation, SliceThickness and SpacingBetweenSlices are never looked at: scanners and archives
number slices in any order, and thickness is not distance (PS3.3 C.7.6.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate_medical_imaging.volumes.alike import check_alike, check_placed
from acclimate_medical_imaging.volumes.errors import (
    SPLIT,
    DuplicatePositionError,
    GantryTiltError,
    SingleSliceError,
    SliceGapError,
    SliceSpacingError,
)
from acclimate_medical_imaging.volumes.slices import Slice
from acclimate_medical_imaging.volumes.volume import Affine

SPACING_TOLERANCE = 0.01
_SAME_PLACE_MILLIMETRES = 1e-3
_LARGEST_TILT = 1e-3  # of 1 less the cosine, 2.6 degrees: the tolerance of highdicom.spatial.get_volume_positions
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Slices in the order in which they lie, and the affine of their grid (see `Volume`)."""

    slices: tuple[Slice, ...]
    affine: Affine


def stack(slices: Sequence[Slice], *, spacing_tolerance: float) -> Stack:
    """Return slices in the order in which they lie along their normal, and the affine of their grid.

    Raises:
        VolumeError: of the kind that says what is wrong; distances between slices may differ from their mean by the
            share `spacing_tolerance` of it.
    """
    check_placed(slices)
    check_alike(slices)
    rows, columns, normal = _directions(slices[0])
    positions = np.array([one.position for one in slices])
    order = np.argsort(positions @ normal, kind="stable")
    placed, positions = tuple(slices[index] for index in order), positions[order]
    offsets = positions @ normal
    _check_distances([_at(*each) for each in zip(placed, offsets, strict=True)], offsets, spacing_tolerance)
    _check_upright(placed, positions, normal)
    between_rows, between_columns = placed[0].pixel_spacing
    affine = np.eye(4)
    affine[:3, 0] = normal * (offsets[-1] - offsets[0]) / (len(offsets) - 1)
    affine[:3, 1], affine[:3, 2] = columns * between_rows, rows * between_columns
    affine[:3, 3] = positions[0]
    return Stack(slices=placed, affine=affine)


def _directions(one: Slice) -> tuple[Floats, Floats, Floats]:
    """Return the unit vectors along a row, along a column, and of their cross product."""
    rows, columns = np.array(one.orientation[:3]), np.array(one.orientation[3:])
    rows, columns = rows / np.linalg.norm(rows), columns / np.linalg.norm(columns)
    normal = np.cross(rows, columns)
    return rows, columns, normal / np.linalg.norm(normal)


def _at(one: Slice, offset: float) -> str:
    return f"{one.name} at {offset:.3f} mm"


def _check_distances(names: Sequence[str], offsets: Floats, tolerance: float) -> None:
    if len(names) < 2:
        raise SingleSliceError(
            "A volume needs two slices or more, but there is only:", "Read it as an image instead.", names
        )
    distances = np.diff(offsets)
    together = distances < _SAME_PLACE_MILLIMETRES
    if together.any():
        repeated = np.append(together, False) | np.append(False, together)
        raise DuplicatePositionError(
            "Slices lie at the same place:",
            f"Several volumes are mixed (phases, echoes, b-values), or files are there twice: {SPLIT}.",
            [names[index] for index in np.flatnonzero(repeated).tolist()],
        )
    _check_gaps(names, distances, tolerance)
    _check_regular(names, offsets, distances, tolerance)


def _check_gaps(names: Sequence[str], distances: Floats, tolerance: float) -> None:
    usual = float(np.median(distances))
    steps = np.maximum(np.round(distances / usual), 1)
    wide = steps > 1
    if wide.any() and np.allclose(distances / usual, steps, rtol=tolerance, atol=0):
        raise SliceGapError(
            f"Slices lie {usual:.3f} mm apart; missing: {int((steps - 1).sum())}, between:",
            "Find the missing files: a gap is never filled in.",
            [f"{names[index]} and {names[index + 1]}" for index in np.flatnonzero(wide).tolist()],
        )


def _check_regular(names: Sequence[str], offsets: Floats, distances: Floats, tolerance: float) -> None:
    """Check each distance, as highdicom does, and that small differences do not add up to half a slice."""
    mean = float(distances.mean())
    uneven = np.abs(distances - mean) > tolerance * mean
    adrift = np.abs(offsets - offsets[0] - mean * np.arange(len(offsets)))[1:] > mean / 2
    if (uneven | adrift).any():
        raise SliceSpacingError(
            f"Slices lie {distances.min():.3f} to {distances.max():.3f} mm apart. More than {tolerance:.1%} from the "
            f"mean of {mean:.3f} mm, or adding up to half a slice, are the distances between:",
            "Give slices of one spacing. Where positions were only rounded, raise spacing_tolerance.",
            [f"{names[index]} and {names[index + 1]}" for index in np.flatnonzero(uneven | adrift).tolist()],
        )


def _check_upright(placed: Sequence[Slice], positions: Floats, normal: Floats) -> None:
    """Check that slices are stacked along their normal: none half a pixel aside, and the last not at an angle."""
    spans = positions[1:] - positions[0]
    along = spans @ normal
    aside = np.linalg.norm(spans - np.outer(along, normal), axis=1)
    angle = np.arctan2(aside[-1], along[-1])
    if (aside > min(placed[0].pixel_spacing) / 2).any() or 1 - np.cos(angle) > _LARGEST_TILT:
        moved = np.argsort(-aside, kind="stable")
        raise GantryTiltError(
            f"Slices are not stacked along their normal but {np.degrees(angle):.1f} degrees from it (gantry tilt), "
            f"up to {aside.max():.3f} mm aside, the most first:",
            "Their grid is sheared. Correct the tilt with a tool made for it and read what it writes.",
            [
                _at(placed[index + 1], float(positions[index + 1] @ normal))
                for index in moved.tolist()
                if aside[index] > 0
            ],
        )
