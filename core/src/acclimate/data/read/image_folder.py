"""A folder of images with one folder per class."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import existing

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp", ".jp2")
)
# "b_mask.png" and, where there are several, "b_mask_1.png".
_MASK_NAME = re.compile(r"(.+)_mask(?:_?\d+)?")
_SHOWN = 3
_PART_NAMES = frozenset(("train", "training", "valid", "val", "validation", "dev", "test", "testing"))


def image_folder_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image: `image` (absolute path), `label` (name of its class folder), `id` (its place).

    Folders and files are visited in sorted order; hidden ones and files that are no images are passed over.
    Images that lie in the folder itself have no label.

    Raises:
        DataError: no such folder, no images in it, masks beside the images, or folders named train and test instead
            of classes.
    """
    root = existing(source).resolve()
    if not root.is_dir():
        raise DataError(f"{source!r} is a file, and a folder of images was expected.")
    _check_classes_on_top(root, source)
    images = list(_images(root))
    if not images:
        raise DataError(
            f"There are no images in {source!r} ({', '.join(sorted(IMAGE_SUFFIXES))}).",
            "Expected one folder per class with images inside.",
        )
    check_no_masks(source, images)
    for path in images:
        place = path.relative_to(root)
        label = {"label": place.parts[0]} if len(place.parts) > 1 else {}
        yield {"image": str(path), **label, "id": place.as_posix()}


def check_no_masks(source: str, images: Sequence[Path]) -> None:
    """Check that no image is the mask of another of its folder, as far as names tell.

    `b_mask.png` and `b_mask_1.png` are those of `b.jpg`; of `b.jpg` and `b.png` one is most often the other's.

    Raises:
        DataError: when there are such, named in pairs.
    """
    named = {image.with_suffix(""): image for image in reversed(images)}
    pairs = [(named[image.with_suffix("")], image) for image in images if named[image.with_suffix("")] != image]
    matches = ((_MASK_NAME.fullmatch(image.stem), image) for image in images)
    bases = ((image.with_name(match[1]), image) for match, image in matches if match)
    pairs += [(named[base], image) for base, image in bases if base in named]
    if pairs:
        shown = ", ".join(f"{image.name} and {mask.name}" for image, mask in pairs[:_SHOWN])
        raise DataError(
            f"{len(pairs):,} images of {source!r} lie beside another of that name, as masks do: {shown}"
            f"{', …' if len(pairs) > _SHOWN else ''}.",
            "As images of a class masks give it away. Move them out of the folder, or name images and labels in a "
            "table.",
        )


def _images(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES:
                yield Path(folder) / name


def _check_classes_on_top(root: Path, source: str) -> None:
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    parts = sorted(folder.name for folder in folders)
    nested = any(child.is_dir() for folder in folders for child in folder.iterdir())
    if nested and parts and all(name.lower() in _PART_NAMES for name in parts):
        raise DataError(
            f"{source!r} holds the parts {', '.join(parts)} instead of one folder per class.",
            f"Give one part as data ({source}/{parts[-1]}) and the others as --test and --validation.",
        )
