"""A folder of images of parts: good ones alone, one folder for each label, `images` and `masks`, or train and test.

The layout with train and test is that of MVTec AD (Bergmann et al. 2021): `train/good`, `test/good`, `test/DEFECT`,
and the mask of `test/DEFECT/b.png` in `ground_truth/DEFECT/b_mask.png`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acclimate.contracts import DEFECTIVE, GOOD, DataError
from acclimate.data.masks import open_mask
from acclimate.data.read.files import existing, some_rows
from acclimate.data.read.image_folder import IMAGE_SUFFIXES, check_no_masks

PART, MASK = "part", "mask"
"""The columns with the part that the source deals a row to, and with the path of its mask, "" where it has none."""

_PARTS = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}
_TRUTH = "ground_truth"
_SUFFIX = "_mask"
_SHOWN = 10


def inspection_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image: `image` and `mask` (absolute paths, the mask "" without one), `label`, `id`.

    In the layout with train and test rows have a `part` too. Images that lie in the folder itself are good parts.
    Elsewhere the label is the name of the folder; under `images` without such folders it is what the mask says:
    "good" where all of it is 0, else "defective". `b_mask.png` beside `b.png` is its mask, but where there is a
    folder of masks. Hidden files and those that are no images are passed over.

    Raises:
        DataError: when there are no images, a mask belongs to none, several kinds of parts share the folder, or
            images lie where the layout has no place for them.
    """
    root = existing(source).resolve()
    if not root.is_dir():
        raise DataError(f"{source!r} is a file, and a folder of images was expected.", "Name its folder.")
    folders = {path.name: path for path in _folders(root)}
    _check_one_kind(source, folders)
    if {"train", "test"} & set(folders):
        rows = _dealt(source, root, folders)
    elif {"images", "masks"} <= set(folders):
        rows = _masked(source, folders)
    else:
        rows = _labelled(source, root, folders)
    yield from some_rows(rows, source)


def _dealt(source: str, root: Path, folders: dict[str, Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a folder with train and test."""
    parts = {name: _PARTS[name] for name in folders if name in _PARTS}
    _check_beside(source, root, folders, {*parts, _TRUTH})
    separate = _TRUTH in folders
    used: set[Path] = set()
    for name, part in parts.items():
        for image, label, mask in _classes(source, folders[name], separate=separate, good=part != "test"):
            if separate and part == "test":
                mask = _mask_of(folders[_TRUTH] / label, image, folders[name] / label)
                used |= {mask} if mask else set()
            yield {**_row(root, image, label, mask), PART: part}
    _check_used(source, [path for path in _images(folders[_TRUTH]) if path not in used] if separate else [])


def _masked(source: str, folders: dict[str, Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a folder with `images` and `masks`, which may have folders of labels within."""
    root, masks = folders["images"], folders["masks"]
    used: set[Path] = set()
    labelled = bool(_folders(root))
    for image in _images(root):
        place = image.relative_to(root)
        if labelled and len(place.parts) == 1:
            raise _beside(source, root, [image])
        mask = _mask_of(masks / place.parent, image, image.parent)
        used |= {mask} if mask else set()
        yield _row(root, image, place.parts[0] if labelled else _label_of(mask), mask)
    _check_used(source, [path for path in _images(masks) if path not in used])


def _labelled(source: str, root: Path, folders: dict[str, Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a folder with one folder for each label, or with good parts alone."""
    for image, label, mask in _classes(source, root, separate=False, good=not any(map(_images, folders.values()))):
        yield _row(root, image, label, mask)


def _classes(source: str, root: Path, *, separate: bool, good: bool) -> Iterator[tuple[Path, str, Path | None]]:
    """Yield image, label and the mask beside it; images in `root` itself are good where `good`, else refused.

    With `separate` masks lie elsewhere, and every file is an image.
    """
    every = _images(root)
    loose = [path for path in every if path.parent == root]
    if loose and (not good or len(loose) < len(every)):
        raise _beside(source, root, loose)
    here = set(every)
    masks = set() if separate else {path for path in every if _masked_by(path) & here}
    beside = {image: mask for mask in masks for image in _masked_by(mask) & here}
    images = [path for path in every if path not in masks]
    if not separate:
        check_no_masks(source, images)
    for image in images:
        yield image, GOOD if image.parent == root else image.relative_to(root).parts[0], beside.get(image)


def _masked_by(mask: Path) -> set[Path]:
    """Return the images that a file may be the mask of, by its name."""
    if not mask.stem.endswith(_SUFFIX):
        return set()
    stem = mask.stem.removesuffix(_SUFFIX)
    return {mask.with_name(stem + suffix) for suffix in (mask.suffix, *IMAGE_SUFFIXES)} if stem else set()


def _mask_of(folder: Path, image: Path, images: Path) -> Path | None:
    """Return the mask of an image: `b_mask.*` of its place below `images`, else `b.*`, which is no other's mask."""
    place = (folder / image.relative_to(images)).parent if image.is_relative_to(images) else folder
    for stem in (image.stem + _SUFFIX, image.stem):
        found = [place / f"{stem}{suffix}" for suffix in sorted(IMAGE_SUFFIXES)]
        found = [path for path in found if path.is_file()]
        if stem == image.stem and any(path.is_file() for path in _masked_by(image)):
            return None  # it is the mask of the image without the suffix
        if found:
            return found[0]
    return None


def _label_of(mask: Path | None) -> str:
    return DEFECTIVE if mask is not None and np.any(open_mask(mask, 2)) else GOOD


def _row(root: Path, image: Path, label: str, mask: Path | None) -> dict[str, Any]:
    return {
        "image": str(image),
        "label": label,
        MASK: "" if mask is None else str(mask),
        "id": image.relative_to(root).as_posix(),
    }


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _images(root: Path) -> list[Path]:
    """Return the images below a folder, in sorted order, without hidden ones."""
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    return [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]


def _check_one_kind(source: str, folders: dict[str, Path]) -> None:
    kinds = [name for name, path in folders.items() if {"train", "test"} & {inner.name for inner in _folders(path)}]
    if kinds and not {"train", "test"} & set(folders):
        raise DataError(
            f"{source} holds {len(kinds)} kinds of parts, each with train and test: {_listed(kinds)}.",
            f"A model is for one of them: name {source}/{kinds[0]}.",
        )


def _check_beside(source: str, root: Path, folders: dict[str, Path], known: set[str]) -> None:
    strange = [name for name, path in folders.items() if name not in known and _images(path)]
    loose = [path.name for path in root.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    if strange or loose:
        named = _listed([*(f"{name}/" for name in strange), *sorted(loose)])
        raise DataError(
            f"{source} holds images beside train and test, which have no place there: {named}.",
            "Move them into train/good, test/good or test/DEFECT, or elsewhere.",
        )


def _check_used(source: str, unused: Sequence[Path]) -> None:
    if unused:
        named = _listed([f"{path.parent.name}/{path.name}" for path in unused])
        raise DataError(
            f"{len(unused):,} masks of {source} belong to no image: {named}.",
            "The mask of test/DEFECT/b.png is ground_truth/DEFECT/b_mask.png; that of images/b.png is masks/b.png.",
        )


def _beside(source: str, root: Path, loose: Sequence[Path]) -> DataError:
    return DataError(
        f"{len(loose):,} images of {source} lie in {root.name} itself, beside folders of labels or without one: "
        f"{_listed([path.name for path in loose])}.",
        "Put each into the folder of its label, such as good or scratch.",
    )


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + rest
