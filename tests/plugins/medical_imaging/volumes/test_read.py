"""Series and multi-frame files as volumes: their values, and what is refused before anything is decoded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate_medical_imaging.volumes import (
    CineError,
    DuplicatePositionError,
    LocalizerError,
    NotASliceError,
    SliceGapError,
    read_volume,
    split_series,
)
from highdicom.image import get_volume_from_series
from highdicom.legacy import LegacyConvertedEnhancedCTImage
from numpy.typing import NDArray
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

Write = Callable[..., list[Path]]
Grid = NDArray[np.int16]
PLAIN = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
COMPRESSED = [RLELossless, JPEGLSLossless, JPEG2000Lossless]


def rewritten(files: list[Path], syntax: UID) -> None:
    """Write files again in another uncompressed transfer syntax."""
    for file in files:
        one = dcmread(file)
        one.file_meta.TransferSyntaxUID = syntax
        little = syntax.is_little_endian
        if not little:
            one.PixelData = np.frombuffer(one.PixelData, "<i2").byteswap().tobytes()
        dcmwrite(file, one, implicit_vr=syntax.is_implicit_VR, little_endian=little, force_encoding=not little)


def as_pet(index: int, one: Dataset) -> None:
    """Give each slice a slope of its own, as PET has."""
    one.Modality, one.Units, one.RescaleSlope, one.RescaleIntercept = "PT", "BQML", f"{0.37 + index / 7:.9f}", "0.25"
    del one.RescaleType


def as_twelve_bits(index: int, one: Dataset) -> None:
    """Store twelve bits, as CT does, with nonsense in the four above them (PS3.5 8.1.1 allows it)."""
    pixels = np.frombuffer(one.PixelData, "<i2").astype(np.uint16) & 0x0FFF
    one.PixelData = (pixels | 0xA000).astype("<u2").tobytes()
    one.BitsStored, one.HighBit, one.PixelRepresentation = 12, 11, 0
    one.RescaleSlope, one.RescaleIntercept = 2, -1024


def as_sixteen_bits(index: int, one: Dataset) -> None:
    """Allow values beyond int16, although there are none."""
    one.RescaleIntercept = -1024


def as_table(index: int, one: Dataset) -> None:
    """Say what pixels mean by a table (Modality LUT Sequence), which then replaces the slope."""
    table = Dataset()
    table.add_new("LUTDescriptor", "SS", [210, -100, 16])
    table.add_new("LUTData", "US", [(number * 37) % 5000 for number in range(210)])
    table.ModalityLUTType = "US"
    one.ModalityLUTSequence = [table]


KINDS = {
    "whole numbers": (lambda index, one: None, np.int16),
    "slopes of each slice": (as_pet, np.float32),
    "twelve bits": (as_twelve_bits, np.int16),
    "sixteen bits": (as_sixteen_bits, np.float32),
    "a table": (as_table, np.float32),
}


@pytest.mark.parametrize(("change", "kind"), list(KINDS.values()), ids=list(KINDS))
@pytest.mark.parametrize("syntax", PLAIN, ids=lambda uid: uid.name)
def test_uncompressed_values_are_pydicoms_and_highdicoms(
    write_series: Write, tmp_path: Path, grid: Grid, syntax: UID, change: Any, kind: type
) -> None:
    files = write_series(tmp_path, grid, change=change)
    rewritten(files, syntax)
    volume = read_volume(tmp_path)
    assert volume.values.dtype == kind
    theirs = get_volume_from_series([dcmread(file) for file in files], dtype=np.float64)
    np.testing.assert_array_equal(volume.values, theirs.array[::-1].astype(kind))


@pytest.mark.parametrize(("change", "kind"), list(KINDS.values())[:4], ids=list(KINDS)[:4])
@pytest.mark.parametrize("syntax", COMPRESSED, ids=lambda uid: uid.name)
def test_compressed_values_are_those_before_compression(
    write_series: Write, tmp_path: Path, grid: Grid, syntax: UID, change: Any, kind: type
) -> None:
    def cleared(index: int, one: Dataset) -> None:
        change(index, one)
        if one.BitsStored == 12:
            one.PixelData = (np.frombuffer(one.PixelData, "<u2") & 0x0FFF).astype("<u2").tobytes()

    pixels = np.kron(grid, np.ones((1, 8, 8), dtype=np.int16))
    write_series(tmp_path / "plain", pixels, change=cleared)
    write_series(tmp_path / "compressed", pixels, change=cleared, syntax=syntax)
    plain, compressed = read_volume(tmp_path / "plain"), read_volume(tmp_path / "compressed")
    assert compressed.values.dtype == plain.values.dtype == kind
    np.testing.assert_array_equal(compressed.values, plain.values)


def enhanced(files: list[Path], target: Path, syntax: UID | None = None) -> Path:
    """Write one enhanced multi-frame file of classic CT files, with highdicom's own class."""
    one = LegacyConvertedEnhancedCTImage(
        [dcmread(file) for file in files],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
    )
    if syntax:
        one.compress(syntax)
    one.save_as(target)
    return target


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless], ids=["plain", "RLE", "JPEG-LS"])
def test_an_enhanced_file_is_the_volume_of_its_functional_groups(
    write_series: Write, tmp_path: Path, grid: Grid, syntax: UID | None
) -> None:
    def shuffled(index: int, one: Dataset) -> None:
        one.InstanceNumber = [4, 1, 5, 2, 3][index]
        one.RescaleIntercept = -index

    classic = write_series(tmp_path / "classic", grid, change=shuffled, orientation=(0, 1, 0, 0, 0, -1))
    file = enhanced(classic, tmp_path / "enhanced.dcm", syntax)
    volume = read_volume(file)
    theirs = highdicom.imread(file).get_volume(dtype=np.float64)
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, len(grid) - 1
    np.testing.assert_array_equal(volume.values, theirs.array[::-1])
    np.testing.assert_allclose(volume.affine, theirs.affine @ flip, atol=1e-6)
    np.testing.assert_array_equal(volume.values, read_volume(classic).values)
    np.testing.assert_array_equal(volume.affine, read_volume(classic).affine)
    frames = dcmread(file).PerFrameFunctionalGroupsSequence
    places = [frames[number - 1].PlanePositionSequence[0].ImagePositionPatient for number in volume.frame_numbers]
    np.testing.assert_allclose(places, volume.millimetres([(index, 0, 0) for index in range(5)]), atol=1e-6)
    assert set(volume.sop_instance_uids) == {dcmread(file).SOPInstanceUID}


