"""Where the pixels of a slice lie in a grid of voxels: the same voxels in another order, or nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate_medical_imaging.volumes.volume import Affine

# Voxels by which the corners of a slice may miss the centres of voxels: positions are rounded where they are written.
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lay:
    """How a slice lies in a grid: the plane `index` across `axis`, turned as `turned` does it."""

    axis: int
    index: int
    transposed: bool
    flipped_rows: bool
    flipped_columns: bool

    def turned(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Return a plane of the grid with the rows and columns of the slice."""
        plane = plane.T if self.transposed else plane
        return plane[:: -1 if self.flipped_rows else 1, :: -1 if self.flipped_columns else 1]

    def taken(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return what values on the grid [slices, rows, columns] are at the pixels of the slice [rows, columns]."""
        return self.turned(np.take(values, self.index, axis=self.axis))


def plane_of(
    position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, ...]
) -> Affine | None:
    """Return the affine [4, 4] that turns (0, row, column, 1) into millimetres, with a millimetre along the normal.

    The arguments are those of a DICOM header (PS3.3 C.7.6.2); None where one is missing or cannot be.
    """
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2) or not min(spacing) > 0:
        return None
    rows, columns = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(rows), np.linalg.norm(columns)
    if not min(lengths) > 0:
        return None
    rows, columns = rows / lengths[0], columns / lengths[1]
    affine = np.eye(4)
    affine[:3, 0] = np.cross(rows, columns)
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = columns * spacing[0], rows * spacing[1], position
    return affine if abs(np.linalg.det(affine)) > 0 else None


def lay_of(plane: Affine, size: tuple[int, int], grid: Affine, shape: tuple[int, ...]) -> Lay | None:
    """Return how a slice of `size` (rows, columns) lies in a grid of `shape`; None where it is no plane of it.

    It is one where inv(grid) · plane is a signed permutation whose shift is whole, to a tenth of a voxel at each
    corner of the slice, and the slice is as large as that plane of the grid.
    """
    rows, columns = size
    corners = np.array([[0, 0, 0, 1], [0, rows - 1, 0, 1], [0, 0, columns - 1, 1], [0, rows - 1, columns - 1, 1]])
    found = (np.linalg.inv(grid) @ plane @ corners.T).T[:, :3]  # [corner, axis of the grid]
    whole = np.round(found)
    if not np.isfinite(found).all() or np.abs(found - whole).max() > TOLERANCE:
        return None
    first, down, right, _ = whole.astype(np.int64)
    down_axis, right_axis = _along(down - first, rows), _along(right - first, columns)
    if down_axis is None or right_axis is None or down_axis == right_axis:
        return None
    axis = 3 - down_axis - right_axis
    ends = ((down_axis, down), (right_axis, right))
    as_large = all({int(first[each]), int(last[each])} == {0, shape[each] - 1} for each, last in ends)
    if not as_large or not 0 <= first[axis] < shape[axis]:
        return None
    return Lay(
        axis=axis,
        index=int(first[axis]),
        transposed=down_axis > right_axis,
        flipped_rows=bool(first[down_axis] > down[down_axis]),
        flipped_columns=bool(first[right_axis] > right[right_axis]),
    )


def _along(step: NDArray[np.int64], count: int) -> int | None:
    """Return the axis along which a step of `count` - 1 voxels goes; None where it goes along none, or otherwise."""
    axes = np.flatnonzero(step)
    return int(axes[0]) if len(axes) == 1 and abs(step[axes[0]]) == count - 1 else None
