"""COCO's annotations: one JSON file that names images, and outlines objects in them by polygons or run lengths."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.images import DAMAGE, reason_of
from acclimate.data.masks import upright_size
from acclimate.data.read.files import UNREADABLE, filled, some_rows, wrong_encoding
from acclimate.data.read.outlines import Pixels, check_words, drawn, places_of, polygon, run_lengths

_LISTS = ("images", "annotations", "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What annotations are drawn with: the classes, the place in them of each category by its id, and the options."""

    classes: Sequence[str]
    places: Mapping[Any, int]
    overlap: str


def coco_rows(
    source: str,
    *,
    classes: Sequence[str] | None = None,
    images: str = "",
    others: str = "refuse",
    overlap: str = "refuse",
) -> Iterator[dict[str, Any]]:
    """Yield one row for each image of a COCO file: `image` (its path), `id` (its name), and `mask` with `classes`.

    A mask is a PNG file as bytes, whose values are places in `classes`; objects of one class are put together, crowds
    among them. An image without annotations has a mask of the first class alone. An image that cannot be used, or
    whose outlines cannot, is a row that says why. The file is in memory whole, masks are one at a time.

    Options:
        images: the folder of the images; else they lie beside the file or in the folder `images` there.
        others: "refuse" categories that are no class, or take them as "background".
        overlap: "refuse" classes that overlap, or let the "last" in the order of the classes count.

    Raises:
        DataError: no such file, one that is not COCO's, images of one name or number, annotations of unknown images
            or categories, categories that are no class.
    """
    check_words(others=others, overlap=overlap)
    path = filled(source)
    content = _content(path)
    folder = Path(images) if images else _folder(path, content["images"])
    categories = {each.get("id"): str(each.get("name", "")) for each in content["categories"]}
    of_image = _by_image(content, categories, path.name)
    named = None
    if classes is not None:
        used = {each.get("category_id") for found in of_image.values() for each in found}
        names = {number: name for number, name in categories.items() if number in used}
        places = places_of(dict.fromkeys(names.values()), classes, others=others, source=path.name)
        places_by_id = {number: places[name] for number, name in names.items()}
        named = _Named(classes=classes, places=places_by_id, overlap=overlap)
    rows = (_row(folder, image, of_image[image["id"]], named) for image in content["images"])
    yield from some_rows(rows, source)


def _content(path: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise wrong_encoding(path) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is not valid JSON: {error}.") from error
    whole = isinstance(found, dict) and all(isinstance(found.get(name), list) for name in _LISTS)
    if not whole or not all(isinstance(each, dict) for name in _LISTS for each in found[name]):
        raise DataError(
            f"{path.name} is not a file of COCO's, which holds the lists {', '.join(_LISTS)}.",
            "Export instance segmentation as COCO, or give a folder with images and masks.",
        )
    return {name: found[name] for name in _LISTS}


def _folder(path: Path, images: Sequence[Mapping[str, Any]]) -> Path:
    """Return the folder with the first image: that of the file, or `images` in it or beside it."""
    first = str(images[0].get("file_name", "")) if images else ""
    places = (path.parent, path.parent / "images", path.parent.parent / "images", path.parent.parent)
    found = next((place for place in places if first and (place / first).is_file()), None)
    if images and found is None:
        raise DataError(
            f"The image {first!r} of {path.name} lies neither beside it nor in a folder 'images'.",
            "Name the folder: --read images=FOLDER.",
        )
    return found or path.parent


def _by_image(
    content: Mapping[str, list[dict[str, Any]]], categories: Mapping[Any, str], source: str
) -> dict[Any, list[dict[str, Any]]]:
    """Return the annotations of each image by its number."""
    for what, values in (
        ("images of one number", [each.get("id") for each in content["images"]]),
        ("images of one name", [each.get("file_name") for each in content["images"]]),
        ("categories of one number", [each.get("id") for each in content["categories"]]),
    ):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise DataError(f"{source} has {what}: {', '.join(map(repr, twice[:5]))}.", "Each is there once.")
    found: dict[Any, list[dict[str, Any]]] = {each.get("id"): [] for each in content["images"]}
    for each in content["annotations"]:
        if each.get("image_id") not in found or each.get("category_id") not in categories:
            raise DataError(
                f"Annotation {each.get('id')!r} of {source} is of image {each.get('image_id')!r} and category "
                f"{each.get('category_id')!r}, and one of the two is not in the file.",
                "Export the file again.",
            )
        found[each["image_id"]].append(each)
    return found


def _row(
    folder: Path, image: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]], named: _Named | None
) -> dict[str, Any]:
    name = str(image.get("file_name", ""))
    row = {"image": str((folder / name).resolve()), "id": name}
    if named is None:
        return row
    try:
        size = _size(folder / name, image)
        objects = (
            (named.places[each["category_id"]], pixels) for each in annotations for pixels in _pixels(each, size)
        )
        return {**row, "mask": drawn(objects, size, named.classes, overlap=named.overlap)}
    except DAMAGE as error:
        return {"id": name, UNREADABLE: reason_of(error)}


def _size(path: Path, image: Mapping[str, Any]) -> tuple[int, int]:
    size = upright_size(path)
    said = (image.get("width", size[0]), image.get("height", size[1]))
    if said != size:
        raise ValueError(f"it has {size[0]} × {size[1]} pixels, and {said[0]} × {said[1]} by the annotations")
    return size


def _pixels(annotation: Mapping[str, Any], size: tuple[int, int]) -> Iterator[Pixels]:
    """Yield the pixels of each polygon, or of the run lengths, of an annotation."""
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        yield run_lengths(outline, size)
    elif isinstance(outline, list) and outline and all(isinstance(each, list) for each in outline):
        yield from (polygon(each, size) for each in outline)
    else:
        raise ValueError(f"annotation {annotation.get('id')!r} has no outline: a box alone does not say which pixels")
