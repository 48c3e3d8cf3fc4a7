"""What may be asked of answers in texts, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import OptionError

_TASK = "question-answering"
# What others have, and why this task has it not.
_REASONS: Mapping[str, str] = {
    "image": "Questions are asked of texts",
    "label": "Questions have answers, and no labels",
    "label_separator": "Questions have answers, and no labels",
    "label_names": "Questions have answers, and no labels",
    **OF_LABELS,
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and questions do not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for answers.", "Name one: full, lora, frozen, …"
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for another task."""
    refuse_unknown(given, _TASK, _REASONS)
