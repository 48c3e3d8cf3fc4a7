"""The report room: what a run says of itself, as one page to read and print, and as a model card."""

from acclimate.report.card import card
from acclimate.report.page import page

__all__ = ["card", "page"]
