"""What may be asked of a model that writes, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acclimate.api.request import Request, refuse_options
from acclimate.contracts import OptionError

# What only rows with labels, images or masks have, and why chats have it not.
_OF_OTHERS: Mapping[str, str] = {
    "text": "Chats have messages, or a prompt and a response",
    "image": "Chats are texts",
    "mask": "Chats are texts",
    "spacing": "Chats are texts",
    "label": "Chats have answers and no labels",
    "label_separator": "Chats have answers and no labels",
    "label_names": "Chats have answers and no labels",
    "positive": "An operating point is for rows with labels",
    "operate": "An operating point is for rows with labels",
    "prevalence": "An operating point is for rows with labels",
    "answer": "Rows are left to a person by the probability of a label",
    "slices": "Subgroups are scored where rows have labels",
    "calibration": "Calibration is of the probabilities of labels",
    "near": "Features are compared where rows have labels",
    "folds": "Cross-validation is for rows with labels",
    "head": "A language model keeps the head that it was pretrained with",
    "classes": "Masks are of images",
    "decoder": "Masks are of images",
    "image_size": "Chats are texts",
    "crop_size": "Chats are texts",
    "tiles": "Chats are texts",
    "minimum_area": "Masks are of images",
    "mask_threshold": "Masks are of images",
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and a model that writes does not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for a model that writes.",
            "Name one: lora, qlora, full, …",
        )
    if request.settings.general_text and not Path(request.settings.general_text).is_file():
        raise OptionError(
            f"general_text is a file with texts, found {request.settings.general_text!r}, which is none.",
            'Name a .txt file, whose texts blank lines part, or a .jsonl file with "text" in each row.',
        )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for labels, images or masks."""
    refuse_options(given, _OF_OTHERS)
