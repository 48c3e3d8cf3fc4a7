"""Folders of parts are read whole: nothing in them is dropped silently, and masks go with their images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.data import inspection_rows
from PIL import Image


def image(path: Path, value: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), value, dtype=np.uint8)).save(path)


def read(root: Path) -> dict[str, tuple[str, str, str]]:
    """Return (label, place of the mask, part) of each row by its id."""
    return {
        row["id"]: (row["label"], row["mask"] and Path(row["mask"]).relative_to(root).as_posix(), row.get("part", ""))
        for row in inspection_rows(str(root))
    }


def test_good_parts_alone(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg", ".hidden.png", "notes.txt"):
        image(tmp_path / name) if name != "notes.txt" else (tmp_path / name).write_text("no image")
    assert read(tmp_path) == {"a.png": ("good", "", ""), "b.jpg": ("good", "", "")}


def test_a_folder_for_each_label_with_masks_beside(tmp_path: Path) -> None:
    for name in (
        "good/a.png",
        "scratch/b.png",
        "scratch/b_mask.png",
        "scratch/c.jpg",
        "scratch/c_mask.png",
        "dent/d.png",
    ):
        image(tmp_path / name)
    assert read(tmp_path) == {
        "dent/d.png": ("dent", "", ""),
        "good/a.png": ("good", "", ""),
        "scratch/b.png": ("scratch", "scratch/b_mask.png", ""),
        "scratch/c.jpg": ("scratch", "scratch/c_mask.png", ""),
    }


def test_images_that_share_their_name_are_refused(tmp_path: Path) -> None:
    for name in ("good/a.jpg", "scratch/b.jpg", "scratch/b.png"):
        image(tmp_path / name)
    with pytest.raises(DataError, match=r"as masks do: b\.jpg and b\.png"):
        read(tmp_path)


def test_train_and_test_with_masks_by_part_and_suffix(tmp_path: Path) -> None:
    for name in (
        "train/good/000.png",
        "test/good/000.png",
        "test/dent/000.png",
        "test/hole/000.png",
        "ground_truth/dent/000_mask.png",
        "ground_truth/hole/000_mask.bmp",
    ):
        image(tmp_path / name)
    (tmp_path / "license.txt").write_text("by nobody")
    assert read(tmp_path) == {
        "train/good/000.png": ("good", "", "train"),
        "test/good/000.png": ("good", "", "test"),
        "test/dent/000.png": ("dent", "ground_truth/dent/000_mask.png", "test"),
        "test/hole/000.png": ("hole", "ground_truth/hole/000_mask.bmp", "test"),
    }


def test_an_image_whose_own_name_ends_as_a_mask_is_an_image_where_masks_lie_apart(tmp_path: Path) -> None:
    for name in ("train/good/0.png", "test/dent/b.png", "test/dent/b_mask.png"):
        image(tmp_path / name)
    image(tmp_path / "ground_truth/dent/b_mask.png")
    assert read(tmp_path)["test/dent/b.png"] == ("dent", "ground_truth/dent/b_mask.png", "test")
    assert read(tmp_path)["test/dent/b_mask.png"] == ("dent", "", "test")
    image(tmp_path / "ground_truth/dent/b_mask_mask.png")
    assert read(tmp_path)["test/dent/b_mask.png"] == ("dent", "ground_truth/dent/b_mask_mask.png", "test")


def test_images_and_masks_say_themselves_what_is_good(tmp_path: Path) -> None:
    for name, value in (("a.png", 0), ("b.png", 255)):
        image(tmp_path / "images" / name)
        image(tmp_path / "masks" / name, value)
    assert read(tmp_path) == {"a.png": ("good", "masks/a.png", ""), "b.png": ("defective", "masks/b.png", "")}


def test_images_and_masks_in_folders_of_labels(tmp_path: Path) -> None:
    for name in ("ok/a.png", "dent/b.png"):
        image(tmp_path / "images" / name)
    image(tmp_path / "masks/dent/b.png", 255)
    assert read(tmp_path) == {"dent/b.png": ("dent", "masks/dent/b.png", ""), "ok/a.png": ("ok", "", "")}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["bottle/train/good/0.png", "cable/test/dent/0.png"], "2 kinds of parts.*'bottle', 'cable'"),
        (["train/good/0.png", "extra/0.png"], "images beside train and test.*'extra/'"),
        (["train/good/0.png", "test/0.png"], "1 images .* lie in test itself.*'0.png'"),
        (["train/good/0.png", "0.png"], "images beside train and test.*'0.png'"),
        (["good/0.png", "1.png"], "1 images .* lie in .* itself.*'1.png'"),
        (
            ["train/good/0.png", "test/dent/0.png", "ground_truth/dent/7_mask.png"],
            "1 masks .* belong to no image: 'dent/7_mask.png'",
        ),
        (["images/a.png", "masks/b.png"], "1 masks .* belong to no image: 'masks/b.png'"),
        ([], "has no rows"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, names: list[str], message: str) -> None:
    root = tmp_path / "parts"
    root.mkdir()
    for name in names:
        image(root / name)
    with pytest.raises(DataError, match=message):
        list(inspection_rows(str(root)))


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_bytes(b"no folder")])
def test_a_source_that_is_no_folder(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "parts")
    with pytest.raises(DataError):
        list(inspection_rows(str(tmp_path / "parts")))
