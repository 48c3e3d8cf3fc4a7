"""A folder of images with one folder per class."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import existing, some_rows

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp", ".jp2")
)
_PART_NAMES = frozenset(("train", "training", "valid", "val", "validation", "dev", "test", "testing"))


def image_folder_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image: `image` (absolute path), `label` (name of its class folder), `id` (its place).

    Folders and files are visited in sorted order; hidden ones and files that are no images are passed over.
    Images that lie in the folder itself have no label.

    Raises:
        DataError: no such folder, no images in it, or folders named train and test instead of classes.
    """
    root = existing(source).resolve()
    if not root.is_dir():
        raise DataError(f"{source!r} is a file, and a folder of images was expected.")
    _check_classes_on_top(root, source)
    try:
        yield from some_rows(_rows(root), source)
    except DataError as error:
        raise DataError(
            f"There are no images in {source!r} ({', '.join(sorted(IMAGE_SUFFIXES))}).",
            "Expected one folder per class with images inside.",
        ) from error


def _rows(root: Path) -> Iterator[dict[str, Any]]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or Path(name).suffix.lower() not in IMAGE_SUFFIXES:
                continue
            path = Path(folder) / name
            place = path.relative_to(root)
            label = {"label": place.parts[0]} if len(place.parts) > 1 else {}
            yield {"image": str(path), **label, "id": place.as_posix()}


def _check_classes_on_top(root: Path, source: str) -> None:
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    parts = sorted(folder.name for folder in folders)
    nested = any(child.is_dir() for folder in folders for child in folder.iterdir())
    if nested and parts and all(name.lower() in _PART_NAMES for name in parts):
        raise DataError(
            f"{source!r} holds the parts {', '.join(parts)} instead of one folder per class.",
            f"Give one part as data ({source}/{parts[-1]}) and the others as --test and --validation.",
        )
