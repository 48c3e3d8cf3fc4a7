"""The evaluation room: scores with intervals, baselines, and what the user should know about them."""

from acclimate.evaluation.baselines import majority_class, tfidf_svm
from acclimate.evaluation.calibrate import best_temperature
from acclimate.evaluation.findings import compare, constant_predictions, sample_size, several_labels
from acclimate.evaluation.gather import by_id
from acclimate.evaluation.intervals import score, score_statistics
from acclimate.evaluation.metrics import accuracy, auroc, confusion, macro_f1, mcc
from acclimate.evaluation.multilabel import COUNTS, best_thresholds, counts, label_prior, micro_f1
from acclimate.evaluation.paired import Paired, ScoredRows, paired
from acclimate.evaluation.segmentation import Mask

__all__ = [
    "COUNTS",
    "Mask",
    "Paired",
    "ScoredRows",
    "accuracy",
    "auroc",
    "best_temperature",
    "best_thresholds",
    "by_id",
    "compare",
    "confusion",
    "constant_predictions",
    "counts",
    "label_prior",
    "macro_f1",
    "majority_class",
    "mcc",
    "micro_f1",
    "paired",
    "sample_size",
    "score",
    "score_statistics",
    "several_labels",
    "tfidf_svm",
]
