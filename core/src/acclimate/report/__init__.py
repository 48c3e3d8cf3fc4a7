"""The report room: what a run says of itself as a page and as a model card, and what a monitor says as a page."""

from acclimate.report.card import card
from acclimate.report.drift import drift_page
from acclimate.report.page import page

__all__ = ["card", "drift_page", "page"]
