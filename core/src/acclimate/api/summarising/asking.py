"""What may be asked of summaries, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import SUMMARIES, OptionError

# What others have, and why this task has it not.
_REASONS: Mapping[str, str] = {
    "image": "Summaries are of texts",
    "label_separator": "A text has one summary",
    "label_names": "Summaries are no labels",
    **OF_LABELS,
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and summaries do not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels of rows, not for summaries.",
            "Name one: frozen, full, lora, …",
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for another task."""
    refuse_unknown(given, SUMMARIES, _REASONS)
