"""Pictures with masks that highdicom and nibabel wrote, voxel for voxel."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.data import UNREADABLE
from acclimate_medical_imaging.masks.rows import masked_rows
from acclimate_medical_imaging.reading.rows import dicom_rows
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.uid import RLELossless, generate_uid

from .conftest import COLUMNS, ROWS, Series, write_nifti, write_seg

CLASSES = ("background", "organ", "tumour")


def read(source: Path, **options: str) -> list[dict[str, Any]]:
    """Return all rows; that they are of one patient is said after the last of them, and does not matter here."""
    rows = []
    try:
        for row in masked_rows(str(source), classes=CLASSES, ids="path", **options):
            rows.append(row)
    except DataError as error:
        if "carry one patient" not in error.message:
            raise
    return rows


def found(source: Path, **options: str) -> dict[str, NDArray[np.uint8]]:
    """Return the mask of each picture by its path."""
    rows = read(source, **options)
    assert not [row for row in rows if UNREADABLE in row], rows
    return {row["id"].rpartition("/")[2]: np.asarray(Image.open(io.BytesIO(row["mask"]))) for row in rows}


def expected(series: Series) -> dict[str, NDArray[np.uint8]]:
    """Return the masks of a series by the file names that `Series.save` gives."""
    return {f"{(7 * number) % 10}.dcm": mask for number, mask in enumerate(series.masks)}


def assert_same(masks: dict[str, NDArray[np.uint8]], wanted: dict[str, NDArray[np.uint8]]) -> None:
    """Compare masks voxel for voxel."""
    assert masks.keys() == wanted.keys()
    for name, mask in wanted.items():
        np.testing.assert_array_equal(masks[name], mask, err_msg=name)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_a_segmentation_comes_back_voxel_for_voxel(
    series: Series, tmp_path: Path, kind: str, order: list[int]
) -> None:
    series.save(tmp_path / "ct")
    images = [series.images[each] for each in order]
    write_seg(images, series.masks[order], ["Organ", "TUMOUR"], tmp_path / "any" / "seg.dcm", segmentation_type=kind)
    assert_same(found(tmp_path), expected(series))


def test_a_fractional_segmentation_counts_from_one_half_on(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    shares = np.random.default_rng(3).uniform(0, 1, (4, ROWS, COLUMNS, 1))
    write_seg(
        series.images,
        shares,
        ["organ"],
        tmp_path / "seg.dcm",
        segmentation_type="FRACTIONAL",
        fractional_type="PROBABILITY",
        max_fractional_value=200,
        omit_empty_frames=False,
    )
    stored = np.round(shares[..., 0] * 200)  # whole numbers of 200 are what the file holds
    masks = found(tmp_path)
    for number, shown in enumerate(stored >= 100):
        np.testing.assert_array_equal(masks[f"{(7 * number) % 10}.dcm"], shown)


def test_a_compressed_segmentation_is_read(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    write_seg(
        series.images,
        series.masks,
        ["organ", "tumour"],
        tmp_path / "seg.dcm",
        segmentation_type="LABELMAP",
        transfer_syntax_uid=RLELossless,
    )
    assert_same(found(tmp_path), expected(series))


def test_classes_may_come_from_several_files_and_in_another_order(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    for number, label in ((2, "tumour"), (1, "organ")):
        write_seg(series.images, (series.masks == number).astype(np.uint8), [label], tmp_path / f"{label}.dcm")
    assert_same(found(tmp_path), expected(series))


def test_frames_that_name_no_image_are_matched_by_where_they_lie(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    segmentation = dcmread(tmp_path / "seg.dcm")
    for groups in segmentation.PerFrameFunctionalGroupsSequence:
        del groups.DerivationImageSequence
    segmentation.save_as(tmp_path / "seg.dcm")
    assert_same(found(tmp_path), expected(series))


def test_segments_are_classes_by_their_numbers_where_that_is_asked_for(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    write_seg(series.images, series.masks, ["left", "right"], tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"1 'left', 2 'right'; the classes are background, organ, tumour"):
        found(tmp_path)
    assert_same(found(tmp_path, segments="number"), expected(series))


def test_segments_that_are_no_class_are_background_only_where_that_is_asked_for(
    series: Series, tmp_path: Path
) -> None:
    series.save(tmp_path / "ct")
    write_seg(series.images, series.masks, ["bone", "tumour"], tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"no class: 1 'bone'"):
        found(tmp_path)
    wanted = {name: np.where(mask == 2, 2, 0) for name, mask in expected(series).items()}
    assert_same(found(tmp_path, others="background"), wanted)


def test_classes_that_overlap_are_refused_unless_the_last_is_to_count(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    stacked = np.stack([series.masks > 0, series.masks == 2], axis=-1).astype(np.uint8)
    write_seg(series.images, stacked, ["organ", "tumour"], tmp_path / "seg.dcm")
    rows = read(tmp_path)
    reasons = [row[UNREADABLE] for row in rows if UNREADABLE in row]
    assert len(reasons) == 3
    assert "'tumour' and 'organ' overlap at 9 pixels" in reasons[0]
    assert_same(found(tmp_path, overlap="last"), expected(series))


# How other programs store the same voxels: the axes of the array [columns, rows, slices], and which are turned round.
STORED = {
    "as the slices": ((0, 1, 2), ()),
    "right to left": ((0, 1, 2), (0,)),
    "head to feet": ((0, 1, 2), (1, 2)),
    "rows first": ((1, 0, 2), ()),
    "slices first": ((2, 0, 1), (0, 2)),
}


@pytest.mark.parametrize("how", STORED)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_nifti_mask_comes_back_voxel_for_voxel(series: Series, tmp_path: Path, how: str, suffix: str) -> None:
    series.save(tmp_path / "ct")
    order, turned = STORED[how]
    values, affine = series.masks.transpose(2, 1, 0).transpose(order), series.affine()[:, [*order, 3]]
    for axis in turned:
        values = np.flip(values, axis)
        affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
        affine[:3, axis] *= -1
    write_nifti(tmp_path / f"ct/mask{suffix}", np.ascontiguousarray(values), affine)
    assert_same(found(tmp_path), expected(series))


def test_nifti_masks_of_a_folder_of_their_own_belong_to_the_series_under_the_same_path(tmp_path: Path) -> None:
    every = {name: Series(name, seed=number) for number, name in enumerate(("one", "two"))}
    for name, series in every.items():  # both lie at the same place
        series.save(tmp_path / "scans" / name)
        write_nifti(tmp_path / f"drawn/{name}.nii.gz", series.masks.transpose(2, 1, 0), series.affine())
    rows = list(masked_rows(str(tmp_path / "scans"), classes=CLASSES, ids="path", masks=str(tmp_path / "drawn")))
    for row in rows:
        name, _, file = row["id"].partition("/")
        mask = np.asarray(Image.open(io.BytesIO(row["mask"])))
        np.testing.assert_array_equal(mask, expected(every[name])[file])
    assert len(rows) == 8


def _shifted(affine: NDArray[Any]) -> None:
    affine[:3, 3] += affine[:3, 0] * 0.3


def _larger(affine: NDArray[Any]) -> None:
    affine[:3, 0] *= 1.05


def _leaning(affine: NDArray[Any]) -> None:
    angle = np.radians(4)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine[:3, :3] = turn @ affine[:3, :3]


@pytest.mark.parametrize("change", [_shifted, _larger, _leaning])
def test_a_nifti_mask_on_another_grid_is_refused_and_never_resampled(
    series: Series, tmp_path: Path, change: Callable[[NDArray[Any]], None]
) -> None:
    series.save(tmp_path / "ct")
    affine = series.affine()
    change(affine)
    write_nifti(tmp_path / "ct/mask.nii", series.masks.transpose(2, 1, 0), affine)
    with pytest.raises(DataError, match=r"ct/mask.nii lies on the grid of none of 4 pictures") as caught:
        found(tmp_path)
    assert "resampled" in str(caught.value)


def test_a_nifti_mask_of_two_series_at_once_is_refused(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "a")
    Series("P2").save(tmp_path / "b")
    write_nifti(tmp_path / "mask.nii", series.masks.transpose(2, 1, 0), series.affine())
    with pytest.raises(DataError, match="of 2 series beside it"):
        found(tmp_path)


@pytest.mark.parametrize(("value", "shown"), [(3, "3"), (-1, "-1"), (0.5, "0.5")])
def test_values_of_a_nifti_mask_that_stand_for_no_class_are_named(
    series: Series, tmp_path: Path, value: float, shown: str
) -> None:
    series.save(tmp_path / "ct")
    values = series.masks.transpose(2, 1, 0).astype(np.float32)
    values[3, 3, 3] = value
    write_nifti(tmp_path / "ct/mask.nii", values, series.affine())
    with pytest.raises(DataError, match=rf"the values {shown}, which stand for no class; .*1 organ, 2 tumour"):
        found(tmp_path)


def test_pictures_without_a_mask_are_refused_skipped_or_empty(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    Series("P2", seed=1).save(tmp_path / "unread")
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"4 of 8 pictures have no mask: unread/0.dcm"):
        found(tmp_path)
    assert len(read(tmp_path, unmasked="skip")) == 4
    rows = list(masked_rows(str(tmp_path), classes=CLASSES, unmasked="empty"))
    marked = [bool(np.asarray(Image.open(io.BytesIO(row["mask"]))).any()) for row in rows]
    assert sorted(marked) == [False] * 5 + [True] * 3


def test_masks_of_images_that_are_not_there_are_refused_or_skipped(series: Series, tmp_path: Path) -> None:
    for image in series.images[:2]:
        image.save_as(tmp_path / f"{image.SOPInstanceUID}.dcm", enforce_file_format=True)
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"2 slices of masks are of images that are not there: seg.dcm \(2\)"):
        found(tmp_path)
    assert len(found(tmp_path, unmasked="skip")) == 2
    (tmp_path / "seg.dcm").unlink()
    write_nifti(tmp_path / "mask.nii", series.masks.transpose(2, 1, 0), series.affine())
    with pytest.raises(DataError, match=r"1 slices of masks are of images that are not there: mask.nii"):
        found(tmp_path)


def test_a_segmentation_on_another_grid_than_its_images_is_refused(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    segmentation = dcmread(tmp_path / "seg.dcm")
    segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.25, 0.4]
    segmentation.save_as(tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"seg.dcm frame 1 .* are not those of .* would have to be resampled"):
        found(tmp_path)
    segmentation.FrameOfReferenceUID = generate_uid()
    segmentation.save_as(tmp_path / "seg.dcm")
    with pytest.raises(DataError, match="another frame of reference"):
        found(tmp_path)


def test_a_segmentation_that_is_malformed_is_named_with_the_reason(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    segmentation = dcmread(tmp_path / "seg.dcm")
    segmentation.NumberOfFrames = 99
    segmentation.save_as(tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"seg.dcm cannot be used: it is malformed"):
        found(tmp_path)


def test_a_mask_that_was_drawn_anew_is_read_anew(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    for number in (1, 2):
        masks = np.where(series.masks == number, number, 0).astype(np.uint8)
        write_nifti(tmp_path / "mask.nii", masks.transpose(2, 1, 0), series.affine())
        assert_same(found(tmp_path), {name: np.where(m == number, m, 0) for name, m in expected(series).items()})


def test_two_readers_who_outline_the_same_are_not_put_together(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path / "ct")
    for reader in ("a", "b"):
        write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / f"{reader}.dcm")
    with pytest.raises(DataError, match=r"two masks of one class, in a.dcm and b.dcm"):
        found(tmp_path)
    (tmp_path / "b.dcm").unlink()
    write_nifti(tmp_path / "ct/b.nii", series.masks.transpose(2, 1, 0), series.affine())
    with pytest.raises(DataError, match=r"two masks of one class, in a.dcm and ct/b.nii"):
        found(tmp_path)


def test_no_mask_at_all_is_said(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    with pytest.raises(DataError, match="None of 4 pictures has a mask"):
        found(tmp_path)


def test_rows_to_predict_need_no_masks_and_are_read_alike(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    plain = list(masked_rows(str(tmp_path), ids="path"))
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    masked = read(tmp_path)
    assert all("mask" not in row for row in plain)
    assert [{**row, "mask": None} for row in plain] == [{**row, "mask": None} for row in masked]


def test_spacing_is_that_of_the_patient_and_none_of_a_projection_that_was_not_calibrated(
    series: Series, tmp_path: Path
) -> None:
    for number, image in enumerate(series.images):
        image.Modality = "CT" if number < 2 else "DX"
    series.images[3].PixelSpacingCalibrationType = "FIDUCIAL"
    series.save(tmp_path)
    rows = {row["id"]: row["spacing"] for row in masked_rows(str(tmp_path), ids="path")}
    assert rows == {"0.dcm": "0.5,0.8", "7.dcm": "0.5,0.8", "4.dcm": "", "1.dcm": "0.5,0.8"}


def test_every_frame_of_an_enhanced_image_is_a_picture_with_its_mask(series: Series, tmp_path: Path) -> None:
    from highdicom.legacy import LegacyConvertedEnhancedCTImage

    enhanced = LegacyConvertedEnhancedCTImage(
        series.images,
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
    )
    enhanced.save_as(tmp_path / "enhanced.dcm", enforce_file_format=True)
    # Its frames are in the order of highdicom's, which is found by their places.
    places = [image.ImagePositionPatient for image in series.images]
    order = [
        places.index(groups.PlanePositionSequence[0].ImagePositionPatient)
        for groups in enhanced.PerFrameFunctionalGroupsSequence
    ]
    write_seg([dcmread(tmp_path / "enhanced.dcm")], series.masks[order], ["organ", "tumour"], tmp_path / "seg.dcm")
    masks = found(tmp_path)
    assert sorted(order) == [0, 1, 2, 3]
    for frame, number in enumerate(order):
        np.testing.assert_array_equal(masks[f"enhanced.dcm#{frame}"], series.masks[number])


def test_segmentations_are_no_pictures_of_any_preset(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    assert len(list(dicom_rows(str(tmp_path)))) == 4


def test_a_file_that_is_damaged_is_a_row_that_says_why(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    whole = (tmp_path / "0.dcm").read_bytes()
    (tmp_path / "0.dcm").write_bytes(whole[: len(whole) - 300])
    rows = {row["id"]: row for row in masked_rows(str(tmp_path), ids="path")}
    assert UNREADABLE in rows["0.dcm"]
    assert sum(UNREADABLE in row for row in rows.values()) == 1


def test_what_is_no_word_of_an_option_is_refused(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    with pytest.raises(OptionError, match="unmasked is 'refuse' or 'skip' or 'empty', found 'drop'"):
        found(tmp_path, unmasked="drop")


def test_all_pictures_of_one_patient_are_refused_where_they_are_learned_from(series: Series, tmp_path: Path) -> None:
    series.save(tmp_path)
    write_seg(series.images, series.masks, ["organ", "tumour"], tmp_path / "seg.dcm")
    with pytest.raises(DataError, match="All 4 pictures carry one patient"):
        list(masked_rows(str(tmp_path), classes=CLASSES))
