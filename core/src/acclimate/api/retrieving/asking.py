"""What may be asked of a search, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from numbers import Real
from typing import Any

from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import OptionError, Settings

_AUTO = "auto"

_TASK = "sentence-similarity"
# What others have, and why this task has it not.
_REASONS: Mapping[str, str] = {
    "text": "A search has a query and a document",
    "image": "A search is among texts",
    "label": "A search has a query and a document",
    "label_separator": "A search has no labels",
    "label_names": "A search has no labels",
    **OF_LABELS,
}


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and a search does not have, or has otherwise."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    columns, settings = request.columns, request.settings
    if request.method == "auto":
        raise OptionError(
            "Method 'auto' searches among methods for labels, not for a search.", "Name one: full, lora, frozen, …"
        )
    if columns.group and columns.timed:
        raise OptionError("Rows cannot be split by time and kept in groups at once.", "Name only one of the two.")
    if columns.document_time and not columns.timed and columns.time:
        raise OptionError(
            "document_time says when documents came to be, and the queries have no time.",
            "Name the column with the time of the queries (--time), or leave document_time out.",
        )
    if not (isinstance(settings.alike, Real) and 0 < float(settings.alike) <= 1):
        raise OptionError(f"alike is a cosine above 0 and up to 1, found {settings.alike!r}.", "Its default is 0.95.")
    fusion_weight(settings)


def fusion_weight(settings: Settings) -> float | None:
    """Return the weight of BM25 that was asked for, None where validation queries choose.

    Raises:
        OptionError: for what is neither "auto" nor a number from 0 to 1.
    """
    given = settings.fusion
    if given == _AUTO:
        return None
    try:
        weight = float(given) if isinstance(given, Real | str) and not isinstance(given, bool) else float("nan")
    except ValueError:
        weight = float("nan")
    if 0 <= weight <= 1:
        return weight
    raise OptionError(
        f"fusion is 'auto' or the weight of BM25 from 0 to 1, found {given!r}.",
        "Leave it out to let validation queries choose; 0 ranks by the model alone.",
    )


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for another task."""
    refuse_unknown(given, _TASK, _REASONS)
