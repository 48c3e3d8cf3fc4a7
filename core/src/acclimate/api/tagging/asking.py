"""What may be asked of spans, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.api.classifying import OF_MASKS
from acclimate.api.own_truth import OF_LABELS, refuse
from acclimate.api.request import Request
from acclimate.contracts import OptionError

# What only rows with labels of their own have, and why spans have it not.
_OF_LABELS: Mapping[str, str] = {
    "image": "Spans are of texts",
    **dict.fromkeys(OF_MASKS, "Spans are of texts, not of images"),
    "label_separator": "Spans say themselves what they are labelled",
    **OF_LABELS,
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
    refuse(given, _OF_LABELS)
