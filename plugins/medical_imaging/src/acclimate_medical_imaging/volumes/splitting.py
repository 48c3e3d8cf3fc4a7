"""The volumes in a folder of DICOM files, and what belongs to none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from acclimate_medical_imaging.reading.elements import TRAITS
from acclimate_medical_imaging.volumes.alike import has_place, spaced_alike, turned_alike
from acclimate_medical_imaging.volumes.errors import DuplicatePositionError, SingleSliceError, VolumeError
from acclimate_medical_imaging.volumes.files import Source, files_in
from acclimate_medical_imaging.volumes.geometry import SPACING_TOLERANCE, stack
from acclimate_medical_imaging.volumes.headers import read_headers
from acclimate_medical_imaging.volumes.slices import LeftOut, Slice

_MOST_TRAITS = 3
_NEVER = (DuplicatePositionError, SingleSliceError)  # what a split that leaves other errors must not leave
Traits = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGroup:
    """The slices of one volume, for `read_volume`; `told_apart_by` is what its series needed to be split by."""

    slices: tuple[Slice, ...]
    told_apart_by: Traits = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the slices, each once."""
        return tuple(dict.fromkeys(one.path for one in self.slices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The volumes among files, largest first, and the files (or frames) that belong to none, each with the reason."""

    groups: tuple[SliceGroup, ...]
    left_out: tuple[LeftOut, ...]


def split_series(source: Source, *, workers: int | None = None) -> Split:
    """Return the volumes in files or a folder, and what was left out and why.

    Slices belong together that share series, size, pixel spacing and orientation. Where these do not stack, because
    places repeat, they are split by as few as possible of acquisition number, temporal position, echo time, b-value
    and gradient direction, cardiac phase, trigger time, frame reference time, inversion time and image type, so that
    each group stacks, or else so that no place repeats and no slice is alone. What still repeats is left together,
    and `read_volume` says so. Attributes that differ from slice to slice without need split nothing.

    Raises:
        DataError: there are no files, or one cannot be opened.
    """
    slices, left_out = read_headers(files_in(source), workers=workers)
    left_out += [
        LeftOut(path=one.path, name=one.name, kind="unplaced", reason="without a place in the patient")
        for one in slices
        if not has_place(one)
    ]
    groups = [group for alike in _alike(slices) for group in _separated(alike)]
    return Split(groups=tuple(sorted(groups, key=lambda group: -len(group.slices))), left_out=tuple(left_out))


def _alike(slices: Iterable[Slice]) -> list[list[Slice]]:
    """Return slices that share what all slices of a volume share together, those without a place nowhere."""
    found: dict[tuple[object, ...], list[list[Slice]]] = defaultdict(list)
    for one in slices:
        if has_place(one):
            alike = found[one.series_instance_uid, one.frame_of_reference_uid, one.modality, one.units, one.size]
            _beside(alike, one).append(one)
    return [each for alike in found.values() for each in alike]


def _beside(groups: list[list[Slice]], one: Slice) -> list[Slice]:
    """Return the group with the pixel spacing and orientation of a slice, a new one where there is none yet."""
    for group in groups:
        first = group[0]
        if spaced_alike([one.pixel_spacing], first.pixel_spacing) and turned_alike(
            [one.orientation], first.orientation
        ):
            return group
    groups.append([])
    return groups[-1]


def _separated(slices: Sequence[Slice]) -> list[SliceGroup]:
    """Return slices that look alike as one group, or split by the fewest traits that let each group stack."""
    varying = [name for name in TRAITS if len({dict(one.traits).get(name) for one in slices}) > 1]
    unrepeated: list[SliceGroup] = []
    for count in range(min(len(varying), _MOST_TRAITS) + 1):
        for names in combinations(varying, count):
            groups = _parted(slices, names)
            errors = [_error(group.slices) for group in groups]
            if not any(errors):
                return groups
            if not unrepeated and not any(isinstance(error, _NEVER) for error in errors):
                unrepeated = groups
    return unrepeated or [SliceGroup(slices=tuple(slices))]


def _parted(slices: Iterable[Slice], names: Sequence[str]) -> list[SliceGroup]:
    parts = defaultdict(list)
    for one in slices:
        own = dict(one.traits)
        parts[tuple((name, own.get(name, "")) for name in names)].append(one)
    return [SliceGroup(slices=tuple(part), told_apart_by=values) for values, part in parts.items()]


def _error(slices: Sequence[Slice]) -> VolumeError | None:
    try:
        stack(slices, spacing_tolerance=SPACING_TOLERANCE)
    except VolumeError as error:
        return error
    return None
