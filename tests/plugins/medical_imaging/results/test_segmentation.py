"""Masks as DICOM segmentations."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, MissingPackageError, OutputError
from acclimate_medical_imaging.results import (
    Concept,
    Masks,
    ModelIdentity,
    Segment,
    read_segmentation,
    write_segmentation,
)
from highdicom.legacy import LegacyConvertedEnhancedCTImage
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

SHUFFLED = [3, 0, 4, 1, 2]
NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")
CHANGED = Concept(value="49755003", scheme="SCT", meaning="Morphologically Abnormal Structure")


def _segments(count: int) -> list[Segment]:
    return [Segment(label=f"part {number}") for number in range(1, count + 1)]


def _label_map(count: int) -> NDArray[np.int64]:
    """Return a label map of five slices, one of them empty."""
    masks = np.random.default_rng(count).integers(0, count + 1, (5, 128, 128))
    masks[2] = 0
    return masks


def _stacked(label_map: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    return np.stack([label_map == number for number in range(1, count + 1)], axis=-1)


@pytest.mark.parametrize(("count", "kind"), [(1, "BINARY"), (3, "BINARY"), (12, "LABELMAP")])
@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], SHUFFLED])
def test_every_voxel_comes_back_beside_its_image(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, count: int, kind: str, order: list[int]
) -> None:
    masks = _label_map(count)
    write_segmentation(
        [series[k] for k in order], masks[order], _segments(count), model=model, output=tmp_path / "s.dcm"
    )
    back = read_segmentation(tmp_path / "s.dcm", series)
    assert dcmread(tmp_path / "s.dcm").SegmentationType == kind
    np.testing.assert_array_equal(back.masks, _stacked(masks, count))
    assert [segment.label for segment in back.segments] == [segment.label for segment in _segments(count)]


def test_each_frame_of_the_file_names_the_image_it_belongs_to(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path
) -> None:
    masks = _label_map(2)
    order = SHUFFLED
    write_segmentation([series[k] for k in order], masks[order], _segments(2), model=model, output=tmp_path / "s.dcm")
    file = dcmread(tmp_path / "s.dcm")  # and from here on without highdicom
    position = {image.SOPInstanceUID: number for number, image in enumerate(series)}
    found = np.zeros((5, 128, 128, 2), bool)
    for pixels, groups in zip(file.pixel_array, file.PerFrameFunctionalGroupsSequence, strict=True):
        source = groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[position[source], ..., segment - 1] = pixels
        slice_of = series[position[source]]
        assert groups.PlanePositionSequence[0].ImagePositionPatient == slice_of.ImagePositionPatient
    np.testing.assert_array_equal(found, _stacked(masks, 2))


def test_overlapping_segments_come_back_whole_however_many_they_are(
    series: list[Dataset], model: ModelIdentity
) -> None:
    masks = np.random.default_rng(0).random((5, 128, 128, 10)) > 0.5
    written = write_segmentation(series, masks, _segments(10), model=model)
    assert written.SegmentationType == "BINARY"
    np.testing.assert_array_equal(read_segmentation(written, series).masks, masks)


def test_frames_of_a_multi_frame_image_are_slices(series: list[Dataset], model: ModelIdentity) -> None:
    image = LegacyConvertedEnhancedCTImage(series, generate_uid(), 5, generate_uid(), 1)
    masks = _label_map(2)
    written = write_segmentation([image], masks, _segments(2), model=model)
    np.testing.assert_array_equal(read_segmentation(written, [image]).masks, _stacked(masks, 2))


@pytest.mark.parametrize("also", [[], ["FrameOfReferenceUID"], ["FrameOfReferenceUID", "PixelSpacing"]])
def test_a_single_image_without_a_place_in_space_can_be_segmented(
    series: list[Dataset], model: ModelIdentity, also: list[str]
) -> None:
    image = series[0]
    image.SOPClassUID = SecondaryCaptureImageStorage
    without = ["ImagePositionPatient", "SliceThickness", "PatientBirthDate", *also]
    for name in without:
        del image[name]
    masks = _label_map(1)[:1]
    written = write_segmentation([image], masks, _segments(1), model=model)
    np.testing.assert_array_equal(read_segmentation(written, [image]).masks, _stacked(masks, 1))
    assert "FrameOfReferenceUID" not in written
    assert not any(name in image for name in without)


@pytest.mark.parametrize("without", ["FrameOfReferenceUID", "ImagePositionPatient", "PixelSpacing"])
def test_several_images_without_a_place_each_are_refused(
    series: list[Dataset], model: ModelIdentity, without: str
) -> None:
    for image in series:
        del image[without]
    with pytest.raises(DataError, match=f"Several images need .*{without}"):
        write_segmentation(series, _label_map(1), _segments(1), model=model)


def test_frames_without_a_place_each_are_refused(series: list[Dataset], model: ModelIdentity) -> None:
    series[0].NumberOfFrames = 5
    with pytest.raises(DataError, match="no enhanced image"):
        write_segmentation(series[:1], _label_map(1), _segments(1), model=model)


def test_an_image_without_a_thickness_gives_masks_without_one(series: list[Dataset], model: ModelIdentity) -> None:
    for image in series:
        del image.SliceThickness
    masks = _label_map(2)
    written = write_segmentation(series, masks, _segments(2), model=model)
    assert "SliceThickness" not in written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    np.testing.assert_array_equal(read_segmentation(written, series).masks, _stacked(masks, 2))
    assert "SliceThickness" not in written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]


def test_a_kind_of_image_that_cannot_be_referred_to_is_refused(series: list[Dataset], model: ModelIdentity) -> None:
    series[0].SOPClassUID = "1.3.46.670589.11.0.0.12.1"  # private
    with pytest.raises(DataError, match="A segmentation cannot be made of these images: KeyError"):
        write_segmentation(series[:1], _label_map(1)[:1], _segments(1), model=model)


def test_the_object_says_what_it_is(series: list[Dataset], model: ModelIdentity, tmp_path: Path) -> None:
    segments = [Segment(label="nodule", category=CHANGED, type=NODULE), Segment(label="肺")]
    write_segmentation(series, _label_map(2), segments, model=model, output=tmp_path / "s.dcm")
    file = dcmread(tmp_path / "s.dcm")
    assert (tmp_path / "s.dcm").read_bytes()[:132] == bytes(128) + b"DICM"
    assert file.file_meta.MediaStorageSOPInstanceUID == file.SOPInstanceUID
    for name in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"):
        assert file[name].value == series[0][name].value
    assert file.SeriesInstanceUID != series[0].SeriesInstanceUID
    assert file.ContentQualification == "RESEARCH"
    for name in ("SeriesDescription", "ContentDescription", "ImageComments"):
        assert "not for diagnostic use" in file[name].value.lower()
    for segment in file.SegmentSequence:
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        [algorithm] = segment.SegmentationAlgorithmIdentificationSequence
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (model.name, model.version)
        assert model.bundle_sha256 in algorithm.AlgorithmParameters
    schemes = [
        segment.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator for segment in file.SegmentSequence
    ]
    assert schemes == ["SCT", "99ACCLIMATE"]
    back = read_segmentation(file, series)
    assert back.segments[0] == segments[0]
    assert back.segments[1].label == "肺"


@pytest.mark.parametrize(
    ("masks", "segments", "message"),
    [
        (np.zeros((5, 128, 128), int), 1, "empty"),
        (np.ones((4, 128, 128), int), 1, r"\[5, 128, 128\].*found int64 \[4, 128, 128\]"),
        (np.full((5, 128, 128), 0.7), 1, "float64"),
        (np.full((5, 128, 128), 3), 2, "0 to 2, found 3 to 3"),
        (np.full((5, 128, 128), -1), 2, "found -1 to -1"),
        (np.full((5, 128, 128, 2), 2), 2, "0 to 1, found 2 to 2"),
        (np.ones((5, 128, 128, 3), bool), 2, "for 2 segments"),
        (np.ones((5, 128, 128), int), 0, "for 0 segments"),
    ],
)
def test_masks_that_do_not_fit_are_refused(
    series: list[Dataset], model: ModelIdentity, tmp_path: Path, masks: NDArray[Any], segments: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write_segmentation(series, masks, _segments(segments), model=model, output=tmp_path / "s.dcm")
    assert not list(tmp_path.iterdir())


def _twice(series: list[Dataset]) -> list[Dataset]:
    return [*series[:4], series[0]]


def _of_two_series(series: list[Dataset]) -> list[Dataset]:
    series[1].SeriesInstanceUID = generate_uid()
    return series


def _of_two_sizes(series: list[Dataset]) -> list[Dataset]:
    series[1].Rows = 64
    return series


def _without_uid(series: list[Dataset]) -> list[Dataset]:
    del series[3].SOPInstanceUID
    return series


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_twice, "given twice"),
        (_of_two_series, "SeriesInstanceUID has 2 values"),
        (_of_two_sizes, "Rows has 2 values"),
        (_without_uid, "Source image 3 has no SOPInstanceUID"),
        (lambda _: [], "found none"),
    ],
)
def test_images_that_do_not_belong_together_are_refused(
    series: list[Dataset], model: ModelIdentity, change: Callable[[list[Dataset]], list[Dataset]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write_segmentation(change(series), _label_map(1), _segments(1), model=model)


def test_a_segmentation_is_only_read_beside_all_its_images(
    series: list[Dataset], make_series: Callable[..., list[Dataset]], model: ModelIdentity
) -> None:
    written = write_segmentation(series, _label_map(1), _segments(1), model=model)
    with pytest.raises(DataError, match="names 5 source images, of which 4 are among the 4 given"):
        read_segmentation(written, series[:4])
    with pytest.raises(DataError, match="of which 0 are among the 5 given"):
        read_segmentation(written, make_series())
    with pytest.raises(DataError, match="found another kind"):
        read_segmentation(series[0], series)


def test_a_file_that_exists_is_not_written_over(series: list[Dataset], model: ModelIdentity, tmp_path: Path) -> None:
    (tmp_path / "s.dcm").write_text("mine")
    with pytest.raises(OutputError, match=r"s\.dcm exists"):
        write_segmentation(series, _label_map(1), _segments(1), model=model, output=tmp_path / "s.dcm")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("s.dcm", "mine")]


def test_without_highdicom_the_extra_is_named(
    series: list[Dataset], model: ModelIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingPackageError, match=r"acclimate-medical-imaging\[results\]"):
        write_segmentation(series, _label_map(1), _segments(1), model=model)


def test_masks_are_a_value_of_their_own(series: list[Dataset], model: ModelIdentity) -> None:
    back = read_segmentation(write_segmentation(series, _label_map(1), _segments(1), model=model), series)
    assert isinstance(back, Masks)
    assert (back.masks.dtype, back.masks.shape) == (np.dtype(bool), (5, 128, 128, 1))
