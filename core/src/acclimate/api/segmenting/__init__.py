"""The flow of segmentation: a class for every pixel; see `flows`."""

from acclimate.api.segmenting.asking import check
from acclimate.api.segmenting.evaluating import evaluate
from acclimate.api.segmenting.flow import adapt, compared
from acclimate.api.segmenting.predictor import MaskPredictor, load
from acclimate.api.segmenting.rows import deal
from acclimate.api.segmenting.writing import predict_rows, show, write_predictions

__all__ = [
    "MaskPredictor",
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
