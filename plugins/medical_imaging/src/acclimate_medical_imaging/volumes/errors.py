"""Why files are not one volume: each error names the slices concerned, by file name and place."""

from collections.abc import Sequence

from acclimate.contracts import DataError

_SHOWN = 6
SPLIT = "acclimate_medical_imaging.volumes.split_series sorts files into volumes"


class VolumeError(DataError):
    """The files given are not one volume; `slices` names all that are concerned, the message the first of them.

    A name is that of the file, without its folders, then its frame where it has several (counted from 1), then where
    it lies along the normal of the slices, in millimetres, where that is known: `0012.dcm at 30.000 mm`.
    """

    def __init__(self, message: str, hint: str, slices: Sequence[str]) -> None:
        rest = f", and {len(slices) - _SHOWN:,} more" if len(slices) > _SHOWN else ""
        super().__init__(f"{message} {', '.join(slices[:_SHOWN])}{rest}.", hint)
        self.slices = tuple(slices)


class NotASliceError(VolumeError):
    """Among the files are some that are no slices of a volume: reports, screenshots, projections, colour pictures."""


class LocalizerError(NotASliceError):
    """Among the slices are localizers (scouts): pictures that show where the slices lie."""


class CineError(NotASliceError):
    """A file has several frames without a place for each: frames over time, not over depth."""


class MissingGeometryError(VolumeError):
    """Slices lack a position, orientation or pixel spacing, or have one that cannot be."""


class SingleSliceError(VolumeError):
    """There is one slice, so that nothing says how far slices are apart."""


class MixedSlicesError(VolumeError):
    """Slices differ in what all slices of a volume share; `attribute` says in what.

    `attribute` is one of "series", "frame of reference", "modality", "units", "size", "pixel spacing", "orientation".
    """

    def __init__(self, message: str, hint: str, slices: Sequence[str], *, attribute: str) -> None:
        super().__init__(message, hint, slices)
        self.attribute = attribute


class DuplicatePositionError(VolumeError):
    """Several slices lie at the same place."""


class SliceGapError(VolumeError):
    """Slices are missing: somewhere the distance is a multiple of what it is elsewhere."""


class SliceSpacingError(VolumeError):
    """The distance between slices changes by more than the tolerance."""


class GantryTiltError(VolumeError):
    """Slices are not stacked along their normal: the gantry was tilted, and the volume is sheared."""
