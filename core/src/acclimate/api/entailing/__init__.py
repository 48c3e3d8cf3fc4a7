"""The flow of natural-language inference: what texts of any length say to hypotheses, and where; see `flows`."""

from acclimate.api.entailing.asking import check
from acclimate.api.entailing.evaluating import evaluate
from acclimate.api.entailing.flow import adapt, compared
from acclimate.api.entailing.predictor import EntailPredictor, load
from acclimate.api.entailing.rows import READ
from acclimate.api.entailing.writing import predict_rows, show, write_predictions

deal = READ.deal

__all__ = [
    "EntailPredictor",
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
