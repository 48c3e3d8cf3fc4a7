"""Comments of compressed frames go, and the frames decode to the same pixels."""

from pathlib import Path

import numpy as np
import pytest
from acclimate_medical_imaging.privacy import deidentify, scan
from acclimate_medical_imaging.privacy.codestreams import without_comments
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, generate_frames

from .test_deidentify import SECRET, only

NAME = b"Jane Roe MRN-00471"


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


JPEG = (segment(0xFE, NAME), segment(0xE1, b"Exif\0\0" + NAME), segment(0xEF, NAME))
# A comment of JPEG 2000 starts with two bytes that say what kind of text it is, and stands behind SIZ.
JPEG_2000 = (segment(0x64, b"\0\1" + NAME),)


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("SC_rgb_dcmtk_+eb+cy+np.dcm", JPEG),  # JPEG baseline with JFIF
        ("SC_rgb_jpeg_app14_dcmd.dcm", JPEG),  # JPEG baseline with Adobe: it says that the colours are RGB
        ("MR_small_jpeg_ls_lossless.dcm", JPEG),
        ("MR_small_jp2klossless.dcm", JPEG_2000),
    ],
)
def test_comments_and_what_follows_the_frame_go_and_the_pixels_stay(
    name: str, segments: tuple[bytes, ...], tmp_path: Path
) -> None:
    source = get_testdata_file(name, download=False)
    assert isinstance(source, str)
    image = dcmread(source)
    expected = image.pixel_array.copy()
    (frame,) = generate_frames(image.PixelData, number_of_frames=1)
    start = 2 if segments is JPEG else 4 + int.from_bytes(frame[4:6])
    image.PixelData = encapsulate([frame[:start] + b"".join(segments) + frame[start:].rstrip(b"\0") + NAME])
    dcmwrite(tmp_path / "planted", image)
    assert scan(tmp_path / "planted", [NAME]) != ()
    deidentify(tmp_path / "planted", tmp_path / "out", secret=SECRET, burned_in="keep")
    after = only(tmp_path / "out")
    assert scan(tmp_path / "out", [NAME]) == ()
    assert len(after.PixelData) == len(image.PixelData)
    assert np.array_equal(after.pixel_array, expected)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", encapsulate([b"RLE" * 9]), encapsulate([b"\xff\xd8\xff"])])
def test_other_data_comes_back_as_it_is(data: bytes) -> None:
    assert without_comments(data) == data
