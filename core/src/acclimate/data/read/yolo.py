"""YOLO's folders: `images`, and `labels` with one text file for each, whose lines are a class and a polygon."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from acclimate.contracts import DataError
from acclimate.data.images import DAMAGE, reason_of
from acclimate.data.masks import upright_size
from acclimate.data.read.files import UNREADABLE, existing, some_rows
from acclimate.data.read.mask_folder import by_stem
from acclimate.data.read.outlines import check_words, drawn, places_of, polygon

_BOX = 5  # numbers on a line that holds a class and a box
_Object = tuple[int, list[float]]  # number of the class, corners as shares of width and height


def yolo_rows(
    source: str,
    *,
    classes: Sequence[str] | None = None,
    unmasked: str = "refuse",
    others: str = "refuse",
    overlap: str = "refuse",
) -> Iterator[dict[str, Any]]:
    """Yield one row for each image of a YOLO folder: `image` (its path), `id` (its place), and `mask` with `classes`.

    Classes are numbers there; their names are those of `data.yaml` or `classes.txt` in the folder, never their order
    in `classes`. A mask is a PNG file as bytes, whose values are places in `classes`. An image whose outlines cannot
    be used is a row that says why.

    Options:
        unmasked: "refuse" images without a file in `labels`, or take them as "empty", as YOLO does; an empty file
            says that there is nothing to find.
        others: "refuse" classes of the files that are none of `classes`, or take them as "background".
        overlap: "refuse" classes that overlap, or let the "last" in the order of the classes count.

    Raises:
        DataError: no such folder, no images, no names, labels without an image, images without labels, classes
            without a name or that are none of `classes`.
    """
    check_words(unmasked=unmasked, others=others, overlap=overlap)
    root = existing(source).resolve()
    images = by_stem(root / "images")
    if classes is None:
        yield from some_rows(({"image": str(path), "id": _name(root, path)} for path in images.values()), source)
        return
    files = _labels(root / "labels")
    _check_pairs(source, images, files, unmasked)
    outlines = {stem: _read(path) for stem, path in files.items()}
    numbers = {number for found in outlines.values() if not isinstance(found, str) for number, _ in found}
    names = _names(root, numbers)
    places = places_of([names[number] for number in sorted(numbers)], classes, others=others, source=source)
    by_number = {number: places[names[number]] for number in numbers}
    rows = (_row(root, path, outlines.get(stem, []), by_number, classes, overlap) for stem, path in images.items())
    yield from some_rows(rows, source)


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root / "images").as_posix()


def _labels(folder: Path) -> dict[str, Path]:
    files = sorted(path for path in folder.rglob("*.txt") if path.name != "classes.txt")
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def _check_pairs(source: str, images: Mapping[str, Path], files: Mapping[str, Path], unmasked: str) -> None:
    alone = [stem for stem in files if stem not in images]
    if alone:
        raise DataError(
            f"{len(alone):,} files in labels of {source} have no image, such as {alone[0]!r}.", "Remove them."
        )
    bare = [stem for stem in images if stem not in files]
    if bare and unmasked == "refuse":
        raise DataError(
            f"{len(bare):,} of {len(images):,} images of {source} have no file in labels, such as {bare[0]!r}.",
            "Where that means that nothing is to be found in them: --read unmasked=empty.",
        )


def _read(path: Path) -> list[_Object] | str:
    """Return the objects of a file of labels, or why there are none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [_object(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    except DAMAGE as error:
        return f"{path.name}: {reason_of(error)}"


def _object(line: str, number: int) -> _Object:
    first, *corners = line.split()
    if len(corners) + 1 == _BOX:
        raise ValueError(f"line {number} holds a box, which does not say which pixels; export segmentation")
    if not first.isdigit():
        raise ValueError(f"line {number} begins with {first!r}, and the number of a class was expected")
    found = [float(each) for each in corners]
    if any(abs(each) > 2 for each in found):  # a share that rounding took over 1 is checked with the image's size
        raise ValueError(f"line {number} has corners that are no shares of width and height, such as {max(found):g}")
    return int(first), found


def _names(root: Path, numbers: set[int]) -> dict[int, str]:
    """Return the names of classes by their number.

    Raises:
        DataError: there is no file of names, or one of the numbers has none there.
    """
    told, listed = root / "data.yaml", root / "classes.txt"
    try:
        if told.is_file():
            given = yaml.safe_load(told.read_text(encoding="utf-8"))["names"]
        elif listed.is_file():
            given = listed.read_text(encoding="utf-8").split("\n")
        else:
            raise DataError(
                f"{root.name} does not name its classes, which are numbers.",
                "Put data.yaml with `names`, or classes.txt with a name on each line, into it.",
            )
        pairs = given.items() if isinstance(given, dict) else enumerate(given)
        names = {int(number): str(name).strip() for number, name in pairs}
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{told} does not name the classes: {error}.", "It has `names`: a list, or names by number."
        ) from error
    missing = sorted(number for number in numbers if not names.get(number))
    if missing:
        raise DataError(f"The files in labels have the class {missing[0]}, which has no name.", f"Named are {names}.")
    return names


def _row(
    root: Path,
    path: Path,
    objects: list[_Object] | str,
    places: Mapping[int, int],
    classes: Sequence[str],
    overlap: str,
) -> dict[str, Any]:
    name = _name(root, path)
    if isinstance(objects, str):
        return {"id": name, UNREADABLE: objects}
    try:
        width, height = upright_size(path)
        outlined = [
            (
                places[number],
                polygon([each * (height if at % 2 else width) for at, each in enumerate(corners)], (width, height)),
            )
            for number, corners in objects
        ]
        return {"image": str(path), "id": name, "mask": drawn(outlined, (width, height), classes, overlap=overlap)}
    except DAMAGE as error:
        return {"id": name, UNREADABLE: reason_of(error)}
