"""What may be asked of a model that learns preferences, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acclimate.api.generating.asking import REASONS, check_general_text, check_method
from acclimate.api.options import refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import PREFERENCE, OptionError, Preset


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and a model that learns preferences does not have."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    check_method(request)
    check_general_text(request.settings.general_text)
    check_card(request.preset, request.settings.card)


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels, or for another task."""
    refuse_unknown(given, PREFERENCE, REASONS)
    if given.get("too_long") == "split":
        raise OptionError(
            "A reply cannot be parted from what it replies to: too_long is 'error', 'truncate' or 'drop' here.",
            "Choose one of these (--too-long).",
        )


def check_card(preset: Preset, card: str) -> None:
    """Raise OptionError for a card that nothing reads, or that is not there."""
    if not card:
        return
    if preset.judge is None:
        raise OptionError(
            f"Preset {preset.name!r} scores no replies, and has no use for card={card!r}.",
            "Leave card out, or choose a preset that does: support/tone.",
        )
    if not Path(card).is_file():
        raise OptionError(f"card is a file, found {card!r}, which is none.", "Check the path.")
