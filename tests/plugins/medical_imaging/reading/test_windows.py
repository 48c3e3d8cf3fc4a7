"""Windows against pydicom's own computation of PS3.3 C.11.2.1.2, and how a user writes them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import OptionError
from acclimate_medical_imaging.reading.windows import ANATOMY, Window, check_window, read_numbers
from pydicom.pixels import apply_windowing

VALUES = np.arange(-1100, 1200, dtype=np.float64)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (-600, 1500), (0, 2), (300, 1)])
def test_values_are_mapped_as_the_standard_says(
    make: Callable[..., Any], function: str, centre: float, width: float
) -> None:
    header = {"WindowCenter": centre, "WindowWidth": width, "VOILUTFunction": function}
    dataset = make(np.zeros((2, 2), np.int16), RescaleSlope=1, RescaleIntercept=0, **header)
    theirs = apply_windowing(VALUES, dataset)
    low, high = -(2**15), 2**15 - 1  # they map to the range of the stored values
    ours = Window(centre=centre, width=width, function=function).apply(VALUES)
    np.testing.assert_allclose(ours, (theirs - low) / (high - low), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "centre", "width"),
    [("brain", 40, 80), ("bone", 400, 1800), ("lung", -600, 1500), ("soft-tissue", 50, 350), ("liver", 30, 150)],
)
def test_the_windows_of_anatomy_are_those_of_the_textbooks(name: str, centre: float, width: float) -> None:
    assert (ANATOMY[name].centre, ANATOMY[name].width) == (centre, width)


@pytest.mark.parametrize("text", ["", "file", "file:2", "file:LUNG", "lung", "-600/1500", "lung,bone,brain", "full"])
def test_what_a_user_may_write(text: str) -> None:
    check_window(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lungs", "There is no window 'lungs'. Did you mean 'lung'"),
        ("lung,bone", "one window or three"),
        ("40/0", "above 0"),
        ("40/-3", "above 0"),
        ("40/inf", "above 0"),
        ("40", "There is no window '40'"),
    ],
)
def test_what_a_user_may_not_write(text: str, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        check_window(text)


def test_a_centre_and_a_width_are_read() -> None:
    assert read_numbers("-600/1500") == Window(centre=-600, width=1500)
