"""The flow of anomaly detection: parts that are not like the good ones; see `flows`."""

from acclimate.api.detecting.asking import check
from acclimate.api.detecting.evaluating import evaluate
from acclimate.api.detecting.flow import adapt, compared
from acclimate.api.detecting.predictor import PartPredictor, load
from acclimate.api.detecting.rows import deal
from acclimate.api.detecting.writing import predict_rows, show, write_predictions

__all__ = [
    "PartPredictor",
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
