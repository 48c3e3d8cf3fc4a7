"""A folder with images in `images` and their masks in `masks`, under equal names but for the suffix."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import existing, some_rows
from acclimate.data.read.image_folder import IMAGE_SUFFIXES

_SHOWN = 10


def mask_folder_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image: `image` and `mask` (absolute paths) and `id` (its place below `images`).

    Without a folder `masks` the rows have no mask, as images to predict have none.

    Raises:
        DataError: no such folder, no images, an image without a mask or a mask without an image, or two files of
            one name.
    """
    root = existing(source).resolve()
    images = by_stem(root / "images")
    masks = by_stem(root / "masks") if (root / "masks").is_dir() else None
    if masks is not None:
        _check_pairs(source, images, masks)
    yield from some_rows(
        (
            {
                "image": str(path),
                **({} if masks is None else {"mask": str(masks[stem])}),
                "id": path.relative_to(root / "images").as_posix(),
            }
            for stem, path in images.items()
        ),
        source,
    )


def by_stem(folder: Path) -> dict[str, Path]:
    """Return the images below a folder by their place without the suffix, in sorted order."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    shown = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    stems = [path.relative_to(folder).with_suffix("").as_posix() for path in shown]
    twice = [stem for stem, count in Counter(stems).items() if count > 1]
    if twice:
        raise DataError(
            f"{folder} has more than one file {twice[0]!r}, which differ in their suffix.",
            "Images and masks are matched by their names without suffix: rename one of them.",
        )
    return dict(zip(stems, shown, strict=True))


def _check_pairs(source: str, images: dict[str, Path], masks: dict[str, Path]) -> None:
    for has, lacks, one, other in ((images, masks, "images", "masks"), (masks, images, "masks", "images")):
        alone = [stem for stem in has if stem not in lacks]
        if alone:
            shown = ", ".join(repr(stem) for stem in alone[:_SHOWN])
            rest = f" and {len(alone) - _SHOWN:,} more" if len(alone) > _SHOWN else ""
            raise DataError(
                f"{len(alone):,} of {len(has):,} {one} of {source} have no file of that name in {other}: "
                f"{shown}{rest}.",
                "An image without anything to find has a mask of zeros; remove what has no counterpart.",
            )
