"""Which files there are: folders of any depth, zip archives, files without an ending."""

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from acclimate.contracts import DataError
from acclimate.data.archives import UNPACKABLE

from acclimate_medical_imaging.reading.directory import indexed_files, is_directory

PREAMBLE_BYTES = 128
MAGIC = b"DICM"
# A member that says it grows beyond these is not unpacked.
_MOST_BYTES = 2 * 2**30
_MOST_GROWTH = 1_000
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file is: `name` relative to the source it was found in, its `path`, and its name in a zip archive."""

    name: str
    path: Path
    member: str = ""

    def open(self) -> BinaryIO:
        """Return the file, open for reading.

        Raises:
            DataError: when a zip archive is damaged, or the member would grow beyond what is safe.
            OSError: when it cannot be read.
        """
        if not self.member:
            return self.path.open("rb")
        try:
            with zipfile.ZipFile(self.path) as archive:
                check_growth(archive.getinfo(self.member))
                return io.BytesIO(archive.read(self.member))
        except UNPACKABLE as error:
            raise DataError(f"{self.name} cannot be unpacked: {error}.") from error

    def begins(self, count: int) -> bytes:
        """Return the first bytes of the file."""
        with self.open() as file:
            return file.read(count)


def check_growth(member: zipfile.ZipInfo) -> None:
    """Raise DataError for a member of an archive that unpacks to more than 2 GiB or a thousandfold."""
    limit = min(_MOST_BYTES, max(2**20, _MOST_GROWTH * member.compress_size))
    if member.file_size > limit:
        raise DataError(
            f"{member.filename} in the archive would unpack from {member.compress_size:,} to {member.file_size:,} "
            "bytes, which is not safe.",
            "Unpack it yourself if it is what it should be, and give the folder.",
        )


def places(source: Path) -> Iterator[Place]:
    """Yield every file of a folder, in sorted order and of any depth, of a zip archive, or the file itself.

    Hidden files and folders are passed over, archives inside a folder are opened. Of a DICOMDIR they are the files
    that it names.

    Raises:
        DataError: when there is no such file or folder, or a zip archive is damaged.
    """
    if source.is_dir():
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in sorted(name for name in files if not name.startswith(".")):
                path = Path(folder) / file
                yield from _members(path, path.relative_to(source).as_posix())
    elif is_directory(source):
        root = source.parent.resolve()
        yield from (Place(name=path.relative_to(root).as_posix(), path=path) for path in indexed_files(source))
    elif source.is_file():
        yield from _members(source, source.name)
    else:
        raise DataError(f"There is no file or folder {str(source)!r}.", "Check the path.")


def _members(path: Path, name: str) -> Iterator[Place]:
    if path.suffix.lower() != ".zip":
        yield Place(name=name, path=path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    except zipfile.BadZipFile as error:
        raise DataError(f"The archive {name} is damaged: {error}.", "Get it again, or remove it.") from error
    yield from (Place(name=f"{name}/{member}", path=path, member=member) for member in members)


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """Give a source as it is, or of a zip archive a folder with what is in it, which is removed afterwards.

    Raises:
        DataError: when the archive is damaged, or would grow beyond what is safe or the disk holds.
    """
    if source.suffix.lower() != ".zip" or not source.is_file():
        yield source
        return
    with TemporaryDirectory(prefix="acclimate-") as folder:
        try:
            with zipfile.ZipFile(source) as archive:
                members = archive.infolist()
                for member in members:
                    check_growth(member)
                needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
                if needed > free:
                    raise DataError(
                        f"{source.name} would unpack to {needed:,} bytes, and {free:,} are free in {folder}.",
                        "Free some space, or set TMPDIR to a larger disk.",
                    )
                archive.extractall(folder)  # which drops what would lead out of the folder
        except UNPACKABLE as error:
            raise DataError(f"{source.name} cannot be unpacked: {error}.") from error
        yield Path(folder)


def holds_dicom(source: Path) -> bool:
    """Say whether one of the first 500 files of a source begins as a DICOM file does."""
    for number, place in enumerate(places(source)):
        if number == _LOOKED_AT:
            return False
        if place.begins(PREAMBLE_BYTES + len(MAGIC))[PREAMBLE_BYTES:] == MAGIC:
            return True
    return False
