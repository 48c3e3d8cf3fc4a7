"""Text in the pixels: the header's word goes first, then what is usual for the kind of image."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from acclimate_medical_imaging.reading.burned_in import burned_in
from pydicom.uid import CTImageStorage


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"BurnedInAnnotation": "YES", "Modality": "CT"}, "yes"),
        ({"BurnedInAnnotation": "NO", "Modality": "US"}, "no"),
        ({"Modality": "US"}, "perhaps"),
        ({"Modality": "CT"}, ""),
        ({"Modality": "CT", "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "perhaps"),
        ({"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "perhaps"),
    ],
)
def test_what_is_known_of_text_in_the_pixels(make: Callable[..., Any], header: dict[str, Any], expected: str) -> None:
    assert burned_in(make(np.zeros((4, 4), np.uint8), **{"SOPClassUID": CTImageStorage, **header})) == expected
