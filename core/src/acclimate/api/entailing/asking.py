"""What may be asked of hypotheses on texts, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import INFERENCE, OptionError

# What others have, and why this task has it not.
_REASONS: Mapping[str, str] = {
    "image": "Hypotheses are on texts",
    "label_separator": "A text says one thing to a hypothesis",
    "label_names": "What a text says to a hypothesis has the names that the preset knows",
    **OF_LABELS,
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and hypotheses do not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels of rows, not for hypotheses.",
            "Name one: frozen, full, lora, …",
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels of their own, or for another task."""
    refuse_unknown(given, INFERENCE, _REASONS)
