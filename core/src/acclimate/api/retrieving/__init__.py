"""The flow of a search: the documents that answer a query; see `flows`."""

from acclimate.api.retrieving.asking import check
from acclimate.api.retrieving.evaluating import evaluate
from acclimate.api.retrieving.flow import adapt, compared
from acclimate.api.retrieving.predictor import SearchPredictor, load
from acclimate.api.retrieving.rows import deal
from acclimate.api.retrieving.writing import predict_rows, show, write_predictions

__all__ = [
    "SearchPredictor",
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
