"""How a company sounds: declared on a card, and measured by rules that say what they found."""

from acclimate_support.cards.card import ToneCard, read_card
from acclimate_support.cards.scorecard import Check, Tally, ToneScore, measure, tally
from acclimate_support.cards.style import Style, style

__all__ = ["Check", "Style", "Tally", "ToneCard", "ToneScore", "measure", "read_card", "style", "tally"]
