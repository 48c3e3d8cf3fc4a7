"""A volume: values on a regular grid, and where the grid lies in the patient."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32] | NDArray[np.int16]
Affine = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A volume and its place in the patient.

    `values` are [slices, rows, columns], float32 or int16, in the units of the modality (Hounsfield units, Bq/ml, …).

    `affine` [4, 4] turns an index (slice, row, column, 1), counted from 0 at the centres of voxels, into millimetres
    (x, y, z, 1) in the coordinates of DICOM (PS3.3 C.7.6.2.1.1): x grows to the patient's left, y to the back, z to
    the head (LPS). Slices read from DICOM are in the order in which they lie along the cross product of the direction
    along a row and the direction along a column (right, then down, in the image): axial slices begin at the feet.

    `units` is what the values are in, as the files name it ("HU", "BQML"), "" where they do not. `sop_instance_uids`
    and `frame_numbers` (counted from 1) name the source of each slice in order; they are empty where slices have no
    source of their own, as after resampling. `frame_of_reference_uid` is "" where there is none.
    """

    values: Values
    affine: Affine
    modality: str
    units: str = ""
    sop_instance_uids: tuple[str, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    frame_of_reference_uid: str = ""

    @property
    def spacing_millimetres(self) -> tuple[float, float, float]:
        """The distance between the centres of neighbouring slices, rows and columns."""
        slices, rows, columns = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return slices, rows, columns

    def millimetres(self, index: Any) -> NDArray[np.float64]:
        """Return the places [..., 3] (x, y, z) of indices [..., 3] (slice, row, column), which may be fractions."""
        place: NDArray[np.float64] = np.asarray(index, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return place
