"""The evaluation room: scores with intervals, baselines, and what the user should know about them."""

from acclimate.evaluation.baselines import majority_class, tfidf_svm
from acclimate.evaluation.calibrate import best_temperature, row_losses
from acclimate.evaluation.curves import (
    answer_threshold,
    answered,
    conformal,
    conformal_threshold,
    coverage,
    curve,
    reliability,
)
from acclimate.evaluation.findings import compare, constant_predictions, sample_size, several_labels
from acclimate.evaluation.gather import by_id
from acclimate.evaluation.intervals import score, score_statistics
from acclimate.evaluation.isotonic import ROWS, ROWS_OF_LABEL, Steps, follow, improves, isotonic, log_odds
from acclimate.evaluation.label_errors import Suspects, suspects
from acclimate.evaluation.mask_rule import THRESHOLDS, Chosen, MaskRule, Ranked, RuleSearch
from acclimate.evaluation.metrics import accuracy, auroc, confusion, macro_f1, mcc
from acclimate.evaluation.multilabel import COUNTS, best_thresholds, counts, label_prior, micro_f1
from acclimate.evaluation.net_benefit import decision_curve, for_prevalence
from acclimate.evaluation.operating import (
    Rule,
    at_prevalence,
    cost_per_1000,
    label_thresholds,
    outcomes,
    proportion,
    rates,
    read_rule,
    threshold,
)
from acclimate.evaluation.paired import Paired, ScoredRows, ScoreFunction, paired
from acclimate.evaluation.regions import FoundRegions, by_area, found_regions
from acclimate.evaluation.segmentation import Mask, dice_statistics

__all__ = [
    "COUNTS",
    "ROWS",
    "ROWS_OF_LABEL",
    "THRESHOLDS",
    "Chosen",
    "FoundRegions",
    "Mask",
    "MaskRule",
    "Paired",
    "Ranked",
    "Rule",
    "RuleSearch",
    "ScoreFunction",
    "ScoredRows",
    "Steps",
    "Suspects",
    "accuracy",
    "answer_threshold",
    "answered",
    "at_prevalence",
    "auroc",
    "best_temperature",
    "best_thresholds",
    "by_area",
    "by_id",
    "compare",
    "conformal",
    "conformal_threshold",
    "confusion",
    "constant_predictions",
    "cost_per_1000",
    "counts",
    "coverage",
    "curve",
    "decision_curve",
    "dice_statistics",
    "follow",
    "for_prevalence",
    "found_regions",
    "improves",
    "isotonic",
    "label_prior",
    "label_thresholds",
    "log_odds",
    "macro_f1",
    "majority_class",
    "mcc",
    "micro_f1",
    "outcomes",
    "paired",
    "proportion",
    "rates",
    "read_rule",
    "reliability",
    "row_losses",
    "sample_size",
    "score",
    "score_statistics",
    "several_labels",
    "suspects",
    "tfidf_svm",
    "threshold",
]
