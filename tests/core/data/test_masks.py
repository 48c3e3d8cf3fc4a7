"""Masks are checked against their images, and read as places in the list of classes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import data
from acclimate.contracts import Columns, DataError
from PIL import Image

SIZE = (6, 8)  # rows, columns
Spoil = Callable[[Path], object]


def save(values: Any, path: Path, mode: str | None = None) -> Path:
    image = Image.fromarray(np.asarray(values, dtype=np.uint8))
    (image.convert(mode) if mode else image).save(path)
    return path


def checker(*values: int) -> np.ndarray:
    """Return a mask with these values in turn."""
    return np.resize(np.array(values, dtype=np.uint8), SIZE)


def rows_of(folder: Path, masks: list[Path]) -> Any:
    table = folder / "rows.csv"
    images = [save(np.full((*SIZE, 3), 90), folder / f"image{number}.png") for number in range(len(masks))]
    lines = [f"{image},{mask}" for image, mask in zip(images, masks, strict=True)]
    table.write_text("\n".join(["image,mask", *lines]))
    return data.load(
        str(table), read=data.csv_rows, columns=Columns(), modality="image", cache=folder / "cache", masked=True
    )


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        (checker(0, 1), 2, checker(0, 1)),
        (checker(0, 255), 2, checker(0, 1)),
        (checker(255), 2, checker(1)),
        (checker(0), 2, checker(0)),
        (checker(0, 2, 1), 3, checker(0, 2, 1)),
    ],
)
def test_a_mask_is_read_as_places_in_the_classes(
    tmp_path: Path, values: np.ndarray, classes: int, expected: np.ndarray
) -> None:
    read = data.open_mask(save(values, tmp_path / "mask.png"), classes)
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == np.uint8


def test_palette_and_sixteen_bit_masks_keep_their_values(tmp_path: Path) -> None:
    values = checker(0, 3, 7)
    picture = Image.fromarray(values, mode="P")
    picture.putpalette([number % 256 for number in range(768)])
    picture.save(tmp_path / "palette.png")
    Image.fromarray(values.astype(np.uint16)).save(tmp_path / "deep.png")
    for name in ("palette.png", "deep.png"):
        np.testing.assert_array_equal(data.open_mask(tmp_path / name, 8), values)


BAD: list[tuple[str, Spoil, str]] = [
    ("missing", lambda path: path.unlink(), "there is no such file"),
    ("empty", lambda path: path.write_bytes(b""), "the file is empty"),
    ("no image", lambda path: path.write_text("mask"), "it is not an image"),
    ("cut", lambda path: path.write_bytes(path.read_bytes()[:50]), "trunc"),
    ("turned", lambda path: save(checker(0, 1).T, path), "it has 6 × 8 pixels, its image 8 × 6"),
    ("larger", lambda path: save(np.zeros((12, 16)), path), "it has 16 × 12 pixels, its image 8 × 6"),
    ("colour", lambda path: save(np.zeros((*SIZE, 3)), path), "it has the channels R, G, B, and one was expected"),
    ("smoothed", lambda path: save(checker(0, 1, 128, 255), path), "it has the values 128, 255"),
    ("both forms", lambda path: save(checker(0, 1, 255), path), "it has the values 255"),
    ("third class", lambda path: save(checker(0, 2), path), "it has the values 2"),
]


@pytest.mark.parametrize(("spoil", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_mask_that_does_not_fit_its_image_is_named_with_the_reason(
    tmp_path: Path, spoil: Spoil, message: str
) -> None:
    masks = [save(checker(0, 1), tmp_path / f"mask{number}.png") for number in range(3)]
    spoil(masks[1])
    expected = f"1 of 3 masks cannot be used:\n  {re.escape(str(masks[1]))}: .*{re.escape(message)}"
    with pytest.raises(DataError, match=expected) as raised:
        data.examine_masks(rows_of(tmp_path, masks), ("background", "lesion"))
    assert "0 for background, 1 for lesion (or 0 and 255)" in raised.value.hint


def test_of_many_bad_masks_the_first_ten_are_named(tmp_path: Path) -> None:
    masks = [save(checker(0, 9), tmp_path / f"mask{number:02}.png") for number in range(13)]
    with pytest.raises(DataError, match=r"13 of 13 masks") as raised:
        data.examine_masks(rows_of(tmp_path, masks), ("background", "lesion"))
    named = [f"mask{number:02}" in raised.value.message for number in range(13)]
    assert named == [True] * 10 + [False] * 3
    assert "and 3 more" in raised.value.message


def test_a_mask_has_the_size_of_its_upright_image(tmp_path: Path) -> None:
    [rows] = [rows_of(tmp_path, [save(checker(0, 1), tmp_path / "mask.png")])]
    image = Image.open(rows["image"][0])
    image.load()
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(rows["image"][0], exif=exif)
    with pytest.raises(DataError, match="its image 6 × 8"):
        data.examine_masks(rows, ("background", "lesion"))
    save(checker(0, 1).reshape(SIZE[::-1]), tmp_path / "mask.png")
    assert data.examine_masks(rows, ("background", "lesion"))[0].present == (0, 1)


def test_a_row_without_a_mask_is_named(tmp_path: Path) -> None:
    image = save(np.zeros((*SIZE, 3)), tmp_path / "image.png")
    (tmp_path / "rows.csv").write_text(f"image,mask\n{image},{image}\n{image},\n")
    with pytest.raises(DataError, match=r"1 of 2 rows of rows\.csv have no mask in column 'mask': line 3"):
        data.load(
            str(tmp_path / "rows.csv"),
            read=data.csv_rows,
            columns=Columns(),
            modality="image",
            cache=tmp_path / "cache",
            masked=True,
        )


def test_classes_are_named_by_an_option_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("background\nlesion\n\n".rstrip() + "\n")
    assert data.read_classes("background, lesion") == ("background", "lesion")
    assert data.read_classes(str(tmp_path / "classes.txt")) == ("background", "lesion")
    assert data.read_classes("") == ("background", "foreground")


@pytest.mark.parametrize("given", ["lesion", "a,b,a", "a,,b", ",".join(map(str, range(257)))])
def test_classes_that_cannot_be_are_refused(given: str) -> None:
    with pytest.raises(DataError, match="classes are 2 to 256 different names"):
        data.read_classes(given)


def pair_of_folders(folder: Path, images: list[str], masks: list[str] | None) -> Path:
    for kind, names in (("images", images), ("masks", masks)):
        for name in names or ():
            (folder / kind / name).parent.mkdir(parents=True, exist_ok=True)
            save(checker(0, 1), folder / kind / name)
    return folder


def test_two_folders_are_paired_by_names_without_suffix(tmp_path: Path) -> None:
    folder = pair_of_folders(tmp_path, ["b.png", "deep/a.bmp", ".hidden.png"], ["b.bmp", "deep/a.png"])
    rows = list(data.mask_folder_rows(str(folder)))
    assert [(row["id"], Path(row["mask"]).relative_to(folder).as_posix()) for row in rows] == [
        ("b.png", "masks/b.bmp"),
        ("deep/a.bmp", "masks/deep/a.png"),
    ]


def test_images_to_predict_need_no_masks(tmp_path: Path) -> None:
    [row] = data.mask_folder_rows(str(pair_of_folders(tmp_path, ["a.png"], None)))
    assert "mask" not in row


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (["a.png", "b.png"], ["a.png"], "1 of 2 images .* no file of that name in masks: 'b'"),
        (["a.png"], ["a.png", "b.png"], "1 of 2 masks .* no file of that name in images: 'b'"),
        (["a.png", "a.bmp"], ["a.png"], "more than one file 'a'"),
    ],
)
def test_folders_that_do_not_pair_are_refused(
    tmp_path: Path, images: list[str], masks: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        list(data.mask_folder_rows(str(pair_of_folders(tmp_path, images, masks))))
