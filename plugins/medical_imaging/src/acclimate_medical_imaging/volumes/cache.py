"""Volumes kept on disk: decoded once, opened memory-mapped ever after.

A volume is found again by the paths, sizes and times of change (in nanoseconds) of its files, not by their contents:
hashing those would take as long as reading them, and the time of change tells an edit. A file that is replaced by
another of the same size, and given the old time by hand, is not noticed.

A file of the cache holds the values as they lie in memory, then what else a volume has as JSON (with a checksum of
each slice), then the length of that JSON, its checksum and eight fixed bytes. It is written under another name and
renamed at the end, so that one that was cut off is never found. It holds pixels and unique identifiers of patients.
"""

import hashlib
import json
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from shutil import disk_usage
from typing import Any, BinaryIO
from uuid import uuid4
from warnings import warn

import numpy as np
from acclimate.contracts import OutputError

from acclimate_medical_imaging.volumes.volume import Values, Volume

_MARK = b"acclvol1"
_END = struct.Struct("<QI8s")
Put = Callable[[int, Values], None]


class DamagedCacheWarning(UserWarning):
    """A cached volume was cut off, changed or replaced; it is made again."""


def cache_key(files: Sequence[Path], *parts: object) -> str:
    """Return what a volume is found by: SHA-256 of path, size and time of change of each file, and of the parts."""
    found = [(str(file.absolute()), *_state(file)) for file in files]
    return hashlib.sha256(json.dumps([_MARK.decode(), found, *parts]).encode()).hexdigest()


def _state(file: Path) -> tuple[int, int]:
    state = file.stat()
    return state.st_size, state.st_mtime_ns


def stored(folder: Path, key: str) -> Volume | None:
    """Return the cached volume with its values memory-mapped, read-only; None where there is none or it is damaged.

    The first time that a process opens a file, the checksums of all its values are compared.
    """
    file = _place(folder, key)
    if not file.exists():
        return None
    about = _checked(file, key, _state(file))
    if about is None:
        warn(f"The cached volume {file.name} is damaged and is made again.", DamagedCacheWarning, stacklevel=3)
        return None
    return _opened(file, about)


def store(folder: Path, key: str, blank: Volume, fill: Callable[[Put], None]) -> Volume:
    """Write a volume whose values `fill` puts slice by slice, in any order and from any thread, and return it opened.

    `blank` is the volume without its values: theirs are the shape and the type.

    Raises:
        OutputError: the folder cannot be written, or has too little space for the volume.
    """
    file = _place(folder, key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_space(folder, blank.values.nbytes)
        about = _written(file, key, blank, fill)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"The volume cannot be kept in {str(folder)!r}: {error.strerror or error}.") from error
    return _opened(file, about)


def _written(file: Path, key: str, blank: Volume, fill: Callable[[Put], None]) -> dict[str, Any]:
    """Write a file under another name, rename it, and return what it says of its volume."""
    part = file.with_name(f"{key}.{uuid4().hex}.part")
    try:
        with part.open("wb") as stream:
            writer = _Writer(stream, blank)
            fill(writer.put)
            about = writer.finish(key)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return about


class _Writer:
    """Writes the slices of one volume to their places in a file, so that no more of it than a slice is in memory."""

    def __init__(self, stream: BinaryIO, blank: Volume) -> None:
        self._stream, self._blank = stream, blank
        self._checksums = [0] * len(blank.values)
        self._lock = threading.Lock()
        stream.truncate(blank.values.nbytes)

    def put(self, index: int, values: Values) -> None:
        data = np.ascontiguousarray(values, dtype=self._blank.values.dtype).data
        self._checksums[index] = zlib.crc32(data)
        with self._lock:
            self._stream.seek(index * data.nbytes)
            self._stream.write(data)

    def finish(self, key: str) -> dict[str, Any]:
        blank = self._blank
        about = {
            "key": key,
            "shape": blank.values.shape,
            "type": blank.values.dtype.str,
            "affine": blank.affine.tolist(),
            "modality": blank.modality,
            "units": blank.units,
            "sop_instance_uids": blank.sop_instance_uids,
            "frame_numbers": blank.frame_numbers,
            "frame_of_reference_uid": blank.frame_of_reference_uid,
            "checksums": self._checksums,
        }
        text = json.dumps(about).encode()
        self._stream.seek(blank.values.nbytes)
        self._stream.write(text + _END.pack(len(text), zlib.crc32(text), _MARK))
        return about


def _place(folder: Path, key: str) -> Path:
    return folder / f"{key}.volume"


def _check_space(folder: Path, needed: int) -> None:
    free = disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"The volume needs {needed / 1e9:.1f} GB in {str(folder)!r}, where {free / 1e9:.1f} GB are free.",
            "Free some space, or name a cache folder on another disk.",
        )


def _opened(file: Path, about: dict[str, Any]) -> Volume:
    return Volume(
        values=np.memmap(file, dtype=about["type"], mode="r", shape=tuple(about["shape"])),
        affine=np.array(about["affine"]),
        modality=about["modality"],
        units=about["units"],
        sop_instance_uids=tuple(about["sop_instance_uids"]),
        frame_numbers=tuple(about["frame_numbers"]),
        frame_of_reference_uid=about["frame_of_reference_uid"],
    )


@lru_cache(maxsize=4096)
def _checked(file: Path, key: str, state: tuple[int, int]) -> dict[str, Any] | None:
    """Return what a file says of its volume, None where it is not whole, not as written, or of another volume.

    Looked at once per process for each state (size, time of change) of a file.
    """
    with file.open("rb") as stream:
        about = _about(stream, state[0])
        if about is None or about["key"] != key:
            return None
        stream.seek(0)
        length = int(np.prod(about["shape"][1:])) * np.dtype(about["type"]).itemsize
        whole = all(zlib.crc32(stream.read(length)) == checksum for checksum in about["checksums"])
    return about if whole else None


def _about(stream: BinaryIO, size: int) -> dict[str, Any] | None:
    stream.seek(max(0, size - _END.size))
    end = stream.read()
    length, checksum, mark = _END.unpack(end) if len(end) == _END.size else (0, 0, b"")
    if mark != _MARK or length > size - _END.size:
        return None
    stream.seek(size - _END.size - length)
    text = stream.read(length)
    if zlib.crc32(text) != checksum:
        return None
    about: dict[str, Any] = json.loads(text)
    values = int(np.prod(about["shape"])) * np.dtype(about["type"]).itemsize
    return about if size == values + length + _END.size else None
