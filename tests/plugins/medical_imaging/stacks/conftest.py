"""A clinic of small CT series: some patients have a bright blob in a few of their slices."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

Clinic = Callable[..., Path]


def write_volume(folder: Path, values: np.ndarray, patient: str, series: str, skip: tuple[int, ...] = ()) -> None:
    """Write a CT series of 3 mm slices, without those that are skipped; its files are named out of order."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, plane in enumerate(values):
        if index in skip:
            continue
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = CTImageStorage
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        one.SeriesInstanceUID, one.StudyInstanceUID, one.FrameOfReferenceUID = series, f"{series}.1", f"{series}.2"
        one.PatientID, one.PatientSex, one.Modality, one.Manufacturer = patient, "F", "CT", "Maker"
        one.ImagePositionPatient, one.ImageOrientationPatient = [0, 0, 3 * index], [1, 0, 0, 0, 1, 0]
        one.PixelSpacing, (one.Rows, one.Columns) = [0.7, 0.7], plane.shape
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.RescaleSlope, one.RescaleIntercept = 1, 0
        one.PixelData = plane.astype("<i2").tobytes()
        one.save_as(folder / f"{(7 * index) % 101:03}.dcm", enforce_file_format=True)


def volume_of(number: int, ill: bool, depth: int) -> np.ndarray:
    """Return noise of some soft tissue, with a blob of bone in two or three slices where the patient is ill."""
    random = np.random.default_rng(number)
    values = random.integers(-40, 60, (depth, 48, 48))
    if ill:
        slices, rows, columns = np.mgrid[:depth, :48, :48]
        at, row, column = int(random.integers(2, depth - 2)), *random.integers(14, 34, 2)
        values[((slices - at) * 4) ** 2 + (rows - row) ** 2 + (columns - column) ** 2 < 64] += 300
    return values.astype(np.int16)


@pytest.fixture(scope="session")
def write() -> Callable[..., None]:
    """Return `write_volume`."""
    return write_volume


@pytest.fixture(scope="session")
def noise() -> Callable[[int, bool, int], np.ndarray]:
    """Return `volume_of`."""
    return volume_of


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    """Write two series of each patient, of whom every second is ill, and `labels.csv`."""

    def write(folder: Path, patients: int = 20, *, shuffled: bool = False, first: int = 0) -> Path:
        told = np.arange(patients) % 2 == 1
        if shuffled:
            told = np.random.default_rng(3).permutation(told)
        for who in range(patients):
            for visit in range(2):
                number = 2 * (first + who) + visit
                values = volume_of(number, who % 2 == 1, depth=8 + number % 5)
                write_volume(
                    folder / f"p{who:02}" / f"visit{visit}", values, f"SECRET{who:03}", f"1.2.3.{1000 + number}"
                )
        with (folder / "labels.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["PatientID", "label"])
            writer.writerows([f"SECRET{who:03}", "ill" if told[who] else "well"] for who in range(patients))
        return folder

    return write
