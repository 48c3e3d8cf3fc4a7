"""Volumes on a grid of another spacing, at the same place in the patient."""

from dataclasses import dataclass, replace

import numpy as np
from acclimate.contracts import OptionError
from numpy.typing import NDArray
from scipy.sparse import csr_array

from acclimate_medical_imaging.volumes.volume import Affine, Values, Volume

Spacing = tuple[float, float, float]
_SAME = 1e-6  # relative difference of spacings that is rounding
Floats = NDArray[np.float64]


def resample(volume: Volume, spacing_millimetres: Spacing) -> Volume:
    """Return an image on a grid with that spacing between slices, rows and columns, as float32.

    Values are interpolated linearly. Along axes that become coarser they are averaged with a triangle of two new
    spacings, so that fine structures do not alias (as Pillow and torch do where they antialias). The new grid has the
    centre of the old one and covers the same block, to within half a new voxel. Beyond the centres of the outermost
    voxels the nearest counts.

    Raises:
        OptionError: a spacing is not a positive number.
    """
    axes = _axes(volume, spacing_millimetres)
    slices, rows, columns = (_weights(axis) for axis in axes)
    planes = np.empty((axes[0].old, axes[1].new, axes[2].new), dtype=np.float32)
    for index, plane in enumerate(volume.values):
        planes[index] = _apply(columns, _apply(rows, plane.astype(np.float32)).T).T
    values = _apply(slices, planes.reshape(len(planes), -1)).reshape(-1, *planes.shape[1:])
    return _moved(volume, axes, values)


def resample_labels(volume: Volume, spacing_millimetres: Spacing) -> Volume:
    """Return labels on the grid that `resample` gives an image, each that of the nearest old voxel, of the same type.

    Raises:
        OptionError: a spacing is not a positive number.
    """
    axes = _axes(volume, spacing_millimetres)
    nearest = [np.clip(np.floor(axis.places() + 0.5), 0, axis.old - 1).astype(np.intp) for axis in axes]
    return _moved(volume, axes, volume.values[np.ix_(*nearest)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """One axis: how many voxels it had and gets, and how many old ones a new one is wide."""

    old: int
    new: int
    ratio: float

    def places(self) -> Floats:
        """Return where the centres of the new voxels lie, in indices of the old ones."""
        centred = np.arange(self.new, dtype=np.float64) - (self.new - 1) / 2
        return centred * self.ratio + (self.old - 1) / 2


def _axes(volume: Volume, spacing_millimetres: Spacing) -> list[_Axis]:
    if len(spacing_millimetres) != 3 or not all(0 < spacing < np.inf for spacing in spacing_millimetres):
        raise OptionError(
            f"The spacing is {spacing_millimetres!r}.",
            "Give three positive numbers: millimetres between slices, between rows and between columns.",
        )
    ratios = np.divide(spacing_millimetres, volume.spacing_millimetres)
    ratios[np.isclose(ratios, 1, rtol=_SAME, atol=0)] = 1
    return [
        _Axis(old=old, new=max(1, round(old / ratio)), ratio=ratio)
        for old, ratio in zip(volume.values.shape, ratios.tolist(), strict=True)
    ]


def _weights(axis: _Axis) -> csr_array | None:
    """Return what each old voxel adds to each new one [new, old], None where nothing changes."""
    if axis.ratio == 1:
        return None
    away = np.abs(axis.places()[:, None] - np.arange(axis.old)) / max(axis.ratio, 1.0)
    triangle = np.maximum(0, 1 - away)
    return csr_array((triangle / triangle.sum(axis=1, keepdims=True)).astype(np.float32))


def _apply(weights: csr_array | None, values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values if weights is None else weights @ values


def _moved(volume: Volume, axes: list[_Axis], values: Values) -> Volume:
    """Return resampled values as a volume whose affine puts each at its place."""
    affine: Affine = volume.affine.copy()
    first = np.array([axis.places()[0] for axis in axes])
    affine[:3, 3] = volume.millimetres(first)
    affine[:3, :3] *= [axis.ratio for axis in axes]
    return replace(volume, values=values, affine=affine, sop_instance_uids=(), frame_numbers=())
