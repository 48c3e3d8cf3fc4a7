"""The flow of language models that write answers; see `flows`."""

from acclimate.api.generating.asking import check
from acclimate.api.generating.evaluating import evaluate
from acclimate.api.generating.flow import adapt, compared
from acclimate.api.generating.predictor import ChatPredictor, Conversation, load
from acclimate.api.generating.rows import deal
from acclimate.api.generating.writing import predict_rows, show, write_predictions

__all__ = [
    "ChatPredictor",
    "Conversation",
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
