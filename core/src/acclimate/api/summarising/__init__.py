"""The flow of summarization: which sentences of a text, of any length, say what a summary of it says; see `flows`."""

from acclimate.api.summarising.asking import check
from acclimate.api.summarising.evaluating import evaluate
from acclimate.api.summarising.flow import adapt, compared
from acclimate.api.summarising.predictor import SummaryPredictor, load
from acclimate.api.summarising.rows import READ
from acclimate.api.summarising.writing import predict_rows, show, write_predictions

deal = READ.deal

__all__ = [
    "SummaryPredictor",
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
