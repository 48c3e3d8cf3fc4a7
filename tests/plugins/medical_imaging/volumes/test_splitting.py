"""One series with several volumes in it, and what belongs to none."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate_medical_imaging.volumes import (
    DuplicatePositionError,
    SliceGapError,
    SliceGroup,
    read_volume,
    split_series,
)
from highdicom.legacy import LegacyConvertedEnhancedMRImage
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import MRImageStorage, SecondaryCaptureImageStorage, XRayRadiationDoseSRStorage, generate_uid

Write = Callable[..., list[Path]]
Grid = NDArray[np.int16]
SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "medical_imaging" / "dicom"


def twice(write_series: Write, folder: Path, grid: Grid, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Write two volumes of one series at the same place, the second's values negated."""
    for name, sign, elements in (("first", 1, first), ("second", -1, second)):

        def change(index: int, one: Dataset, elements: dict[str, Any] = elements) -> None:
            for keyword, value in elements.items():
                setattr(one, keyword, value)

        write_series(folder / name, sign * grid, change=change)


TRAITS = {
    "acquisition number": ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}),
    "temporal position": ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}),
    "echo time": ({"EchoTime": "2.5"}, {"EchoTime": "7.5"}),
    "b-value": ({"DiffusionBValue": 0.0}, {"DiffusionBValue": 1000.0}),
    "gradient direction": (
        {"DiffusionGradientOrientation": [1.0, 0.0, 0.0]},
        {"DiffusionGradientOrientation": [0.0, 1.0, 0.0]},
    ),
    "cardiac phase": ({"NominalPercentageOfCardiacPhase": 30.0}, {"NominalPercentageOfCardiacPhase": 70.0}),
    "image type": ({"ImageType": ["ORIGINAL", "PRIMARY", "M"]}, {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}),
    "one without": ({}, {"TriggerTime": "300"}),
}


@pytest.mark.parametrize(("first", "second"), list(TRAITS.values()), ids=list(TRAITS))
def test_volumes_of_one_series_are_told_apart(
    write_series: Write, tmp_path: Path, grid: Grid, first: dict[str, Any], second: dict[str, Any]
) -> None:
    twice(write_series, tmp_path, grid, first, second)
    with pytest.raises(DuplicatePositionError):
        read_volume(tmp_path)
    split = split_series(tmp_path)
    assert [[name for name, _ in group.told_apart_by] for group in split.groups] == [list(second), list(second)]
    assert split.left_out == ()
    by_folder = {group.files[0].parent.name: read_volume(group).values for group in split.groups}
    np.testing.assert_array_equal(by_folder["first"], grid)
    np.testing.assert_array_equal(by_folder["second"], -grid)


