"""What may be asked of masks, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate import data, models
from acclimate.api.request import Request
from acclimate.contracts import Columns, OptionError, Settings

LONGEST, CROP = 512, 256

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
    check_options({**asdict(request.columns), **asdict(request.settings)})
    settings = request.settings
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for masks.", "Name one: full, frozen, layerwise, …"
        )
    models.check_decoder(settings.decoder)
    data.read_classes(settings.classes)
    if settings.crop_size is not None and settings.crop_size % models.STRIDE:
        raise OptionError(
            f"crop_size is a multiple of {models.STRIDE}, found {settings.crop_size}.", f"Leave it out for {CROP}."
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels."""
    usual = {**asdict(Columns()), **asdict(Settings())}
    for name, reason in _OF_LABELS.items():
        if name in given and given[name] not in (usual[name], 0, "", ()):
            raise OptionError(f"{reason}, found {name}={given[name]!r}.", f"Leave {name} out.")
