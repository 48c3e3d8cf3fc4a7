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
from acclimate.evaluation.thresholds import (
    Costs,
    cheapest_threshold,
    claimable,
    good_parts_needed,
    inspect,
    missed,
    overkill_range,
    parts_to_claim,
    promised_threshold,
)

__all__ = [
    "COUNTS",
    "ROWS",
    "ROWS_OF_LABEL",
    "THRESHOLDS",
    "Chosen",
    "Costs",
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
    "cheapest_threshold",
    "claimable",
    "compare",
    "conformal",
    "conformal_threshold",
    "confusion",
    "constant_predictions",
    "cost_per_1000",
    "counts",
    "coverage",
    "curve",
    "dice_statistics",
    "follow",
    "found_regions",
    "good_parts_needed",
    "improves",
    "inspect",
    "isotonic",
    "label_prior",
    "label_thresholds",
    "log_odds",
    "macro_f1",
    "majority_class",
    "mcc",
    "micro_f1",
    "missed",
    "outcomes",
    "overkill_range",
    "paired",
    "parts_to_claim",
    "promised_threshold",
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
