"""COCO's and YOLO's outlines become masks: against masks drawn by hand, and refused where they are wrong."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import AcclimateError, DataError, OptionError
from acclimate.data import coco_rows
from acclimate.data.read import UNREADABLE, yolo_rows
from acclimate.plugins import default_host
from PIL import Image

WIDTH, HEIGHT = 20, 12
CLASSES = ("background", "crack", "pore")
SQUARE = [4, 3, 10, 3, 10, 8, 4, 8]  # the pixels 4 to 9 by 3 to 7: whole, since its sides lie between pixels


def mask_of(row: dict[str, Any]) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(row["mask"])))


def square(place: int = 1, columns: slice = slice(4, 10), rows: slice = slice(3, 8)) -> np.ndarray:
    found = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    found[rows, columns] = place
    return found


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "set" / "images"
    folder.mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8)).save(folder / name)
    return folder


Write = Callable[..., Path]


@pytest.fixture
def coco(images: Path) -> Write:
    def write(*outlines: tuple[int, int, Any], **changed: Any) -> Path:
        content = {
            "images": [
                {"id": 7, "file_name": "a.png", "width": WIDTH, "height": HEIGHT},
                {"id": 9, "file_name": "b.png", "width": WIDTH, "height": HEIGHT},
            ],
            # The order and the numbers of the categories are not those of the classes.
            "categories": [{"id": 5, "name": "pore"}, {"id": 2, "name": "crack"}],
            "annotations": [
                {"id": number, "image_id": image, "category_id": category, "segmentation": outline}
                for number, (image, category, outline) in enumerate(outlines)
            ],
            **changed,
        }
        path = images.parent / "outlines.json"
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.fixture
def yolo(images: Path) -> Write:
    def write(names: Any = ("pore", "crack"), **labels: str) -> Path:
        root = images.parent
        (root / "labels").mkdir(exist_ok=True)
        for stem, text in {"a": "", "b": "", **labels}.items():
            (root / "labels" / f"{stem}.txt").write_text(text)
        if names:
            (root / "data.yaml").write_text(json.dumps({"names": names}))
        return root

    return write


def shares(number: int, corners: list[float]) -> str:
    return " ".join([str(number), *(str(each / (HEIGHT if at % 2 else WIDTH)) for at, each in enumerate(corners))])


def runs(mask: np.ndarray) -> list[int]:
    """Return lengths of runs down the columns, beginning with one of zeros."""
    flat = (mask > 0).flatten(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    found = np.diff([0, *edges, len(flat)]).tolist()
    return [0, *found] if flat[0] else found


def test_polygons_are_the_pixels_inside_them_by_the_names_of_their_categories(coco: Write) -> None:
    rows = list(coco_rows(str(coco((7, 2, [SQUARE]), (7, 5, [[12, 0, 20, 0, 20, 2, 12, 2]]))), classes=CLASSES))
    expected = square() + square(2, slice(12, 20), slice(0, 2))
    np.testing.assert_array_equal(mask_of(rows[0]), expected)
    assert not mask_of(rows[1]).any()
    assert [row["id"] for row in rows] == ["a.png", "b.png"]


def test_run_lengths_and_several_objects_of_a_class_are_put_together(coco: Write) -> None:
    first, second = square(), square(1, slice(0, 3), slice(0, 12))
    outlines = [(7, 2, {"size": [HEIGHT, WIDTH], "counts": runs(each)}) for each in (first, second)]
    (row, _) = coco_rows(str(coco(*outlines)), classes=CLASSES)
    np.testing.assert_array_equal(mask_of(row), np.maximum(first, second))


@pytest.mark.parametrize("seed", range(6))
def test_compressed_run_lengths_are_those_of_the_tool_that_writes_them(coco: Write, seed: int) -> None:
    from pycocotools import mask

    random = np.random.default_rng(seed)
    marked = random.random((HEIGHT, WIDTH)) < random.choice([0.02, 0.5, 0.98])
    marked[:, 5:15] |= seed > 3  # runs that take several characters
    told = mask.encode(np.asfortranarray(marked.astype(np.uint8)))
    outline = {"size": told["size"], "counts": told["counts"].decode()}
    (row, _) = coco_rows(str(coco((7, 5, outline))), classes=CLASSES)
    np.testing.assert_array_equal(mask_of(row), 2 * marked.astype(np.uint8))


def test_yolo_polygons_are_shares_of_width_and_height_by_the_names_of_their_classes(yolo: Write) -> None:
    rows = list(yolo_rows(str(yolo(a=shares(1, SQUARE) + "\n\n")), classes=CLASSES))
    np.testing.assert_array_equal(mask_of(rows[0]), square(1))
    assert not mask_of(rows[1]).any()


@pytest.mark.parametrize("names", [{0: "pore", 1: "crack"}, None])
def test_yolo_names_are_a_map_or_a_file_with_lines(yolo: Write, names: Any) -> None:
    root = yolo(names, b=shares(0, SQUARE))
    if names is None:
        (root / "classes.txt").write_text("pore\ncrack\n")
    rows = list(yolo_rows(str(root), classes=CLASSES))
    np.testing.assert_array_equal(mask_of(rows[1]), square(2))


def test_overlapping_classes_are_refused_unless_the_last_is_to_count(coco: Write) -> None:
    source = str(coco((7, 5, [SQUARE]), (7, 2, [SQUARE])))
    (row, _) = coco_rows(source, classes=CLASSES)
    assert row[UNREADABLE] == (
        "'pore' and 'crack' overlap at 30 pixels; the later in the order of classes counts with --read overlap=last"
    )
    (row, _) = coco_rows(source, classes=CLASSES, overlap="last")
    np.testing.assert_array_equal(mask_of(row), square(2))


def test_a_category_that_is_no_class_is_refused_with_the_classes_to_name(coco: Write, yolo: Write) -> None:
    source = str(coco((7, 5, [SQUARE])))
    with pytest.raises(DataError, match="outlines 'pore', which is none of the classes") as caught:
        list(coco_rows(source, classes=("background", "crack")))
    assert "--classes 'background,pore'" in caught.value.hint
    (row, _) = coco_rows(source, classes=("background", "crack"), others="background")
    assert not mask_of(row).any()
    with pytest.raises(DataError, match="none of the classes"):
        list(yolo_rows(str(yolo(a=shares(0, SQUARE))), classes=("background", "crack")))


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        ([], "a box alone"),
        ([[1, 1, 5, 5]], "4 numbers"),
        ([[1, 1, 5, 5, 9]], "5 numbers"),
        ([[1, 1, 5, "x", 9, 9]], "no numbers"),
        ([[1, 1, 5, 5, 40, 9]], r"outside of the 20 × 12 pixels: x from 1 to 40"),
        ([[1, 1, 5, float("nan"), 4, 9]], "outside"),
        ({"size": [12, 21], "counts": [252]}, "12 rows of 20 pixels"),
        ({"size": [12, 20], "counts": [100]}, "add up to 100 pixels of 240"),
        ({"size": [12, 20], "counts": [-1, 241]}, "whole numbers"),
        ({"size": [12, 20], "counts": "é"}, "damaged"),
        ({"size": [12, 20], "counts": "o" * 20}, "damaged"),
        ({"size": [12, 20], "counts": "5oo"}, "breaks off"),
        ({"size": [12, 20], "counts": "0123"}, "add up to 7 pixels"),
    ],
)
def test_an_outline_that_cannot_be_is_told_and_costs_no_other_row(coco: Write, outline: Any, reason: str) -> None:
    first, second = coco_rows(str(coco((7, 2, outline), (9, 2, [SQUARE]))), classes=CLASSES)
    assert reason in first[UNREADABLE]
    np.testing.assert_array_equal(mask_of(second), square())


def test_an_image_of_another_size_or_none_at_all_is_told(coco: Write) -> None:
    images = [
        {"id": 1, "file_name": "a.png", "width": HEIGHT, "height": WIDTH},
        {"id": 2, "file_name": "gone.png"},
    ]
    first, second = coco_rows(str(coco(images=images)), classes=CLASSES)
    assert "20 × 12 pixels, and 12 × 20 by the annotations" in first[UNREADABLE]
    assert "no such file" in second[UNREADABLE]


def test_a_picture_that_a_camera_turned_is_outlined_as_it_is_seen(coco: Write, images: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((WIDTH, HEIGHT, 3), dtype=np.uint8)).save(images / "a.png", exif=exif)
    first, _ = coco_rows(str(coco((7, 2, [SQUARE]))), classes=CLASSES)
    np.testing.assert_array_equal(mask_of(first), square())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"categories": {}}, "not a file of COCO's"),
        ({"images": [{"id": 7, "file_name": "a.png"}] * 2}, "images of one number"),
        ({"images": [{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "a.png"}]}, "images of one name"),
        ({"annotations": [{"id": 1, "image_id": 8, "category_id": 2}]}, "image 8"),
        ({"annotations": [{"id": 1, "image_id": 7, "category_id": 4}]}, "category 4"),
        ({"images": [{"id": 7, "file_name": "gone.png"}]}, "neither beside it"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(coco: Write, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(coco_rows(str(coco(**changed)), classes=CLASSES))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5 0.5 0.2 0.2", "line 1 holds a box"),
        ("pore 0.1 0.1 0.5 0.1 0.5 0.5", "begins with 'pore'"),
        ("0 10 10 50 10 50 50", "no shares"),
        ("0 0.1 0.1 0.5 0.1 1.5 0.5", "outside"),
        ("0 0.1 0.1 0.5 x 0.5 0.5", "could not convert"),
    ],
)
def test_a_line_of_labels_that_cannot_be_is_told(yolo: Write, line: str, reason: str) -> None:
    first, second = yolo_rows(str(yolo(a=line)), classes=CLASSES)
    assert reason in first[UNREADABLE]
    assert "mask" in second


def test_folders_of_yolo_that_do_not_fit_are_refused(yolo: Write, images: Path) -> None:
    root = yolo(a=shares(0, SQUARE))
    (root / "labels" / "b.txt").unlink()
    with pytest.raises(DataError, match=r"1 of 2 images .* have no file in labels, such as 'b'"):
        list(yolo_rows(str(root), classes=CLASSES))
    assert len(list(yolo_rows(str(root), classes=CLASSES, unmasked="empty"))) == 2
    (root / "labels" / "c.txt").write_text("")
    with pytest.raises(DataError, match="have no image, such as 'c'"):
        list(yolo_rows(str(root), classes=CLASSES, unmasked="empty"))
    (root / "labels" / "c.txt").unlink()
    (root / "data.yaml").write_text("names: [pore")
    with pytest.raises(DataError, match="does not name the classes"):
        list(yolo_rows(str(root), classes=CLASSES, unmasked="empty"))
    (root / "data.yaml").unlink()
    with pytest.raises(DataError, match="does not name its classes"):
        list(yolo_rows(str(root), classes=CLASSES, unmasked="empty"))


def test_options_have_two_words_each(coco: Write, yolo: Write) -> None:
    with pytest.raises(OptionError, match="overlap is refuse or last"):
        list(coco_rows(str(coco()), classes=CLASSES, overlap="first"))
    with pytest.raises(AcclimateError, match="unmasked is refuse or empty"):
        list(yolo_rows(str(yolo()), classes=CLASSES, unmasked="skip"))


def test_without_classes_rows_are_images_to_predict(coco: Write, yolo: Write) -> None:
    for rows in (coco_rows(str(coco())), yolo_rows(str(yolo()))):
        assert [set(row) for row in rows] == [{"image", "id"}] * 2


def test_sources_of_masks_are_told_by_what_they_are(coco: Write, yolo: Write) -> None:
    host = default_host()
    for source, name in ((coco(), "coco"), (yolo(), "yolo")):
        loader = host.choose_loader("general", str(source), "image-segmentation")
        assert loader is not None
        assert loader.name == name
    loader = host.choose_loader("general", str(coco()), "text-classification")
    assert loader is not None
    assert loader.name == "json"
