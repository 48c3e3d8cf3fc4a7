"""CT series of patients who do not exist, with something bright in them, and masks that other libraries write."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel
import numpy as np
import pytest
from acclimate import adapt
from acclimate_medical_imaging import segmentation
from numpy.typing import NDArray
from pydicom import Dataset, FileDataset, examples
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

ROWS, COLUMNS, SLICES = 21, 18, 4  # no whole number of bytes in a bit plane
SPACING = (0.5, 0.8)  # between rows, between columns
APART = 3.0
# Columns run to the left, rows to the back and down: an oblique plane.
ORIENTATION = [1.0, 0.0, 0.0, 0.0, 0.8, -0.6]


class Series:
    """Slices and the mask of each [slices, rows, columns], as numbers of classes."""

    def __init__(self, patient: str, *, slices: int = SLICES, seed: int = 0, size: tuple[int, int] = (ROWS, COLUMNS)):
        rng = np.random.default_rng(seed)
        self.masks: NDArray[np.uint8] = np.zeros((slices, *size), dtype=np.uint8)
        for number in range(slices - 1):  # nothing in the last
            row, column = rng.integers(1, size[0] - 10), rng.integers(1, size[1] - 10)
            self.masks[number, row : row + 8, column : column + 6] = 1
            self.masks[number, row + 2 : row + 5, column + 1 : column + 4] = 2
        study, series, reference = generate_uid(), generate_uid(), generate_uid()
        normal = np.cross(ORIENTATION[:3], ORIENTATION[3:])
        self.images: list[FileDataset] = []
        for number in range(slices):
            image = deepcopy(examples.ct)
            values = rng.normal(100, 20, size) + 400 * (self.masks[number] > 0) + 300 * (self.masks[number] > 1)
            image.PixelData = np.round(values).astype(np.int16).tobytes()
            image.Rows, image.Columns = size
            image.PatientID, image.StudyInstanceUID = patient, study
            image.SeriesInstanceUID, image.FrameOfReferenceUID = series, reference
            image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            image.InstanceNumber = slices - number  # says nothing of where it lies
            image.PixelSpacing, image.ImageOrientationPatient = list(SPACING), ORIENTATION
            image.ImagePositionPatient = np.round(
                np.array([-70.0, -80.5, 12.25]) + APART * number * normal, 6
            ).tolist()
            self.images.append(image)

    def save(self, folder: Path) -> None:
        """Write the slices under names that do not sort as they lie."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(self.images):
            image.save_as(folder / f"{(7 * number) % 10}.dcm", enforce_file_format=True)

    def affine(self) -> NDArray[np.float64]:
        """Return the affine of NIfTI for an array [columns, rows, slices] (NIfTI-1: right, front, head)."""
        first = self.images[0]
        affine = np.eye(4)
        across, down = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
        affine[:3, 0], affine[:3, 1] = across * SPACING[1], down * SPACING[0]
        affine[:3, 2], affine[:3, 3] = np.cross(across, down) * APART, first.ImagePositionPatient
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def write_nifti(path: Path, values: NDArray[Any], affine: NDArray[Any]) -> Path:
    """Write an array with nibabel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(values, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    nibabel.save(image, path)
    return path


def write_seg(
    images: Sequence[Dataset], masks: NDArray[Any], labels: Sequence[str], path: Path | None = None, **options: Any
) -> Dataset:
    """Return what highdicom makes of masks: numbers [slices, rows, columns], or with a last axis of segments."""
    segmentation = hd.seg.Segmentation(
        source_images=images,
        pixel_array=masks,
        segmentation_type=options.pop("segmentation_type", "BINARY"),
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=label,
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Neoplasm,
                algorithm_type="MANUAL",
            )
            for number, label in enumerate(labels, 1)
        ],
        series_instance_uid=generate_uid(),
        series_number=9,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="nobody",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
        **options,
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        segmentation.save_as(path, enforce_file_format=True)
    return segmentation  # type: ignore[no-any-return]


@pytest.fixture
def series() -> Series:
    """Return a series of four slices of 21 by 18."""
    return Series("P1")


SETTINGS = {
    "classes": "background,organ,tumour",
    "method": "frozen",
    "crop_size": 32,
    "max_steps": 1,
    "precision": "float32",
    "allow_leakage": True,
    "shown": False,
    # The likeliest class of each pixel: in one step a model has learned too little for a better rule.
    "mask_threshold": 0,
    "minimum_area": 0,
}
PATIENTS = 6


@pytest.fixture(scope="package")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the series of six patients; masks are a segmentation of every other one, else NIfTI."""
    folder = tmp_path_factory.mktemp("scans")
    for number in range(PATIENTS):
        series = Series(f"P{number}", seed=number, size=(40, 34))
        series.save(folder / f"{number}")
        if number % 2:
            write_seg(series.images, series.masks, ["Organ", "Tumour"], folder / f"{number}" / "seg.dcm")
        else:
            write_nifti(folder / f"{number}.nii.gz", series.masks.transpose(2, 1, 0), series.affine())
    return folder


@pytest.fixture(scope="package")
def run(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that was adapted to them."""
    return adapt(segmentation, scans, output=tmp_path_factory.mktemp("runs") / "run", **SETTINGS).output
