"""Core's metrics of spans, rankings, texts, masks and inspections; those of classes are in `metrics`."""

from collections.abc import Iterator
from typing import Literal

from acclimate.contracts import INFERENCE, PREFERENCE, SUMMARIES, Metric, Ref

_SPANS = ("token-classification",)
_ANSWERS = ("question-answering",)
_HYPOTHESES = (INFERENCE,)
_TEXTS = ("text-generation", PREFERENCE)
_SUMMARIES = (SUMMARIES,)
_REPLIES = (PREFERENCE,)
_SEARCH = ("sentence-similarity",)
_MASKS = ("image-segmentation",)
_INSPECTION = ("anomaly-detection",)

# What a model that writes is measured by; the first decides.
CHAT_METRICS = ("cross_entropy", "perplexity", "rouge_l", "exact_match", "stop_rate", "over_length")

# What a preset of summaries is measured by; the first decides.
SUMMARY_METRICS = ("rouge_1", "rouge_2", "rouge_l", "number_faithfulness", "number_recall")

# What a preset of preferences is measured by; `reward_auroc` is for single replies alone.
PREFERENCE_METRICS = (
    "implicit_accuracy",
    "reward_margin",
    "reward_auroc",
    "cross_entropy",
    "stop_rate",
    "over_length",
)

# What a preset of spans is measured by, and one of masks where pixels have no known size.
SPAN_METRICS = ("span_f1", "span_precision", "span_recall", "span_f1_partial", "span_macro_f1")
MASK_METRICS = ("dice", "dice_present", "iou", "hd95_pixels", "nsd_2px", "missed_masks", "false_masks")
# What a preset of parts is measured by; those of places need masks.
PART_METRICS = ("auroc", "defect_precision", "escape", "overkill", "aupro", "pixel_auroc")

# What a preset of answers that stand in a text is measured by; the first decides.
ANSWER_METRICS = (
    "answer_aupr",
    "answer_f1",
    "answer_precision",
    "answer_recall",
    "answer_precision_at_80_recall",
    "presence",
    "squad_em",
    "squad_f1",
)
# What published scores of CUAD are.
CUAD_METRICS = ("cuad_aupr", "cuad_precision_at_80_recall", "cuad_precision_at_90_recall")

# What a preset of hypotheses is measured by; the first decides.
ENTAILMENT_METRICS = (
    "accuracy",
    "macro_f1",
    "entailment_f1",
    "contradiction_f1",
    "evidence_map",
    "evidence_precision_at_80_recall",
    "evidence_first",
)

# What a preset of a search is measured by.
SEARCH_METRICS = ("mrr", "ndcg_at_10", "recall_at_1", "recall_at_5", "recall_at_10")


def span_metrics() -> Iterator[Metric]:
    """Yield precision, recall and F1 of labelled spans."""
    for word, summary in (
        ("precision", "Share of the spans given that are"),
        ("recall", "Share of the true spans that are found,"),
        ("f1", "F1 of all spans together,"),
    ):
        strict = f"{summary} right in start, end and label."
        partial = f"{summary} right in the label where they overlap."
        yield _metric(f"span_{word}", strict, _SPANS, "spans:strict_statistics", f"totals:{word}")
        yield _metric(f"span_{word}_partial", partial, _SPANS, "spans:partial_statistics", f"totals:{word}")
    macro = "F1 of the spans of each label, right in start and end, averaged over labels."
    yield _metric("span_macro_f1", macro, _SPANS, "spans:labelled_statistics", "spans:macro_f1")


def text_metrics() -> Iterator[Metric]:
    """Yield exact answers, ROUGE, and the numbers of a text."""
    exact = "Share of texts that are one of their references, but for case, space and a full stop."
    yield _metric("exact_match", exact, _TEXTS, "generation:exact_match_statistics")
    for kind, what in (("1", "words"), ("2", "pairs of words"), ("l", "words in the same order")):
        summary = f"ROUGE-{kind.upper()}: F1 of the {what} shared with the reference, averaged over texts."
        yield _metric(f"rouge_{kind}", summary, (*_TEXTS, *_SUMMARIES), f"generation:rouge_{kind}_statistics")
    for word, summary in (
        ("precision", "Share of the numbers written that stand in the truth."),
        ("recall", "Share of the numbers of the truth that are written."),
    ):
        tasks = (*_TEXTS, *_SUMMARIES)
        yield _metric(f"number_{word}", summary, tasks, "numbers:number_statistics", f"numbers:number_{word}")
    faithful = "Share of the numbers written that stand in the source: a text, or the chat before."
    statistics = "numbers:faithful_number_statistics"
    yield _metric("number_faithfulness", faithful, (*_TEXTS, *_SUMMARIES), statistics, "numbers:number_precision")


