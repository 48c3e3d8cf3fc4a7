"""Text in pixels holds a file back, rectangles go blank, and nothing hides beside the frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate_medical_imaging.privacy import Deidentified, deidentify
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian

from .test_deidentify import SECRET, files, only

Scan = Callable[..., Path]
YES = "Burned In Annotation is YES: there is text in the pixels"
UNSAID = "Burned In Annotation is not NO, on a kind of image that often has text in its pixels"
SC = "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize(
    ("attributes", "reason", "removed"),
    [
        ({"BurnedInAnnotation": "YES"}, YES, "NO"),
        ({"BurnedInAnnotation": "YES", "Modality": "US"}, YES, "NO"),
        ({"BurnedInAnnotation": "", "Modality": "US"}, UNSAID, "NO"),
        *(({"BurnedInAnnotation": "", "Modality": name}, UNSAID, "NO") for name in ("XA", "CR", "ES", "DX", "OT")),
        ({"BurnedInAnnotation": "", "SOPClassUID": SC}, UNSAID, "NO"),
        ({"BurnedInAnnotation": "", "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, UNSAID, "NO"),
        ({"BurnedInAnnotation": "", "Modality": "CT"}, None, "NO"),
        ({"BurnedInAnnotation": "NO", "Modality": "US"}, None, "YES"),
        ({"BurnedInAnnotation": "", "Modality": "US", "PixelData": None}, None, "YES"),
    ],
)
def test_text_in_pixels_holds_a_file_back(
    scan_of: Scan, tmp_path: Path, attributes: dict[str, Any], reason: str | None, removed: str
) -> None:
    scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    file = scan_of("MRN-2", study="1.2.2", instance="1.3.2", **attributes)
    if "PixelData" in attributes:
        image = dcmread(file)
        del image.PixelData
        dcmwrite(file, image)
    done = deidentify(file.parents[1], tmp_path / "out", secret=SECRET)
    assert [one.reason for one in done.quarantined] == ([reason] if reason else [])
    kept = deidentify(file, tmp_path / "kept", secret=SECRET, burned_in="keep")
    assert kept.quarantined == ()
    assert only(tmp_path / "kept").PatientIdentityRemoved == removed
    assert kept.not_claimed == (removed == "NO")


def blanked(source: Path, output: Path, *rectangles: tuple[int, int, int, int]) -> Deidentified:
    return deidentify(source, output, secret=SECRET, clean_pixels=rectangles)


def test_rectangles_are_blank_and_all_else_is_not_touched(scan_of: Scan, tmp_path: Path) -> None:
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1", BurnedInAnnotation="YES")
    expected = dcmread(file).pixel_array.copy()
    expected[2:5, 10:16] = 0
    expected[0:1, 0:3] = 0
    blanked(file, tmp_path / "out", (10, 2, 6, 3), (0, 0, 3, 1))
    after = only(tmp_path / "out")
    assert np.array_equal(after.pixel_array, expected)
    assert (after.BurnedInAnnotation, after.PatientIdentityRemoved) == ("NO", "YES")
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100", "113101"]


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_rle_2frame.dcm",  # two frames, colour by pixel
        "SC_rgb_dcmtk_+eb+cy+np.dcm",  # JPEG
        "examples_palette.dcm",
        "MR_small_jp2klossless.dcm",
        "SC_rgb_small_odd.dcm",
    ],
)
def test_rectangles_are_blank_in_all_frames_and_colours(name: str, tmp_path: Path) -> None:
    source = get_testdata_file(name, download=False)
    assert isinstance(source, str)
    expected = dcmread(source).pixel_array.copy()
    multiple = int(dcmread(source).get("NumberOfFrames") or 1) > 1
    (expected if multiple else expected[None])[:, 0:2, 1:3] = 0
    blanked(Path(source), tmp_path / "out", (1, 0, 2, 2))
    after = only(tmp_path / "out")
    assert (
        after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        or not after.file_meta.TransferSyntaxUID.is_encapsulated
    )
    assert np.array_equal(after.pixel_array, expected)


def test_planes_of_colour_are_all_blanked(scan_of: Scan, tmp_path: Path) -> None:
    pixels = np.arange(3 * 16 * 16, dtype=np.uint8).reshape(3, 16, 16) | 1
    file = scan_of(
        *("MRN-1",),
        study="1.2.1",
        instance="1.3.1",
        **{"SamplesPerPixel": 3, "PlanarConfiguration": 1, "PhotometricInterpretation": "RGB", "BitsAllocated": 8},
        **{"BitsStored": 8, "HighBit": 7, "PixelData": pixels.tobytes()},
    )
    blanked(file, tmp_path / "out", (0, 0, 16, 8))
    after = only(tmp_path / "out").pixel_array
    assert not after[:8].any()
    assert np.array_equal(after[8:], pixels.transpose(1, 2, 0)[8:])


@pytest.mark.parametrize(
    ("attributes", "rectangle", "reason"),
    [
        ({}, (10, 0, 7, 1), "a rectangle of clean_pixels reaches beyond its image"),
        ({}, (0, 15, 1, 2), "a rectangle of clean_pixels reaches beyond its image"),
        ({"BitsAllocated": 1}, (0, 0, 1, 1), "clean_pixels works on pixels of whole bytes only"),
        (
            {"PhotometricInterpretation": "YBR_FULL_422", "SamplesPerPixel": 3},
            (0, 0, 1, 1),
            "clean_pixels does not work on uncompressed pixels with halved colour (YBR_FULL_422)",
        ),
    ],
)
def test_an_image_that_cannot_be_blanked_is_left_out(
    scan_of: Scan, tmp_path: Path, attributes: dict[str, Any], rectangle: tuple[int, int, int, int], reason: str
) -> None:
    structure = "1.2.840.10008.5.1.4.1.1.481.3"
    other = scan_of("MRN-1", study="1.2.1", instance="1.3.1", SOPClassUID=structure, Modality="RTSTRUCT")
    image = dcmread(other)
    del image.PixelData
    dcmwrite(other, image)
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.2", **attributes)
    done = blanked(file.parents[1], tmp_path / "out", rectangle)
    assert [(one.path, one.reason) for one in done.left_out] == [("MRN-1/1.3.2", reason)]
    after = only(tmp_path / "out")  # no pixels: nothing to clean, nothing claimed of cleaning
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100"]


def test_bytes_behind_the_frames_go(scan_of: Scan, tmp_path: Path) -> None:
    pixels = bytes(range(15)) * 17  # 255 bytes, and one of padding that is not
    size = {"Rows": 15, "Columns": 17, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1", PixelData=pixels + b"!Jane Roe ", **size)
    deidentify(file, tmp_path / "out", secret=SECRET)
    assert only(tmp_path / "out").PixelData == pixels + b"\0"


def test_an_overlay_in_unused_bits_is_left_out(scan_of: Scan, tmp_path: Path) -> None:
    scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.2")
    image = dcmread(file)
    image.add_new(0x60020010, "US", 16)
    image.add_new(0x60020102, "US", 12)
    dcmwrite(file, image)
    done = deidentify(file.parent, tmp_path / "out", secret=SECRET)
    assert [one.reason for one in done.left_out] == ["an overlay is stored in unused bits of its pixels"]
    assert len(files(tmp_path / "out")) == 1


def test_pixels_that_cannot_be_decoded_are_left_out_without_a_word_in_the_logs(
    scan_of: Scan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    undecodable = get_testdata_file("JPEG-lossy.dcm", download=False)  # 12 bits in JPEG Extended
    assert isinstance(undecodable, str)
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    (file.parent / "lossy").write_bytes(Path(undecodable).read_bytes())
    done = blanked(file.parent, tmp_path / "out", (0, 0, 2, 2))
    reason = "its pixels cannot be decoded, so that no rectangle can be blanked"
    assert [(one.path, one.reason) for one in done.left_out] == [("lossy", reason)]
    assert caplog.records == []
