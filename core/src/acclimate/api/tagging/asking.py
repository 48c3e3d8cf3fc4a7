"""What may be asked of spans, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.api.classifying import OF_MASKS
from acclimate.api.request import Request
from acclimate.contracts import Columns, OptionError, Settings

# What only rows with labels of their own have, and why spans have it not.
_OF_LABELS: Mapping[str, str] = {
    "image": "Spans are of texts",
    **dict.fromkeys(OF_MASKS, "Spans are of texts, not of images"),
    "label_separator": "Spans say themselves what they are labelled",
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
    """Raise OptionError for what a request asks for and spans do not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for spans.", "Name one: full, lora, frozen, …"
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for images."""
    usual = {**asdict(Columns()), **asdict(Settings())}
    for name, reason in _OF_LABELS.items():
        if name in given and given[name] not in (usual[name], 0, "", ()):
            raise OptionError(f"{reason}, found {name}={given[name]!r}.", f"Leave {name} out.")
