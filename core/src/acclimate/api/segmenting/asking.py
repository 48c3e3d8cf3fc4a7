"""What may be asked of masks, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from numbers import Integral, Real
from typing import Any

from acclimate import data, models
from acclimate.api.request import Request, refuse_chats, refuse_options
from acclimate.contracts import OptionError, Settings

LONGEST, CROP = 512, 256
_AUTO = "auto"

# What only rows with labels have, and why masks have it not.
_OF_LABELS: Mapping[str, str] = {
    "text": "Masks are of images",
    "label": "Masks say themselves what is in an image",
    "label_separator": "Masks say themselves what is in an image",
    "max_tokens": "Images have no tokens",
    "positive": "An operating point is for rows with labels",
    "operate": "An operating point is for rows with labels",
    "prevalence": "An operating point is for rows with labels",
    "answer": "Rows are left to a person by the probability of a label",
    "slices": "Subgroups are scored where rows have labels",
    "calibration": "Calibration is of the probabilities of labels",
    "near": "Features are compared where rows have labels",
    "folds": "Cross-validation is for rows with labels",
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and masks do not have, or have otherwise."""
    refuse_chats(request)
    check_options({**asdict(request.columns), **asdict(request.settings)})
    settings = request.settings
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for masks.", "Name one: full, frozen, layerwise, …"
        )
    models.check_decoder(settings.decoder)
    data.read_classes(settings.classes)
    for name, otherwise in (("crop_size", str(CROP)), ("tiles", "images scaled down")):
        size = getattr(settings, name)
        if size is not None and size % models.STRIDE:
            raise OptionError(
                f"{name} is a multiple of {models.STRIDE}, found {size}.", f"Leave it out for {otherwise}."
            )
    minimum_area(settings)
    mask_threshold(settings)


def minimum_area(settings: Settings) -> int | None:
    """Return the least area in pixels that was asked for, None where validation images choose.

    Raises:
        OptionError: for what is neither "auto" nor a whole number from 0 on.
    """
    given = settings.minimum_area
    if given == _AUTO:
        return None
    area = int(given) if isinstance(given, str) and given.isdigit() else given
    if isinstance(area, Integral) and not isinstance(area, bool) and area >= 0:
        return int(area)
    raise OptionError(
        f"minimum_area is 'auto' or pixels, a whole number from 0 on, found {given!r}.",
        "Leave it out to let validation images choose; 0 keeps every region.",
    )


def mask_threshold(settings: Settings) -> float | None:
    """Return the probability from which a pixel counts, 0 for the likeliest class, None where validation chooses.

    Raises:
        OptionError: for what is neither "auto" nor a number from 0 to 1, 1 excluded.
    """
    given = settings.mask_threshold
    if given == _AUTO:
        return None
    try:
        share = float(given) if isinstance(given, Real | str) and not isinstance(given, bool) else float("nan")
    except ValueError:
        share = float("nan")
    if 0 <= share < 1:
        return share
    raise OptionError(
        f"mask_threshold is 'auto' or a probability below 1, found {given!r}.",
        "Leave it out to let validation images choose; 0 takes the likeliest class.",
    )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels."""
    refuse_options(given, _OF_LABELS)