def language_metrics() -> Iterator[Metric]:
    """Yield how likely answers are to a model that writes, and whether its own come to an end."""
    loss = "Mean loss of a token of the answers, in nats; lower is likelier."
    yield _metric("cross_entropy", loss, _TEXTS, "language:token_statistics", better="lower")
    choice = "Among how many equally likely tokens the model is left to choose: e to the cross-entropy."
    yield _metric("perplexity", choice, _TEXTS, "language:token_statistics", "language:perplexity", better="lower")
    stopped = "Share of written answers that the model ended itself, before the limit did."
    yield _metric("stop_rate", stopped, _TEXTS, "language:stop_statistics")
    long = "Share of written answers with more than twice the words of the reference."
    yield _metric("over_length", long, _TEXTS, "language:over_length_statistics", better="lower")


def answer_metrics() -> Iterator[Metric]:
    """Yield how well answers are found in texts: by their place, as SQuAD counts them, and as CUAD does."""
    for word, summary in (
        ("precision", "Share of the answers given that stand where a true one does."),
        ("recall", "Share of the true answers that are given, at their place."),
        ("f1", "F1 of all answers together, by their place."),
    ):
        yield _metric(f"answer_{word}", summary, _ANSWERS, "answers:given_statistics", f"totals:{word}")
    right = "Share of the questions of which it is rightly said whether the text answers them."
    yield _metric("presence", right, _ANSWERS, "answers:presence_statistics")
    exact = "Share of the questions whose best answer is a true one in SQuAD's words, or none is where there is none."
    yield _metric("squad_em", exact, _ANSWERS, "answers:squad_em_statistics")
    words = "F1 of the words of the best answer with a true one as SQuAD counts it, averaged over questions."
    yield _metric("squad_f1", words, _ANSWERS, "answers:squad_f1_statistics")
    for name, kind, how in (("answer", "place", "by their place"), ("cuad", "cuad", "as CUAD's scorer counts them")):
        area = f"Area under precision by recall of all answers, {how}."
        yield _metric(f"{name}_aupr", area, _ANSWERS, f"answers:{kind}_statistics", "answers:cuad_aupr")
        for recall in (80, 90):
            own = f"precision_at_{recall}_recall"
            summary = f"Precision where {recall} % of the true answers are found, {how}; 0 where they never are."
            yield _metric(f"{name}_{own}", summary, _ANSWERS, f"answers:{kind}_statistics", f"answers:{kind}_{own}")


def entailment_metrics() -> Iterator[Metric]:
    """Yield F1 of what texts say to hypotheses, and how well the passages are ranked that say it."""
    for label, word in (("entailment", "entailed"), ("contradiction", "contradicted")):
        yield Metric(
            name=f"{label}_f1",
            summary=f"F1 of the hypotheses that are {word}.",
            tasks=_HYPOTHESES,
            score=Ref(f"acclimate.evaluation.entailment:{label}_f1"),
        )
    mean = "Average precision of the passages of a text as evidence, averaged over the hypotheses that have any."
    yield _metric("evidence_map", mean, _HYPOTHESES, "entailment:ranking_statistics")
    first = "Share of the hypotheses with evidence whose best passage is evidence."
    yield _metric("evidence_first", first, _HYPOTHESES, "entailment:first_statistics")
    held = "Precision of passages where 80 % of the evidence is found, of the hypotheses that have any."
    score = "entailment:precision_at_80_recall"
    yield _metric("evidence_precision_at_80_recall", held, _HYPOTHESES, "entailment:level_statistics", score)


def preference_metrics() -> Iterator[Metric]:
    """Yield whether a model has come to prefer what it was to prefer, by how much likelier it made replies."""
    yield Metric(
        name="implicit_accuracy",
        summary="Share of pairs whose chosen reply gained more than the rejected one; of single replies, told right.",
        tasks=_REPLIES,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
    )
    yield Metric(
        name="reward_margin",
        summary="By how much more chosen replies gained than others: beta times logarithms of probabilities.",
        tasks=_REPLIES,
        score=Ref("acclimate.evaluation.rewards:reward_margin"),
    )
    yield Metric(
        name="reward_auroc",
        summary="The chance that an approved reply gained more than one that is not.",
        tasks=_REPLIES,
        score=Ref("acclimate.evaluation.metrics:auroc"),
        interval=Ref("acclimate.evaluation.delong:auroc_interval"),
        group_interval=Ref("acclimate.evaluation.delong:auroc_group_interval"),
    )


