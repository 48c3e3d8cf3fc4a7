"""Series of small DICOM slices, written for each test."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
WriteSeries = Callable[..., list[Path]]


def blank_slice() -> Dataset:
    """Return a CT slice of one patient without pixels and place."""
    slice_ = Dataset()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_.SOPClassUID = slice_.file_meta.MediaStorageSOPClassUID = CTImageStorage
    slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    slice_.FrameOfReferenceUID, slice_.PositionReferenceIndicator = "1.2.3.3", ""
    slice_.PatientID, slice_.PatientName, slice_.PatientBirthDate, slice_.PatientSex = "p", "P^P", "", ""
    slice_.StudyDate, slice_.StudyTime, slice_.StudyID, slice_.AccessionNumber = "20200101", "120000", "1", ""
    slice_.ReferringPhysicianName, slice_.Manufacturer, slice_.Modality = "", "Maker", "CT"
    slice_.SeriesNumber, slice_.InstanceNumber, slice_.AcquisitionNumber = 1, 1, 1
    slice_.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
    slice_.RescaleSlope, slice_.RescaleIntercept, slice_.RescaleType = 1, 0, "HU"
    slice_.SliceThickness, slice_.KVP, slice_.BurnedInAnnotation = 5, 120, "NO"
    return slice_


def numbers(values: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """Return numbers as DICOM has them, to some fourteen digits."""
    return [format_number_as_ds(float(value)) for value in values]


@pytest.fixture(scope="session")
def write_series() -> WriteSeries:
    """Write slices of a grid: `write_series(folder, pixels, gap=2.0)`; their files come in the order of the grid.

    `change(index, slice)` edits each before it is written; `names` are the numbers that files are named by.
    """

    def write(
        folder: Path,
        pixels: NDArray[np.integer],
        *,
        origin: Sequence[float] = (-10.0, -20.0, 30.0),
        orientation: Sequence[float] = AXIAL,
        spacing: tuple[float, float] = (0.8, 0.7),
        gap: float = 2.5,
        change: Callable[[int, Dataset], None] = lambda index, slice_: None,
        syntax: str = "",
        names: Sequence[int] = (),
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        normal = np.cross(orientation[:3], orientation[3:])
        files = []
        for index, plane in enumerate(pixels):
            slice_ = blank_slice()
            slice_.InstanceNumber = index + 1
            slice_.ImagePositionPatient = numbers(np.asarray(origin) + index * gap * normal)
            slice_.ImageOrientationPatient = numbers(orientation)
            slice_.PixelSpacing = numbers(spacing)
            slice_.Rows, slice_.Columns = plane.shape
            slice_.PixelData = plane.astype("<i2").tobytes()
            change(index, slice_)
            if syntax:
                slice_.compress(syntax)
            files.append(folder / f"{(names or range(len(pixels)))[index]:03}.dcm")
            slice_.save_as(files[-1], enforce_file_format=True)
        return files

    return write


@pytest.fixture(scope="session")
def grid() -> NDArray[np.int16]:
    """Five slices of seven rows and six columns, each voxel another value."""
    return np.random.default_rng(0).permutation(5 * 7 * 6).reshape(5, 7, 6).astype(np.int16) - 100
