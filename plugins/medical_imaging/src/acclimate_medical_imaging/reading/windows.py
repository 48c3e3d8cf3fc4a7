"""Windows: which range of values becomes black to white (DICOM PS3.3, C.11.2.1.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from acclimate.contracts import OptionError, did_you_mean
from numpy.typing import NDArray
from scipy.special import expit

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window in modality units (Hounsfield units of CT): `centre`, `width` above 0, and the `function` of PS3.3."""

    centre: float
    width: float
    function: str = "LINEAR"

    def apply(self, values: Values) -> Values:
        """Return values of any shape mapped to 0 (black) up to 1 (white)."""
        if self.function == "SIGMOID":
            sigmoid: Values = expit(4 * (values - self.centre) / self.width)
            return sigmoid
        if self.function == "LINEAR_EXACT":
            return np.clip((values - self.centre) / self.width + 0.5, 0, 1)
        if self.width <= 1:
            return (values > self.centre - 0.5).astype(np.float64)
        return np.clip((values - (self.centre - 0.5)) / (self.width - 1) + 0.5, 0, 1)


# Centre and width in Hounsfield units, as radiology teaches them; other centres and widths are in use too.
ANATOMY = {
    "abdomen": Window(centre=50, width=400),
    "angiography": Window(centre=170, width=600),
    "bone": Window(centre=400, width=1800),
    "brain": Window(centre=40, width=80),
    "liver": Window(centre=30, width=150),
    "lung": Window(centre=-600, width=1500),
    "mediastinum": Window(centre=50, width=350),
    "soft-tissue": Window(centre=50, width=350),
    "spine": Window(centre=30, width=250),
    "stroke": Window(centre=40, width=40),
    "subdural": Window(centre=75, width=200),
    "temporal-bone": Window(centre=600, width=2800),
}
_WORDS = ("file", "full", "percentile", *ANATOMY)
_LOW, _HIGH = 0.5, 99.5


def check_window(text: str) -> None:
    """Check how a user writes a window: "" for what suits the file, or one of these, up to three with commas.

    `file` is the file's own, `file:2` its second, `file:NAME` the one that the file calls NAME; `lung`, `bone`, …
    are for CT; `-600/1500` is a centre and a width; `percentile` goes from the 0.5th to the 99.5th percentile,
    `full` from the least to the greatest value. Three windows become red, green and blue.

    Raises:
        OptionError: for anything else.
    """
    parts = text.split(",") if text else []
    if len(parts) not in (0, 1, 3):
        raise OptionError(f"window is one window or three, found {text!r}.", "Three become red, green and blue.")
    for part in parts:
        if part.partition(":")[0] not in _WORDS:
            read_numbers(part)


def read_numbers(text: str) -> Window:
    """Return the window that "CENTRE/WIDTH" stands for.

    Raises:
        OptionError: for anything else.
    """
    centre, slash, width = text.partition("/")
    try:
        if not slash:
            raise ValueError(text)
        found = Window(centre=float(centre), width=float(width))
    except ValueError as error:
        raise OptionError(f"There is no window {text!r}.", f"{did_you_mean(text, _WORDS)} Or -600/1500.") from error
    if not (found.width > 0 and np.isfinite([found.centre, found.width]).all()):
        raise OptionError(f"The width of a window is above 0, found {text!r}.", "Such as -600/1500.")
    return found


def percentiles(values: Values, inside: NDArray[np.bool_]) -> Window:
    """Return the window from the 0.5th to the 99.5th percentile of the values that are `inside` the picture."""
    seen = values[inside] if inside.any() else values
    low, high = np.percentile(seen, [_LOW, _HIGH])
    return _between(float(low), float(high), seen)


def full(values: Values, inside: NDArray[np.bool_]) -> Window:
    """Return the window from the least to the greatest value that is `inside` the picture."""
    seen = values[inside] if inside.any() else values
    return _between(float(seen.min()), float(seen.max()), seen)


def _between(low: float, high: float, seen: Any) -> Window:
    if high <= low:
        low, high = float(np.min(seen)), float(np.max(seen))
    return Window(centre=(low + high) / 2, width=max(high - low, 1e-9), function="LINEAR_EXACT")
