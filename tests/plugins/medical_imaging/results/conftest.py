"""Series made of the CT image that pydicom brings along."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from acclimate_medical_imaging.results import ModelIdentity
from pydicom import Dataset, examples
from pydicom.uid import generate_uid

SLICES = 5


def _series(slices: int = SLICES) -> list[Dataset]:
    series = generate_uid()
    found = []
    for number in range(slices):
        image = deepcopy(examples.ct)
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.SeriesInstanceUID = series
        image.InstanceNumber = 1 + number
        image.ImagePositionPatient = [-158.1, -179.0, -75.7 + 5 * number]
        found.append(image)
    return found


@pytest.fixture
def make_series() -> Callable[..., list[Dataset]]:
    """Return what makes a CT series of as many slices as it is told."""
    return _series


@pytest.fixture
def series() -> list[Dataset]:
    """Return a CT series of five slices of 128 by 128."""
    return _series()


@pytest.fixture
def model() -> ModelIdentity:
    """Return a model."""
    return ModelIdentity(name="diagnosis (efficientnet-lite0)", version="0.1.0", bundle_sha256="0a" * 32)
