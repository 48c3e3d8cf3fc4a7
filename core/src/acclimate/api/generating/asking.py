"""What may be asked of a model that writes, checked before anything is read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import OptionError

_TASK = "text-generation"
# What others have, and why this task has it not.
REASONS: Mapping[str, str] = {
    "text": "Chats have messages, or a prompt and a response",
    "image": "Chats are texts",
    "label": "Chats have answers and no labels",
    "label_separator": "Chats have answers and no labels",
    "label_names": "Chats have answers and no labels",
    "head": "A language model keeps the head that it was pretrained with",
    **OF_LABELS,
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and a model that writes does not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    check_method(request)
    check_general_text(request.settings.general_text)


def check_method(request: Request) -> None:
    """Raise OptionError for a search among methods."""
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for a model that writes.",
            "Name one: lora, qlora, full, …",
        )


def check_general_text(file: str) -> None:
    """Raise OptionError for a file of general texts that is not there."""
    if file and not Path(file).is_file():
        raise OptionError(
            f"general_text is a file with texts, found {file!r}, which is none.",
            'Name a .txt file, whose texts blank lines part, or a .jsonl file with "text" in each row.',
        )


def refuse_decided(given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise OptionError for an option that was decided when a saved run was made."""
    decided = [name for name in names if given.get(name)]
    if decided:
        raise OptionError(f"{decided[0]} was decided when the run was made.", f"Leave {decided[0]} out.")


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for another task."""
    refuse_unknown(given, _TASK, REASONS)
