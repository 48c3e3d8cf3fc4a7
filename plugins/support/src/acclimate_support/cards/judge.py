"""Replies scored by a tone card, for runs that learn a tone."""

from collections.abc import Sequence

from acclimate_support.cards.card import ToneCard, read_card
from acclimate_support.cards.scorecard import measure

# What nearly every company wants; a card of its own says it better.
USUAL = ToneCard(name="usual", formality="neutral", warmth="medium", exclamations=1)


def judge(replies: Sequence[str], card: str) -> list[float]:
    """Return of each reply the share of rules that it keeps: of the card in a file, or of the usual one for "".

    Raises:
        AcclimateError: as `read_card`.
    """
    rules = read_card(card) if card else USUAL
    return [measure(rules, reply).score for reply in replies]
