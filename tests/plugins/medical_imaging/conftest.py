"""DICOM files made for each test: a body part nobody has, of patients who do not exist."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

Make = Callable[..., FileDataset]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the key of pseudonyms and the features of these tests apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("ACCLIMATE_CACHE", str(folder))
        yield folder


def make_dicom(pixels: Any, **header: Any) -> FileDataset:
    """Return a data set with these pixels [rows, columns] or [rows, columns, 3]; `header` replaces what it says."""
    pixels = np.asarray(pixels)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientID, dataset.Modality = "P1", "OT"
    bits = 8 * pixels.dtype.itemsize
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    elif pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    dataset.Rows, dataset.Columns = pixels.shape[:2] if colour else pixels.shape[-2:]
    for name, value in header.items():
        setattr(dataset, name, value)
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    return dataset


@pytest.fixture(scope="session")
def make() -> Make:
    """Return `make_dicom`."""
    return make_dicom


@pytest.fixture(scope="session")
def save() -> Callable[[FileDataset, Path], Path]:
    """Return a function that writes a data set as a whole DICOM file, and returns its path."""

    def saved(dataset: FileDataset, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return saved