def search_metrics() -> Iterator[Metric]:
    """Yield how high the right documents are ranked."""
    for k, word in ((1, "one"), (5, "five"), (10, "ten")):
        found = f"Share of the right documents among the first {word}, averaged over queries."
        yield _metric(f"recall_at_{k}", found, _SEARCH, f"retrieval:recall_at_{k}")
    yield _metric("mrr", "1 / place of the first right document, averaged.", _SEARCH, "retrieval:mrr_statistics")
    gain = "Discounted gain of the first ten documents over that of the best ranking, averaged."
    yield _metric("ndcg_at_10", gain, _SEARCH, "retrieval:ndcg_at_10")


def mask_metrics() -> Iterator[Metric]:
    """Yield overlap and distance of masks; each says what it makes of empty ones."""
    agree = "two empty masks count as 1, one as 0"
    yield _metric("dice", f"Dice overlap, averaged over masks; {agree}.", _MASKS, "segmentation:dice_agreeing")
    yield _metric(
        "iou", f"Intersection over union, averaged over masks; {agree}.", _MASKS, "segmentation:iou_agreeing"
    )
    present = "Dice overlap, averaged over the masks that are there."
    yield _metric("dice_present", present, _MASKS, "segmentation:dice_present")
    yield _metric(
        "nsd_2mm", f"Share of the surfaces within 2 mm, averaged; {agree}.", _MASKS, "segmentation:nsd_2mm_agreeing"
    )
    distance = (
        "95th percentile of the surface distance in mm, averaged; two empty masks are 0 apart, one the diagonal."
    )
    yield _metric("hd95", distance, _MASKS, "segmentation:hd95_agreeing", better="lower")
    pixels = "Share of the outlines within 2 pixels, averaged; two empty masks count as 1, one as 0."
    yield _metric("nsd_2px", pixels, _MASKS, "segmentation:nsd_2px_agreeing")
    apart = "95th percentile of the outlines' distance in pixels, averaged; two empty masks are 0 apart, one all."
    yield _metric("hd95_pixels", apart, _MASKS, "segmentation:hd95_pixels_agreeing", better="lower")
    missed = "Share of the masks that are there and were given as empty."
    yield _metric("missed_masks", missed, _MASKS, "segmentation:missed_statistics", better="lower")
    false = "Share of the masks that are empty and were given something."
    yield _metric("false_masks", false, _MASKS, "segmentation:false_statistics", better="lower")


def inspection_metrics() -> Iterator[Metric]:
    """Yield what escapes and what is rejected for nothing at a threshold, and how well defects are located."""
    for name, summary in (
        ("escape", "Share of the defective parts that are not rejected; exact bounds."),
        ("overkill", "Share of the good parts that are rejected; exact bounds."),
    ):
        yield Metric(
            name=name,
            summary=summary,
            tasks=_INSPECTION,
            score=Ref(f"acclimate.evaluation.anomaly:{name}"),
            interval=Ref(f"acclimate.evaluation.anomaly:{name}_interval"),
            better="lower",
        )
    yield Metric(
        name="defect_precision",
        summary="Average precision of the defective parts; depends on how many of the parts are defective.",
        tasks=_INSPECTION,
        score=Ref("acclimate.evaluation.anomaly:average_precision"),
    )
    pixels = "Area under the ROC curve of all pixels together; flatters, since most pixels are good."
    yield _metric("pixel_auroc", pixels, _INSPECTION, "anomaly:pixel_statistics", "anomaly:pixel_auroc")
    area = "Area under the share of each defect that is found, up to 0.3 of the good pixels."
    yield _metric("aupro", area, _INSPECTION, "anomaly:region_statistics", "anomaly:aupro")


def _metric(
    name: str,
    summary: str,
    tasks: tuple[str, ...],
    statistics: str,
    score: str = "totals:ratio",
    *,
    better: Literal["higher", "lower"] = "higher",
) -> Metric:
    return Metric(
        name=name,
        summary=summary,
        tasks=tasks,
        statistics=Ref(f"acclimate.evaluation.{statistics}"),
        score=Ref(f"acclimate.evaluation.{score}"),
        better=better,
    )
