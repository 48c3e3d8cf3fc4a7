"""A DICOMDIR: the index of the files of a medium (PS3.3, F.3)."""

from pathlib import Path

from acclimate.contracts import DataError

from acclimate_medical_imaging.reading.elements import values

NAME = "DICOMDIR"
_SHOWN = 5


def is_directory(path: Path) -> bool:
    """Say whether a file is an index, by its name: the standard has no other (PS3.10, 8.6)."""
    return path.name.upper() == NAME and path.is_file()


def indexed_files(index: Path) -> list[Path]:
    """Return the files that an index names, each once and in its order.

    Names are in capitals there; files whose names were turned to small letters when they were copied are found too.

    Raises:
        DataError: for an index that is malformed, names a file outside its folder, or files that are not there.
    """
    from pydicom import dcmread

    from acclimate_medical_imaging.reading.headers import damage_named

    with damage_named():
        dataset = dcmread(index)
        if "DirectoryRecordSequence" not in dataset:
            raise DataError(f"{index.name} is no index of DICOM files.", "Give the folder that it lies in.")
        named = [
            "/".join(map(str, parts))
            for record in dataset.DirectoryRecordSequence
            if (parts := values(record, "ReferencedFileID"))
        ]
    folder = index.parent.resolve()
    found = {name: _found(folder, name) for name in dict.fromkeys(named)}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        raise DataError(
            f"{len(missing):,} of {len(found):,} files that {index.name} names are not there: {shown}.",
            "Copy the medium again, or give the folder, to read what there is.",
        )
    return [path for path in found.values() if path is not None]


def _found(folder: Path, name: str) -> Path | None:
    for spelled in (name, name.lower()):
        path = (folder / spelled).resolve()
        if not path.is_relative_to(folder):
            raise DataError(f"A {NAME} names a file outside its folder.", "It was not made for this folder.")
        if path.is_file():
            return path
    return None
