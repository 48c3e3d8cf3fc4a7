"""Where the slices of a series lie: against highdicom, and against the places that the files were written for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate_medical_imaging.volumes import (
    DuplicatePositionError,
    GantryTiltError,
    MissingGeometryError,
    MixedSlicesError,
    SingleSliceError,
    SliceGapError,
    SliceSpacingError,
    Volume,
    VolumeError,
    read_volume,
)
from highdicom.image import get_volume_from_series
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from scipy.spatial.transform import Rotation

Write = Callable[..., list[Path]]
Grid = NDArray[np.int16]
FAST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def as_ours(theirs: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values and the affine of highdicom's volume, whose slices run the other way, in our convention."""
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, theirs.shape[0] - 1
    return theirs.array[::-1], theirs.affine @ flip


def assert_alike(ours: Volume, theirs: Any) -> None:
    values, affine = as_ours(theirs)
    np.testing.assert_allclose(ours.affine, affine, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(ours.values, values.astype(ours.values.dtype))
    assert ours.frame_of_reference_uid == theirs.frame_of_reference_uid


angles = st.floats(-180, 180)
lengths = st.floats(0.3, 6)


@FAST
@given(st.data(), st.tuples(angles, angles, angles), st.tuples(lengths, lengths, lengths), st.integers(2, 7))
def test_order_place_and_values_are_highdicoms_for_any_orientation_and_order_of_files(
    write_series: Write, tmp_path_factory: pytest.TempPathFactory, data: Any, turn: Any, spacing: Any, count: int
) -> None:
    rotation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    numbers = data.draw(st.permutations(range(count)), label="instance numbers")
    slopes = data.draw(st.lists(st.floats(0.01, 9), min_size=count, max_size=count), label="slopes")
    pixels = np.random.default_rng(count).integers(-500, 500, (count, 4, 3))

    def change(index: int, one: Dataset) -> None:
        one.InstanceNumber = numbers[index] + 1
        one.RescaleSlope = f"{slopes[index]:.6f}"

    files = write_series(
        tmp_path_factory.mktemp("series"),
        pixels,
        orientation=[*rotation[:, 0], *rotation[:, 1]],
        gap=spacing[0],
        spacing=spacing[1:],
        change=change,
        names=data.draw(st.permutations(range(count)), label="names of files"),
    )
    ours = read_volume(files)
    assert_alike(ours, get_volume_from_series([dcmread(file) for file in files]))
    assert ours.sop_instance_uids == tuple(dcmread(file).SOPInstanceUID for file in files)
    assert ours.spacing_millimetres == pytest.approx(spacing, rel=1e-6)
    np.testing.assert_allclose(
        ours.millimetres((count - 1, 0, 0)), dcmread(files[-1]).ImagePositionPatient, atol=1e-9
    )


def test_slices_ordered_by_their_numbers_would_be_another_volume(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    numbers = [3, 1, 5, 2, 4]

    def change(index: int, one: Dataset) -> None:
        one.InstanceNumber = numbers[index]

    files = write_series(tmp_path, grid, change=change, names=numbers)
    by_number = sorted((dcmread(file) for file in files), key=lambda one: int(one.InstanceNumber))
    scrambled = np.stack([one.pixel_array for one in by_number])
    heights = [float(one.ImagePositionPatient[2]) for one in by_number]
    assert not np.array_equal(scrambled, grid)
    assert heights == [32.5, 37.5, 30, 40, 35]
    assert abs(heights[-1] - heights[0]) / 4 == 0.625
    ours = read_volume(tmp_path)
    np.testing.assert_array_equal(ours.values, grid)
    assert ours.spacing_millimetres[0] == pytest.approx(2.5)


def test_the_affine_puts_an_axial_series_where_its_files_say(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    write_series(tmp_path, grid, origin=(-10, -20, 30), spacing=(0.8, 0.7), gap=2.5)
    np.testing.assert_allclose(
        read_volume(tmp_path).affine,
        [[0, 0, 0.7, -10], [0, 0.8, 0, -20], [2.5, 0, 0, 30], [0, 0, 0, 1]],
        rtol=0,
        atol=1e-12,
    )


def test_slices_written_from_head_to_feet_come_out_from_feet_to_head(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    volume = read_volume(write_series(tmp_path, grid, gap=-2.5))
    np.testing.assert_array_equal(volume.values, grid[::-1])
    np.testing.assert_allclose(volume.affine[:3, 3], [-10, -20, 20])


def moved(**offsets: tuple[float, float, float]) -> Callable[[int, Dataset], None]:
    """Move slices: `moved(s2=(0, 0, 1))` moves the third by a millimetre along z."""

    def change(index: int, one: Dataset) -> None:
        offset = offsets.get(f"s{index}", (0, 0, 0))
        one.ImagePositionPatient = [float(at) + by for at, by in zip(one.ImagePositionPatient, offset, strict=True)]

    return change


def altered(index: int, **elements: Any) -> Callable[[int, Dataset], None]:
    """Give one slice other elements; None removes them."""

    def change(at: int, one: Dataset) -> None:
        for keyword, value in elements.items() if at == index else ():
            delattr(one, keyword) if value is None else setattr(one, keyword, value)

    return change


def tilted(index: int, one: Dataset) -> None:
    one.ImagePositionPatient = [-10, -20 + index * 2.5 * np.tan(np.radians(15)), 30 + index * 2.5]


TURNED = [1, 0, 0, 0, 0, -1]
REFUSED = {
    "a place twice": (
        moved(s2=(0, 0, -2.5)),
        DuplicatePositionError,
        r"same place: 001\.dcm at 32\.500 mm, 002\.dcm at 32\.500 mm\. Several.*split_series",
    ),
    "uneven distances": (
        moved(s2=(0, 0, 0.3)),
        SliceSpacingError,
        r"2\.200 to 2\.800 mm.*1\.0%.*001\.dcm at 32\.500 mm",
    ),
    "gantry tilt": (tilted, GantryTiltError, r"15\.0 degrees.*2\.679 mm aside.*: 004\.dcm at 40\.000 mm, 003\.dcm"),
    "one slice aside": (moved(s2=(0.4, 0, 0)), GantryTiltError, r"0\.400 mm aside, the most first: 002\.dcm"),
    "another orientation": (
        altered(1, ImageOrientationPatient=TURNED),
        MixedSlicesError,
        r"same orientation.*0\.0, -1\.0\)\. Unlike most are: 001\.dcm\. Give",
    ),
    "another pixel spacing": (
        altered(1, PixelSpacing=[0.8, 0.71]),
        MixedSlicesError,
        r"same pixel spacing.*0\.71.*001",
    ),
    "another modality": (altered(3, Modality="PT"), MixedSlicesError, r"same modality.*'CT', 'PT'.*are: 003\.dcm\."),
    "another rescale type": (altered(3, RescaleType="US"), MixedSlicesError, r"same units.*'HU', 'US'.*003\.dcm"),
    "another frame of reference": (
        altered(0, FrameOfReferenceUID="1.9"),
        MixedSlicesError,
        r"frame of.* 2 of them.*000",
    ),
    "another series": (altered(4, SeriesInstanceUID="1.9"), MixedSlicesError, r"same series.*004\.dcm"),
    "no position": (altered(2, ImagePositionPatient=None), MissingGeometryError, r"Slices without.*: 002\.dcm\."),
    "no orientation": (altered(2, ImageOrientationPatient=None), MissingGeometryError, r": 002\.dcm\."),
    "no pixel spacing": (altered(2, PixelSpacing=None), MissingGeometryError, r": 002\.dcm\."),
    "a spacing of zero": (altered(2, PixelSpacing=[0, 0]), MissingGeometryError, r": 002\.dcm\."),
    "directions askew": (
        altered(2, ImageOrientationPatient=[1, 0, 0, 0.1, 0.995, 0]),
        MissingGeometryError,
        r": 002\.dcm\.",
    ),
}


@pytest.mark.parametrize(("change", "error", "message"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_is_not_one_volume_is_refused_by_name_and_by_highdicom(
    write_series: Write,
    tmp_path: Path,
    grid: Grid,
    change: Callable[[int, Dataset], None],
    error: type[VolumeError],
    message: str,
) -> None:
    files = write_series(tmp_path / "Miller^Anna", grid, change=change)
    with pytest.raises(error, match=message) as caught:
        read_volume(files[::-1])
    assert isinstance(caught.value, DataError)
    assert "Miller" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a place twice", "uneven distances", "gantry tilt", "another orientation", "no position"]
)
def test_highdicom_refuses_it_too(write_series: Write, tmp_path: Path, grid: Grid, name: str) -> None:
    files = write_series(tmp_path, grid, change=REFUSED[name][0])
    with pytest.raises((ValueError, AttributeError)):
        get_volume_from_series([dcmread(file) for file in files])


def test_missing_slices_are_counted_between_those_beside_them(write_series: Write, tmp_path: Path) -> None:
    files = write_series(tmp_path, np.zeros((12, 3, 3), dtype=np.int16))
    for file in (files[4], files[8], files[9]):
        file.unlink()
    expected = r"2\.500 mm apart; missing: 3, between: 003\.dcm at 37\.500 mm and 005\.dcm at 42\.500 mm, 007\.dcm"
    with pytest.raises(SliceGapError, match=expected) as caught:
        read_volume(tmp_path)
    assert len(caught.value.slices) == 2
    with pytest.raises(ValueError, match="not a regularly-spaced"):
        get_volume_from_series([dcmread(file) for file in tmp_path.iterdir()])


def test_one_slice_is_no_volume(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    with pytest.raises(SingleSliceError, match=r"two slices or more.*only: 000\.dcm at 30\.000 mm"):
        read_volume(write_series(tmp_path, grid[:1]))


def test_another_size_is_refused(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    write_series(tmp_path, grid[:, :, :5])
    files = write_series(tmp_path, grid[:1])
    assert files[0].name == "000.dcm"
    with pytest.raises(MixedSlicesError, match=r"same size.*'7 × 6', '7 × 5'.*are: 000\.dcm") as caught:
        read_volume(tmp_path)
    assert (caught.value.attribute, caught.value.slices) == ("size", ("000.dcm",))


def test_a_ct_slice_that_leaves_its_rescale_type_out_is_in_hounsfield_units(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    volume = read_volume(write_series(tmp_path, grid, change=altered(2, RescaleType=None)))
    assert (volume.units, volume.modality) == ("HU", "CT")


@pytest.mark.parametrize("share", [0.009, 0.011])
def test_one_per_cent_is_the_limit_as_it_is_highdicoms(
    write_series: Write, tmp_path: Path, grid: Grid, share: float
) -> None:
    files = write_series(tmp_path, grid, change=moved(s2=(0, 0, 2.5 * share)))
    spacing, _ = highdicom.spatial.get_series_volume_positions([dcmread(file) for file in files])
    if share < 0.01:
        assert read_volume(files).spacing_millimetres[0] == pytest.approx(spacing)
    else:
        assert spacing is None
        with pytest.raises(SliceSpacingError):
            read_volume(files)
        assert read_volume(files, spacing_tolerance=0.02).spacing_millimetres[0] == pytest.approx(2.5)


def test_small_differences_that_add_up_to_half_a_slice_are_refused(write_series: Write, tmp_path: Path) -> None:
    def change(index: int, one: Dataset) -> None:
        one.ImagePositionPatient = [0, 0, 1.0 * index - 0.0095 * min(index, 116 - index)]

    files = write_series(tmp_path, np.zeros((117, 1, 1), dtype=np.int16), change=change)
    assert get_volume_from_series([dcmread(file) for file in files]) is not None
    with pytest.raises(SliceSpacingError, match="adding up to half a slice"):
        read_volume(files)
