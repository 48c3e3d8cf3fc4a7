"""The evaluation room: scores with intervals, baselines, and what the user should know about them."""

from acclimate.evaluation.answers import (
    GivenAnswers,
    TrueAnswers,
    best_answer_threshold,
    given_statistics,
    matches_of,
)
from acclimate.evaluation.baselines import majority_class, tfidf_svm
from acclimate.evaluation.bm25 import BM25
from acclimate.evaluation.calibrate import best_temperature, row_losses
from acclimate.evaluation.costs import GradeCosts, cheapest, cheapest_constant, mean_cost, read_costs
from acclimate.evaluation.curves import (
    answer_threshold,
    answered,
    conformal,
    conformal_threshold,
    coverage,
    curve,
    reliability,
)
from acclimate.evaluation.delong import area
from acclimate.evaluation.drift import (
    SIGNIFICANT,
    Distance,
    bin_edges,
    binned,
    exact_share,
    ks_distance,
    share_difference,
    stability,
)
from acclimate.evaluation.entailment import GivenEvidence, TrueEvidence, ranking_statistics
from acclimate.evaluation.findings import FEW_ROWS, compare, constant_predictions, sample_size, several_labels
from acclimate.evaluation.fusion import ChosenFusion, choose_fusion, fuse
from acclimate.evaluation.gather import by_id
from acclimate.evaluation.generation import rouge_1_statistics, rouge_2_statistics, rouge_l_statistics
from acclimate.evaluation.intervals import score, score_statistics
from acclimate.evaluation.isotonic import ROWS, ROWS_OF_LABEL, Steps, follow, improves, isotonic, log_odds
from acclimate.evaluation.label_errors import Suspects, suspects
from acclimate.evaluation.language import token_statistics
from acclimate.evaluation.mask_rule import THRESHOLDS, Chosen, MaskRule, Ranked, RuleSearch
from acclimate.evaluation.metrics import accuracy, auroc, confusion, macro_f1, mcc
from acclimate.evaluation.multilabel import COUNTS, best_thresholds, counts, label_prior, micro_f1
from acclimate.evaluation.net_benefit import decision_curve, for_prevalence
from acclimate.evaluation.numbers import Reference
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
from acclimate.evaluation.paired import DifferenceFunction, Paired, ScoredRows, ScoreFunction, paired
from acclimate.evaluation.passages import PassageSearch, passages_of
from acclimate.evaluation.regions import FoundRegions, by_area, found_regions
from acclimate.evaluation.retrieval import mrr_statistics
from acclimate.evaluation.scope import SCOPE_SCORES, retention_threshold
from acclimate.evaluation.segmentation import Mask, dice_statistics
from acclimate.evaluation.span_baselines import SpanDictionary, WordTags
from acclimate.evaluation.spans import Span, of_label, partial_statistics, strict_statistics
from acclimate.evaluation.summaries import best_sentences, picked_sentences
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
from acclimate.evaluation.totals import f1 as f1_of_totals
from acclimate.evaluation.totals import ratio

__all__ = [
    "BM25",
    "COUNTS",
    "FEW_ROWS",
    "ROWS",
    "ROWS_OF_LABEL",
    "SCOPE_SCORES",
    "SIGNIFICANT",
    "THRESHOLDS",
    "Chosen",
    "ChosenFusion",
    "Costs",
    "DifferenceFunction",
    "Distance",
    "FoundRegions",
    "GivenAnswers",
    "GivenEvidence",
    "GradeCosts",
    "Mask",
    "MaskRule",
    "Paired",
    "PassageSearch",
    "Ranked",
    "Reference",
    "Rule",
    "RuleSearch",
    "ScoreFunction",
    "ScoredRows",
    "Span",
    "SpanDictionary",
    "Steps",
    "Suspects",
    "TrueAnswers",
    "TrueEvidence",
    "WordTags",
    "accuracy",
    "answer_threshold",
    "answered",
    "area",
    "at_prevalence",
    "auroc",
    "best_answer_threshold",
    "best_sentences",
    "best_temperature",
    "best_thresholds",
    "bin_edges",
    "binned",
    "by_area",
    "by_id",
    "cheapest",
    "cheapest_constant",
    "cheapest_threshold",
    "choose_fusion",
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
    "decision_curve",
    "dice_statistics",
    "exact_share",
    "f1_of_totals",
    "follow",
    "for_prevalence",
    "found_regions",
    "fuse",
    "given_statistics",
    "good_parts_needed",
    "improves",
    "inspect",
    "isotonic",
    "ks_distance",
    "label_prior",
    "label_thresholds",
    "log_odds",
    "macro_f1",
    "majority_class",
    "matches_of",
    "mcc",
    "mean_cost",
    "micro_f1",
    "missed",
    "mrr_statistics",
    "of_label",
    "outcomes",
    "overkill_range",
    "paired",
    "partial_statistics",
    "parts_to_claim",
    "passages_of",
    "picked_sentences",
    "promised_threshold",
    "proportion",
    "ranking_statistics",
    "rates",
    "ratio",
    "read_costs",
    "read_rule",
    "reliability",
    "retention_threshold",
    "rouge_1_statistics",
    "rouge_2_statistics",
    "rouge_l_statistics",
    "row_losses",
    "sample_size",
    "score",
    "score_statistics",
    "several_labels",
    "share_difference",
    "stability",
    "strict_statistics",
    "suspects",
    "tfidf_svm",
    "threshold",
    "token_statistics",
]