def test_as_few_traits_as_need_be_split_a_series(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    twice(write_series, tmp_path, grid, {"EchoTime": "2", "AcquisitionNumber": 7}, {"EchoTime": "4"})
    for number, file in enumerate(sorted(tmp_path.rglob("*.dcm"))):
        one = dcmread(file)
        one.AcquisitionNumber = number  # one per slice, as some scanners count
        one.save_as(file)
    assert sorted(group.told_apart_by for group in split_series(tmp_path).groups) == [
        (("EchoTime", "2"),),
        (("EchoTime", "4"),),
    ]


def test_traits_that_differ_without_need_split_nothing(write_series: Write, tmp_path: Path, grid: Grid) -> None:
    write_series(tmp_path, grid, change=lambda index, one: setattr(one, "AcquisitionNumber", index % 2))
    (group,) = split_series(tmp_path).groups
    assert (len(group.slices), group.told_apart_by) == (5, ())


def test_a_volume_with_a_gap_stays_together_and_says_so(write_series: Write, tmp_path: Path) -> None:
    twice(write_series, tmp_path, np.zeros((8, 2, 2), dtype=np.int16), {"EchoTime": "2"}, {"EchoTime": "4"})
    (tmp_path / "second" / "004.dcm").unlink()
    for number, file in enumerate(sorted(tmp_path.rglob("*.dcm"))):
        one = dcmread(file)
        one.AcquisitionNumber = number  # would leave each slice alone
        one.save_as(file)
    large, small = split_series(tmp_path).groups
    assert (len(large.slices), len(small.slices)) == (8, 7)
    with pytest.raises(SliceGapError, match=r"003\.dcm at 37\.500 mm and 005\.dcm"):
        read_volume(small)


def test_a_split_whose_groups_stack_is_preferred_to_one_that_only_repeats_no_place(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    twice(write_series, tmp_path, grid, {"EchoTime": "2"}, {"EchoTime": "4"})
    for number, file in enumerate(sorted(tmp_path.rglob("*.dcm"))):
        one = dcmread(file)
        one.AcquisitionNumber = (1, 1, 2, 1, 2, 2, 3, 3, 3, 3)[number]  # repeats no place, but the first has a gap
        one.save_as(file)
    groups = split_series(tmp_path).groups
    assert [[name for name, _ in group.told_apart_by] for group in groups] == [["EchoTime"], ["EchoTime"]]


def test_files_that_are_there_twice_stay_together_and_are_refused(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    twice(write_series, tmp_path, grid, {}, {})
    (group,) = split_series(tmp_path).groups
    with pytest.raises(DuplicatePositionError):
        read_volume(group)


def test_three_planes_of_a_series_are_three_volumes_although_directions_are_rounded(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    planes = {"axial": (1, 0, 0, 0, 1, 0), "coronal": (1, 0, 0, 0, 0, -1), "sagittal": (0, 1, 0, 0, 0, -1)}
    for name, orientation in planes.items():

        def change(index: int, one: Dataset) -> None:
            one.ImageOrientationPatient = [float(each) + index * 1e-6 for each in one.ImageOrientationPatient]

        write_series(tmp_path / name, grid, orientation=orientation, change=change)
    groups = split_series(tmp_path).groups
    assert sorted({file.parent.name for file in group.files} for group in groups) == [{name} for name in planes]


def as_screenshot(one: Dataset) -> None:
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    one.Modality = "OT"
    del one.ImagePositionPatient


def as_dose_report(one: Dataset) -> None:
    one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = XRayRadiationDoseSRStorage
    one.Modality = "SR"
    del one.Rows, one.Columns, one.PixelData


def with_type(*values: str) -> Callable[[Dataset], None]:
    return lambda one: setattr(one, "ImageType", list(values))


def as_radiograph(one: Dataset) -> None:
    one.Modality = "DX"
    del one.ImagePositionPatient, one.ImageOrientationPatient


def as_cine(one: Dataset) -> None:
    one.NumberOfFrames, one.PixelData = 2, one.PixelData * 2


LEFT_OUT = {
    "localizer": (with_type("ORIGINAL", "PRIMARY", "LOCALIZER"), "a localizer"),
    "projection": (with_type("DERIVED", "SECONDARY", "AXIAL", "MIP"), "a projection of a volume"),
    "screenshot": (as_screenshot, "a screenshot"),
    "screen save": (with_type("DERIVED", "SECONDARY", "SCREEN SAVE"), "a screenshot"),
    "protocol page": (with_type("DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"), "a screenshot"),
    "report": (as_dose_report, "a radiation dose report"),
    "unplaced": (as_radiograph, "without a place in the patient"),
    "cine": (as_cine, "2 frames without a place for each"),
    "segmentation": (lambda one: setattr(one, "Modality", "SEG"), "a segmentation, not an image"),
    "frames": (
        lambda one: (as_cine(one), setattr(one, "Modality", "NM")),
        "2 frames of NM, whose places are not read",
    ),
    "damaged": (lambda one: delattr(one, "SeriesInstanceUID"), "damaged: no SeriesInstanceUID"),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_is_no_slice_is_left_out_with_the_reason(
    write_series: Write, tmp_path: Path, grid: Grid, kind: str
) -> None:
    make, reason = LEFT_OUT[kind]
    files = write_series(tmp_path, grid, change=lambda index, one: make(one) if index == 4 else None)
    split = split_series(tmp_path)
    (group,) = split.groups
    assert group.files == tuple(files[:4])
    (left_out,) = split.left_out
    assert (left_out.path, left_out.name) == (files[4], "004.dcm")
    assert left_out.kind == kind.replace("screen save", "screenshot").replace("protocol page", "screenshot")
    assert re.fullmatch(reason, left_out.reason)


def test_a_header_whose_numbers_have_another_length_is_left_out_as_damaged(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    files = write_series(tmp_path, grid)
    whole = files[4].read_bytes()
    rows = b"\x28\x00\x10\x00US\x02\x00"  # the element Rows, of two bytes
    start = whole.index(rows)
    files[4].write_bytes(
        whole[:start] + rows[:6] + b"\x03\x00" + whole[start + 8 : start + 10] + b"!" + whole[start + 10 :]
    )
    split = split_series(tmp_path)
    assert [group.files for group in split.groups] == [tuple(files[:4])]
    (left_out,) = split.left_out
    assert (left_out.name, left_out.kind) == ("004.dcm", "damaged")


def test_phases_of_an_enhanced_file_are_told_apart_by_its_functional_groups(
    write_series: Write, tmp_path: Path, grid: Grid
) -> None:
    def as_magnetic_resonance(index: int, one: Dataset) -> None:
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = MRImageStorage
        one.Modality, one.ImageType = "MR", ["ORIGINAL", "PRIMARY", "M"]
        del one.RescaleSlope, one.RescaleIntercept, one.RescaleType, one.KVP

    files = [
        file
        for name, sign in (("first", 1), ("second", -1))
        for file in write_series(tmp_path / name, sign * grid, change=as_magnetic_resonance)
    ]
    one = LegacyConvertedEnhancedMRImage([dcmread(file) for file in files], generate_uid(), 2, generate_uid(), 1)
    signs = [np.sign(pixels[0, 0]) for pixels in one.pixel_array * np.sign(grid[0, 0, 0])]
    for frame, sign in zip(one.PerFrameFunctionalGroupsSequence, signs, strict=True):
        content = Dataset()
        content.TemporalPositionIndex = 1 if sign > 0 else 2
        frame.FrameContentSequence = [content]
    one.save_as(tmp_path / "enhanced.dcm")
    split = split_series(tmp_path / "enhanced.dcm")
    assert sorted(group.told_apart_by for group in split.groups) == [
        (("TemporalPositionIdentifier", "1"),),
        (("TemporalPositionIdentifier", "2"),),
    ]
    values = {group.told_apart_by[0][1]: read_volume(group).values for group in split.groups}
    assert sorted(abs(int(np.sign(each[0, 0, 0]))) for each in values.values()) == [1, 1]
    np.testing.assert_array_equal(values["1"], -values["2"])
    np.testing.assert_array_equal(np.abs(values["1"]), np.abs(grid))


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.exists(), reason="the data sets beside the checkout are absent")
def test_every_one_of_241_real_files_is_in_a_group_or_left_out_with_a_reason() -> None:
    split = split_series(SHARED)
    grouped = {file for group in split.groups for file in group.files}
    left_out = {one.path for one in split.left_out}
    assert grouped | left_out == {file for file in SHARED.rglob("*") if file.is_file() and file.name != "DICOMDIR"}
    assert not grouped & left_out
    assert all(one.reason for one in split.left_out)
    reasons = {one.name: one.reason for one in split.left_out}
    assert reasons["README.txt"] == "not a DICOM file"
    volumes = [read_volume(group) for group in split.groups if _stacks(group)]
    assert (5, 16, 16) in [volume.values.shape for volume in volumes]


def _stacks(group: SliceGroup) -> bool:
    return len(group.slices) > 1 and len({one.position for one in group.slices}) == len(group.slices)
