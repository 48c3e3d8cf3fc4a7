"""Files with pages as stacks."""

from pathlib import Path

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.data import examined_stack, open_stack, slice_names
from PIL import Image


def write(file: Path, pages: int, names: list[str] | None = None) -> Path:
    images = [Image.new("L", (8, 6), 10 * number) for number in range(pages)]
    for image, name in zip(images, names or [], strict=False):
        image.encoderinfo = {"tiffinfo": {285: name}}  # type: ignore[attr-defined]
    first = {"tiffinfo": {285: names[0]}} if names else {}
    images[0].save(file, save_all=True, append_images=images[1:], **first)
    return file


def test_pages_are_slices_in_order_with_their_names(tmp_path: Path) -> None:
    found = open_stack(write(tmp_path / "a.tif", 3, ["7", "9", "12"]))
    assert [np.asarray(image).mean() for image in found.images] == [0, 10, 20]
    assert [image.mode for image in found.images] == ["RGB"] * 3
    assert found.names == slice_names(tmp_path / "a.tif") == ("7", "9", "12")


@pytest.mark.parametrize("names", [None, ["a", "a", "b"], ["a", "b", "n" * 41]])
def test_slices_without_names_that_differ_are_numbered(tmp_path: Path, names: list[str] | None) -> None:
    assert open_stack(write(tmp_path / "a.tif", 3, names)).names == ("1", "2", "3")


def test_a_single_image_is_a_stack_of_one(tmp_path: Path) -> None:
    Image.new("RGB", (5, 4)).save(tmp_path / "a.png")
    assert slice_names(tmp_path / "a.png") == open_stack(tmp_path / "a.png").names == ("1",)


@pytest.mark.parametrize(("content", "reason"), [(b"", "zero bytes"), (b"nothing", "not an image")])
def test_what_is_no_stack_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "a.tif"
    file.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        open_stack(file)
    with pytest.raises(DataError, match="cannot be used"):
        slice_names(file)
    found = examined_stack(str(file))
    assert isinstance(found, str)
    assert reason in found


def test_stacks_that_differ_in_one_slice_have_other_sketches(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    slices = [Image.fromarray(random.integers(0, 256, (40, 40), dtype=np.uint8)) for _ in range(4)]
    others = [*slices[:2], slices[0], slices[3]]
    sketches = []
    for name, images in (("a", slices), ("b", others)):
        images[0].save(tmp_path / f"{name}.tif", save_all=True, append_images=images[1:])
        found = examined_stack(str(tmp_path / f"{name}.tif"))
        assert not isinstance(found, str)
        sketches.append(found.sketch.thumbnail)
    assert not np.array_equal(*sketches)
