"""A volume from DICOM files."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from math import ceil
from pathlib import Path

import numpy as np

from acclimate_medical_imaging.volumes.cache import Put, cache_key, store, stored
from acclimate_medical_imaging.volumes.errors import SPLIT, CineError, LocalizerError, NotASliceError
from acclimate_medical_imaging.volumes.files import Source, files_in
from acclimate_medical_imaging.volumes.geometry import SPACING_TOLERANCE, Stack, stack
from acclimate_medical_imaging.volumes.headers import read_headers
from acclimate_medical_imaging.volumes.pixels import is_plain, type_of_values, values_of
from acclimate_medical_imaging.volumes.resampling import Spacing, resample
from acclimate_medical_imaging.volumes.slices import Slice
from acclimate_medical_imaging.volumes.splitting import SliceGroup
from acclimate_medical_imaging.volumes.volume import Values, Volume

_CHUNK = 8  # slices that a thread decodes in one go: handing over each takes time
_ERRORS = {"cine": CineError, "localizer": LocalizerError}
_HINTS = {"cine": "Read frames over time as images, one by one."}


def read_volume(
    source: Source | SliceGroup,
    *,
    spacing_millimetres: Spacing | None = None,
    cache: str | Path | None = None,
    workers: int | None = None,
    spacing_tolerance: float = SPACING_TOLERANCE,
) -> Volume:
    """Return the one volume in a folder of DICOM files, in files, or in a group that `split_series` found.

    Each slice is a file, or a frame of an enhanced multi-frame file. Slices are ordered by where they lie, never by
    their numbers. Values are slope · pixel + intercept of each slice, or what its table says (PS3.3 C.11.1): int16
    where the headers promise whole numbers that fit, float32 otherwise. With `spacing_millimetres` they are those of
    `resample` (float32).

    With a folder `cache` the values are decoded into a file there, with a few slices in memory at a time (all of
    them where they are resampled), and are memory-mapped, read-only; a second call opens that file. `workers` threads
    decode (as many as processors when not given). Distances between slices may differ from their mean by the share
    `spacing_tolerance`.

    Raises:
        VolumeError: the files are not one volume, of the kind that says why (see `errors`).
        DataError: a file is missing or cannot be decoded.
        OptionError: a spacing is not a positive number.
        OutputError: the cache cannot be written.
    """
    workers = workers or _processors()
    if cache is None:
        return _in_memory(source, spacing_millimetres, workers, spacing_tolerance)
    files, frames = _identity(source)
    key = cache_key(files, frames, spacing_tolerance, spacing_millimetres)
    known = stored(Path(cache), key)
    if known is not None:
        return known
    if spacing_millimetres is not None:
        volume = _in_memory(source, spacing_millimetres, workers, spacing_tolerance)
        return store(Path(cache), key, volume, lambda put: _put_all(volume.values, put))
    stacked = stack(_slices(source, workers), spacing_tolerance=spacing_tolerance)
    return store(Path(cache), key, _volume(stacked, _blank(stacked)), lambda put: _decode(stacked, put, workers))


def _in_memory(source: Source | SliceGroup, spacing: Spacing | None, workers: int, tolerance: float) -> Volume:
    stacked = stack(_slices(source, workers), spacing_tolerance=tolerance)
    values = np.empty_like(_blank(stacked), order="C")
    _decode(stacked, values.__setitem__, workers)
    volume = _volume(stacked, values)
    return volume if spacing is None else resample(volume, spacing)


def _put_all(values: Values, put: Put) -> None:
    for index, plane in enumerate(values):
        put(index, plane)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _identity(source: Source | SliceGroup) -> tuple[Sequence[Path], Sequence[int]]:
    """Return the files that a volume is read from, and which of their frames, none for all of them."""
    if isinstance(source, SliceGroup):
        return source.files, [one.frame for one in source.slices]
    return files_in(source), []


def _slices(source: Source | SliceGroup, workers: int) -> Sequence[Slice]:
    """Return the slices of a source, after a look whether all files in it are slices."""
    if isinstance(source, SliceGroup):
        return source.slices
    slices, others = read_headers(files_in(source), workers=workers)
    if others:
        kind = others[0].kind
        raise _ERRORS.get(kind, NotASliceError)(
            "Files that are no slices of a volume:",
            _HINTS.get(kind, f"Leave them out: {SPLIT}."),
            [f"{one.name} ({one.reason})" for one in others if one.kind == kind],
        )
    return slices


def _blank(stacked: Stack) -> Values:
    """Return the shape and type that the values of slices have, without memory for them."""
    shape = (len(stacked.slices), *stacked.slices[0].size)
    if type_of_values(stacked.slices) is np.int16:
        return np.broadcast_to(np.int16(0), shape)
    return np.broadcast_to(np.float32(0), shape)


def _volume(stacked: Stack, values: Values) -> Volume:
    first = stacked.slices[0]
    return Volume(
        values=values,
        affine=stacked.affine,
        modality=first.modality,
        units=first.units,
        sop_instance_uids=tuple(one.sop_instance_uid for one in stacked.slices),
        frame_numbers=tuple(one.frame + 1 for one in stacked.slices),
        frame_of_reference_uid=first.frame_of_reference_uid,
    )


def _decode(stacked: Stack, put: Put, workers: int) -> None:
    """Decode slices in threads and put each at its index; the first that fails stops the others."""
    kind = type_of_values(stacked.slices)

    def decode(indices: Sequence[int]) -> None:
        for _, run in groupby(indices, key=lambda index: stacked.slices[index].path):
            of_file = list(run)
            slices = [stacked.slices[index] for index in of_file]
            for index, values in zip(of_file, values_of(slices, kind), strict=True):
                put(index, values)

    pool = ThreadPoolExecutor(workers)
    try:
        for _ in pool.map(decode, _tasks(stacked.slices, workers)):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def _tasks(slices: Sequence[Slice], workers: int) -> Iterator[Sequence[int]]:
    """Yield the indices of slices to decode in one go, file by file; of compressed frames as many as can be."""
    by_file = sorted(range(len(slices)), key=lambda index: slices[index].path)
    together = slices[0].frames > 1 and not is_plain(slices[0].stored)
    size = ceil(len(slices) / workers) if together else min(_CHUNK, ceil(len(slices) / (4 * workers)))
    yield from (by_file[start : start + size] for start in range(0, len(by_file), size))
