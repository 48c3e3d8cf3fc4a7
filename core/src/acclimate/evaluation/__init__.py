"""The evaluation room: scores with intervals, baselines, and what the user should know about them."""

from acclimate.evaluation.baselines import majority_class, tfidf_svm
from acclimate.evaluation.calibrate import best_temperature
from acclimate.evaluation.findings import compare, constant_predictions, sample_size
from acclimate.evaluation.gather import by_id
from acclimate.evaluation.intervals import score
from acclimate.evaluation.metrics import accuracy, auroc, confusion, macro_f1, mcc
from acclimate.evaluation.paired import Paired, ScoredRows, paired

__all__ = [
    "Paired",
    "ScoredRows",
    "accuracy",
    "auroc",
    "best_temperature",
    "by_id",
    "compare",
    "confusion",
    "constant_predictions",
    "macro_f1",
    "majority_class",
    "mcc",
    "paired",
    "sample_size",
    "score",
    "tfidf_svm",
]
