"""The flow of token classification: labelled spans of texts; see `flows`."""

from acclimate.api.tagging.asking import check
from acclimate.api.tagging.evaluating import evaluate
from acclimate.api.tagging.flow import adapt, compared
from acclimate.api.tagging.predictor import SpanPredictor, load
from acclimate.api.tagging.rows import deal
from acclimate.api.tagging.writing import predict_rows, show, write_predictions

__all__ = [
    "SpanPredictor",
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