def test_a_frame_that_is_missing_or_repeated_is_named(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    classic = write_series(tmp_path / "classic", grid)
    gap = enhanced([*classic[:2], *classic[3:]], tmp_path / "gap.dcm")
    with pytest.raises(SliceGapError, match=r"missing: 1, between: gap\.dcm frame 2 at.*gap\.dcm frame 3 at"):
        read_volume(gap)
    twice = dcmread(enhanced(classic, tmp_path / "twice.dcm"))
    groups = twice.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    twice.save_as(tmp_path / "twice.dcm")
    with pytest.raises(
        DuplicatePositionError, match=r"twice\.dcm frame 1 at 40\.000 mm, twice\.dcm frame 2 at 40\.000"
    ):
        read_volume(tmp_path / "twice.dcm")


def as_cine(index: int, one: Dataset) -> None:
    one.NumberOfFrames, one.PixelData = 3, one.PixelData * 3


def as_localizer(index: int, one: Dataset) -> None:
    if index == 1:
        one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def as_colour(index: int, one: Dataset) -> None:
    one.SamplesPerPixel, one.PhotometricInterpretation = 3, "RGB"


UNSUITABLE = {
    "cine": (as_cine, CineError, r": 000\.dcm \(3 frames without a place for each\), 001\.dcm.*over time as images"),
    "localizer": (as_localizer, LocalizerError, r": 001\.dcm \(a localizer\)\. Leave them out:.*split_series"),
    "colour": (as_colour, NotASliceError, r"000\.dcm \(in colour\)"),
}


@pytest.mark.parametrize(("change", "error", "message"), list(UNSUITABLE.values()), ids=list(UNSUITABLE))
def test_files_that_are_no_slices_are_named_with_the_reason(
    write_series: Write, tmp_path: Path, grid: Grid, change: Any, error: type[DataError], message: str
) -> None:
    write_series(tmp_path, grid, change=change)
    with pytest.raises(error, match=message):
        read_volume(tmp_path)


def test_other_files_in_the_folder_are_named_and_hidden_ones_and_the_index_are_not_read(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    write_series(tmp_path / "series", grid)
    for name in (".DS_Store", "DICOMDIR", ".hidden/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no slice")
    assert read_volume(tmp_path).values.shape == grid.shape
    (tmp_path / "notes.txt").write_text("no slice")
    with pytest.raises(NotASliceError, match=r"notes\.txt \(not a DICOM file\)"):
        read_volume(tmp_path)


def test_a_missing_file_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file or folder 'nowhere'"):
        read_volume(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no files to read"):
        read_volume(tmp_path)


@pytest.mark.parametrize("syntax", ["", RLELossless], ids=["plain", "RLE"])
def test_pixels_that_are_cut_off_are_an_error_that_names_the_file(
    write_series: Write, tmp_path: Path, grid: Grid, syntax: str
) -> None:
    pixels = np.random.default_rng(0).integers(-9999, 9999, (5, 40, 30))
    files = write_series(tmp_path, pixels, syntax=syntax)
    files[3].write_bytes(files[3].read_bytes()[:-900])
    with pytest.raises(
        DataError, match=r"pixels of 003\.dcm \(transfer syntax .*\) cannot be decoded: .*anew without"
    ):
        read_volume(tmp_path)


def test_a_header_that_promises_fewer_bits_than_there_are_is_refused(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    def change(index: int, one: Dataset) -> None:
        one.BitsStored, one.HighBit = 16, 15

    files = write_series(tmp_path, grid, change=change, syntax=JPEGLSLossless)
    for file in files:
        one = dcmread(file)
        one.BitsStored, one.HighBit = 5, 4
        one.save_as(file)
    with pytest.raises(DataError, match=r"000\.dcm .*JPEG-LS.*beyond the 5 bits"):
        read_volume(tmp_path)


def test_any_number_of_workers_reads_the_same(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    files = write_series(tmp_path, grid, syntax=RLELossless)
    for workers in (1, 2, 7):
        np.testing.assert_array_equal(read_volume(files, workers=workers).values, grid)


def test_a_group_of_split_series_is_read_without_reading_headers_again(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    write_series(tmp_path, grid)
    (group,) = split_series(tmp_path).groups
    volume = read_volume(group)
    np.testing.assert_array_equal(volume.values, grid)
    assert volume.sop_instance_uids == tuple(one.sop_instance_uid for one in group.slices)
