"""The flow of question answering: answers that stand in texts of any length; see `flows`."""

from acclimate.api.answering.asking import check
from acclimate.api.answering.evaluating import evaluate
from acclimate.api.answering.flow import adapt, compared
from acclimate.api.answering.predictor import AnswerPredictor, load
from acclimate.api.answering.rows import deal
from acclimate.api.answering.writing import predict_rows, show, write_predictions

__all__ = [
    "AnswerPredictor",
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
