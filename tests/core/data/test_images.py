import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.data import image_fingerprints, open_image, to_rgb
from datasets import Dataset
from PIL import Image


def rows_of(*paths: Path) -> Dataset:
    return Dataset.from_dict({"image": [str(path) for path in paths]})


def test_fingerprints_are_the_digests_of_the_files_in_order(photo: Any) -> None:
    paths = [photo(f"{number}.png", size=(4 + number, 5)) for number in range(20)]
    expected = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert image_fingerprints(rows_of(*paths), workers=4) == expected


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


BAD_FILES: list[tuple[str, str, Callable[[Path], Any], str]] = [
    ("empty", "bad.png", lambda path: path.write_bytes(b""), r"bad\.png: the file is empty \(zero bytes\)"),
    ("cut PNG", "bad.png", cut, r"bad\.png: .*truncated"),
    ("cut JPEG", "bad.jpg", cut, r"bad\.jpg: image file is truncated"),
    ("no image", "bad.png", lambda path: path.write_text("<html>"), r"bad\.png: it is not an image"),
    ("no file", "bad.png", lambda path: path.unlink(), r"bad\.png: there is no such file"),
    ("a pixel", "bad.png", lambda path: Image.new("RGB", (1, 1)).save(path), r"bad\.png: it is only 1 × 1 pixels"),
    ("a line", "bad.png", lambda path: Image.new("L", (9, 1)).save(path), r"bad\.png: it is only 9 × 1 pixels"),
    ("floats", "bad.tif", lambda path: Image.new("F", (9, 9)).save(path), r"bad\.tif: its pixels are floating"),
    ("wide", "bad.tif", lambda path: Image.new("I", (9, 9), 70000).save(path), r"pixels run from 70000 to 70000"),
]


@pytest.mark.parametrize(
    ("name", "spoil", "message"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_an_unusable_image_is_named_with_its_reason(photo: Any, name: str, spoil: Any, message: str) -> None:
    good, bad = photo("good.png"), photo(name, size=(64, 64))
    spoil(bad)
    with pytest.raises(DataError, match=rf"^1 of 2 images cannot be used:\n  .*{message}"):
        image_fingerprints(rows_of(good, bad))
    with pytest.raises(DataError, match=r"bad\."):
        open_image(bad)


def test_all_unusable_images_are_in_one_error_in_order(photo: Any) -> None:
    paths = [photo(f"{number:02}.png") for number in range(15)]
    for path in paths[2:]:
        path.write_bytes(b"")
    with pytest.raises(DataError) as error:
        image_fingerprints(rows_of(*paths))
    lines = error.value.message.splitlines()
    assert lines[0] == "13 of 15 images cannot be used:"
    assert [Path(line.strip().partition(": ")[0]).name for line in lines[1:11]] == [
        f"{number:02}.png" for number in range(2, 12)
    ]
    assert lines[11].strip() == "and 3 more"


def test_more_pixels_than_pillow_allows_are_an_error(photo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = photo("large.png", size=(30, 30))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(DataError, match=r"large\.png.*too many pixels to be safe"):
        open_image(path)
    with pytest.raises(DataError, match=r"large\.png: it has too many pixels"):
        image_fingerprints(rows_of(path))


def pixels(path: Path) -> Any:
    image = open_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 257, 1000], [30000, 65534, 65535]], dtype=np.uint16)
    path = tmp_path / f"grey{suffix}"
    Image.fromarray(values).save(path)
    expected = np.round(values.astype(float) * 255 / 65535)
    assert np.array_equal(pixels(path), np.repeat(expected[:, :, None], 3, axis=2))


def test_the_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 2), "black")
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn 90 degrees clockwise
    path = tmp_path / "turned.png"
    image.save(path, exif=exif)
    found = pixels(path)
    assert found.shape == (4, 2, 3)
    assert found[0, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_become_white(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "clear.png"
    if mode == "P":
        image = Image.new("P", (2, 2), 0)
        image.putpalette([200, 0, 0, 0, 200, 0])
        image.putpixel((1, 1), 1)
        image.save(path, transparency=0)
        expected_solid = [0, 200, 0]
    else:
        image = Image.new(mode, (2, 2), (0,) * len(mode))
        image.putpixel((1, 1), (100,) * (len(mode) - 1) + (255,))
        image.save(path)
        expected_solid = [100, 100, 100]
    found = pixels(path)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[1, 1].tolist() == expected_solid


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "image.tif"
    Image.new("RGB", (3, 3), "white").convert(mode).save(path)
    assert (pixels(path) == 255).all()


def turned() -> Image.Image:
    image = Image.new("RGB", (4, 2), "black")
    image.putpixel((0, 0), (255, 255, 255))
    image.getexif()[0x0112] = 6
    return image


OPEN_IMAGES: list[tuple[str, Callable[[], Image.Image]]] = [
    ("turned", turned),
    ("16-bit", lambda: Image.fromarray(np.array([[0, 257], [30000, 65535]], dtype=np.uint16))),
    ("transparent", lambda: Image.new("RGBA", (3, 2), (9, 9, 9, 128))),
    ("bilevel", lambda: Image.new("1", (3, 2), 1)),
]


@pytest.mark.parametrize("make", [row[1] for row in OPEN_IMAGES], ids=[row[0] for row in OPEN_IMAGES])
def test_a_pillow_image_is_converted_as_its_file_would_be(tmp_path: Path, make: Callable[[], Image.Image]) -> None:
    image = make()
    before = (image.mode, image.size, image.tobytes())
    image.save(tmp_path / "image.png", exif=image.getexif())
    found = to_rgb(image)
    assert found.mode == "RGB"
    assert np.array_equal(np.asarray(found), pixels(tmp_path / "image.png"))
    assert (image.mode, image.size, image.tobytes()) == before


@pytest.mark.parametrize(
    ("image", "message"),
    [(Image.new("RGB", (1, 1)), "only 1 × 1 pixels"), (Image.new("F", (9, 9)), "floating-point")],
)
def test_a_pillow_image_that_cannot_be_used_is_an_error(image: Image.Image, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_rgb(image)
