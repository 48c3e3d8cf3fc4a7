"""The flow of language models that learn which replies are preferred, and write them; see `flows`."""

from acclimate.api.generating import ChatPredictor, load, predict_rows, show, write_predictions
from acclimate.api.preferring.asking import check
from acclimate.api.preferring.evaluating import evaluate
from acclimate.api.preferring.flow import adapt, compared
from acclimate.api.preferring.rows import deal

__all__ = [
    "ChatPredictor",
    "adapt",
    "check",
    "compared",
    "deal",
    "evaluate",
    "load",
    "predict_rows",
    "show",
    "write_predictions",
]
