"""NIfTI files: the same voxels at the same place, both ways."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from acclimate.contracts import DataError, MissingPackageError, OutputError
from acclimate_medical_imaging.volumes import (
    CineError,
    GantryTiltError,
    MissingGeometryError,
    read_nifti,
    read_volume,
    write_nifti,
)
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Write = Callable[..., list[Path]]
Grid = NDArray[np.int16]
DATA = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)  # x, y, z
RAS = np.array([[-0.7, 0, 0, 31], [0, 0.8, 0, -22], [0, 0, 2.5, 13], [0, 0, 0, 1]], dtype=np.float64)


def saved(
    folder: Path,
    data: NDArray[Any] = DATA,
    affine: Any = RAS,
    codes: tuple[int, int] = (1, 1),
    name: str = "a.nii.gz",
) -> Path:
    image = nibabel.Nifti1Image(data, affine)
    image.set_sform(affine, code=codes[0])
    image.set_qform(affine, code=codes[1], strip_shears=True)
    image.header.set_xyzt_units("mm")
    image.to_filename(folder / name)
    return folder / name


def test_each_voxel_of_a_file_is_at_its_place_with_left_and_front_turned(tmp_path: Path) -> None:
    volume = read_nifti(saved(tmp_path), modality="MR")
    assert (volume.values.shape, volume.values.dtype, volume.modality) == ((4, 3, 2), np.int16, "MR")
    image = nibabel.load(tmp_path / "a.nii.gz")
    for x, y, z in np.ndindex(DATA.shape):
        assert volume.values[z, y, x] == DATA[x, y, z]
        right, front, up, _ = image.affine @ (x, y, z, 1)
        np.testing.assert_allclose(volume.millimetres((z, y, x)), (-right, -front, up), rtol=0, atol=1e-12)
    assert volume.spacing_millimetres == pytest.approx((2.5, 0.8, 0.7))


def test_a_dicom_series_written_as_nifti_has_its_voxels_where_nibabel_says(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    turn = Rotation.from_euler("xyz", (20, -35, 70), degrees=True).as_matrix()
    volume = read_volume(write_series(tmp_path / "series", grid, orientation=[*turn[:, 0], *turn[:, 1]]))
    write_nifti(volume, tmp_path / "a.nii")
    image = nibabel.load(tmp_path / "a.nii")
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), grid.transpose(2, 1, 0))
    assert image.get_data_dtype() == np.int16
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
    assert image.header.get_xyzt_units()[0] == "mm"
    for index in np.ndindex(2, 2, 2):
        slice_, row, column = np.array(index) * (np.array(grid.shape) - 1)
        left, back, up = volume.millimetres((slice_, row, column))
        for affine in (image.get_sform(), image.get_qform()):
            np.testing.assert_allclose((affine @ (column, row, slice_, 1))[:3], (-left, -back, up), atol=1e-4)


@pytest.mark.parametrize("name", ["b.nii", "b.nii.gz"])
@pytest.mark.parametrize("kind", [np.int16, np.float32, np.uint8])
def test_a_round_trip_changes_nothing(tmp_path: Path, name: str, kind: type) -> None:
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", (20, -35, 70), degrees=True).as_matrix() * (0.7, 0.8, 2.5)
    turn[:3, 3] = (101.37, -55.11, 7.9)
    values = np.random.default_rng(0).normal(90, 20, DATA.shape).astype(kind)
    first = read_nifti(saved(tmp_path, values, turn))
    write_nifti(first, tmp_path / name)
    second = read_nifti(tmp_path / name)
    np.testing.assert_array_equal(second.values, first.values)
    np.testing.assert_array_equal(second.affine, first.affine)
    np.testing.assert_array_equal(second.values, values.transpose(2, 1, 0))


def test_a_volume_from_dicom_comes_back_the_same_but_for_the_rounding_of_its_place(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    volume = read_volume(write_series(tmp_path / "series", grid, origin=(-249.123456, 311.98765, -1201.654321)))
    write_nifti(volume, tmp_path / "a.nii")
    again = read_nifti(tmp_path / "a.nii")
    np.testing.assert_array_equal(again.values, volume.values)
    np.testing.assert_array_equal(again.affine, volume.affine.astype(np.float32))
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.shape) - 1)
    assert np.abs(again.millimetres(corners) - volume.millimetres(corners)).max() < 1e-4


def test_scaled_and_wide_numbers_are_read_as_float32(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(DATA, RAS)
    image.header.set_slope_inter(0.5, -3)
    image.to_filename(tmp_path / "scaled.nii")
    scaled = read_nifti(tmp_path / "scaled.nii").values
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, nibabel.load(tmp_path / "scaled.nii").get_fdata().transpose(2, 1, 0))
    wide = read_nifti(saved(tmp_path, DATA.astype(np.int32) * 100_000)).values
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide, DATA.transpose(2, 1, 0) * np.float32(100_000))
    with pytest.raises(DataError, match=r"'a\.nii\.gz' go beyond 16,777,216"):
        read_nifti(saved(tmp_path, DATA.astype(np.int32) * 1_000_000))


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1)])
def test_one_place_is_enough_whatever_its_code(tmp_path: Path, codes: tuple[int, int]) -> None:
    expected = np.diag([-1.0, -1, 1, 1]) @ RAS[:, [2, 1, 0, 3]]
    np.testing.assert_allclose(read_nifti(saved(tmp_path, codes=codes)).affine, expected, atol=1e-5)


def test_a_file_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingGeometryError, match=r"sform and qform missing\): a\.nii\.gz"):
        read_nifti(saved(tmp_path, codes=(0, 0)))


@pytest.mark.parametrize(("difference", "sound"), [(5e-4, True), (2e-3, False)])
def test_two_places_may_differ_by_a_thousandth_at_most(tmp_path: Path, difference: float, sound: bool) -> None:
    file = saved(tmp_path)
    image = nibabel.load(file)
    moved = RAS.copy()
    moved[1, 3] += difference
    image.set_sform(moved, code=1)
    image.to_filename(tmp_path / "b.nii")
    if sound:
        assert read_nifti(tmp_path / "b.nii").affine[1, 3] == pytest.approx(22 - difference)
    else:
        with pytest.raises(MissingGeometryError, match=r"differ by up to 0\.002.*b\.nii.*set both"):
            read_nifti(tmp_path / "b.nii")


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    sheared = RAS.copy()
    sheared[1, 2] = 0.4
    with pytest.raises(GantryTiltError, match=r"largest cosine between two is 0\.158.*a\.nii\.gz"):
        read_nifti(saved(tmp_path, affine=sheared, codes=(1, 0)))


def test_lengths_in_other_units_are_refused(tmp_path: Path) -> None:
    image = nibabel.load(saved(tmp_path))
    image.header.set_xyzt_units("meter")
    image.to_filename(tmp_path / "b.nii")
    with pytest.raises(MissingGeometryError, match=r"units meter"):
        read_nifti(tmp_path / "b.nii")


def test_several_volumes_in_a_file_are_refused_and_one_with_a_fourth_axis_is_read(tmp_path: Path) -> None:
    with pytest.raises(CineError, match=r"\(2, 3, 4, 5\): a\.nii\.gz"):
        read_nifti(saved(tmp_path, np.zeros((2, 3, 4, 5), dtype=np.int16)))
    assert read_nifti(saved(tmp_path, DATA[..., None])).values.shape == (4, 3, 2)


def test_what_is_no_nifti_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "b.nii").write_text("nothing")
    with pytest.raises(DataError, match=r"'b\.nii' is not a NIfTI file"):
        read_nifti(tmp_path / "b.nii")
    with pytest.raises(DataError, match=r"'c\.nii' is not a NIfTI file, or is damaged"):
        read_nifti(tmp_path / "c.nii")


def test_a_name_or_place_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    volume = read_nifti(saved(tmp_path))
    with pytest.raises(OutputError, match=r"'b\.img'.*\.nii\.gz"):
        write_nifti(volume, tmp_path / "b.img")
    with pytest.raises(OutputError, match="cannot be written"):
        write_nifti(volume, tmp_path / "nowhere" / "b.nii")
    (tmp_path / "c.nii").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_nifti(volume, tmp_path / "c.nii")
    assert {file.name for file in tmp_path.iterdir()} == {"a.nii.gz", "c.nii"}


def test_without_nibabel_the_error_names_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'acclimate-medical-imaging\[nifti\]'"):
        read_nifti(file)
