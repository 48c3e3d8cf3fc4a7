"""What is known of one slice before its pixels are decoded."""

from dataclasses import dataclass
from pathlib import Path

Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How the pixels of a slice are stored, and how they become values.

    `syntax` is the UID of the transfer syntax. `offset` is where the pixels of the whole file begin, None where that
    is not known. `kind` is the NumPy type of a pixel ("" where it is no whole number), of which the lowest `bits`
    count. Values are `slope` · pixel + `intercept`, or what a table in the file says where `lookup` is true.
    """

    syntax: str
    offset: int | None
    kind: str
    bits: int
    slope: float
    intercept: float
    lookup: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice: a file, or one frame (counted from 0) of a file with several.

    Lengths are in millimetres. `position` (x, y, z), `orientation` (directions in which the column and the row index
    grow, six numbers) and `pixel_spacing` (between rows, between columns) are empty where the file does not say.
    `traits` are what sets the volumes of one series apart, as (name, value).
    """

    path: Path
    frame: int
    frames: int
    sop_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str
    modality: str
    units: str
    size: tuple[int, int]
    position: Numbers
    orientation: Numbers
    pixel_spacing: Numbers
    traits: tuple[tuple[str, str], ...]
    stored: Stored

    @property
    def name(self) -> str:
        """The file name without its folders, and the frame where there are several, counted from 1."""
        return self.path.name if self.frames == 1 else f"{self.path.name} frame {self.frame + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file, or a frame of it, that is no slice of a volume, and why."""

    path: Path
    name: str
    kind: str
    reason: str
