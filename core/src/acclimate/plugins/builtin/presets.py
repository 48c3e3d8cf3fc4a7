"""The tasks plainly, for a trade that has no plugin yet."""

from collections.abc import Iterator

from acclimate.contracts import INFERENCE, PREFERENCE, STACKS, SUMMARIES, LabelNames, Preset, SplitPolicy
from acclimate.plugins.builtin import counted_metrics
from acclimate.plugins.hookspecs import hookimpl


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the tasks plainly, for a trade that has no plugin yet."""
    yield Preset(name="text-classification", summary="Sorts texts into labels.", task="text-classification")
    yield Preset(name="image-classification", summary="Sorts images into labels.", task="image-classification")
    yield Preset(
        name="image-stack-classification",
        summary="Sorts stacks of images, such as files with pages, into labels.",
        task=STACKS,
        method="frozen",
    )
    yield Preset(
        name="token-classification",
        summary="Finds and labels spans in texts, such as names and amounts.",
        task="token-classification",
        method="full",
        metrics=counted_metrics.SPAN_METRICS,
    )
    yield Preset(
        name="question-answering",
        summary="Finds the answers to questions in texts of any length, or says that they are not there.",
        task="question-answering",
        method="full",
        metrics=counted_metrics.ANSWER_METRICS,
        group="title",
    )
    yield Preset(
        name="natural-language-inference",
        summary="Tells whether texts of any length entail or contradict hypotheses, and by which passages.",
        task=INFERENCE,
        method="frozen",
        labels=LabelNames(
            order=("entailment", "contradiction", "neutral"),
            aliases={
                "entailed": "entailment",
                "contradicted": "contradiction",
                "not mentioned": "neutral",
                "notmentioned": "neutral",
                "unknown": "neutral",
            },
        ),
        metrics=counted_metrics.ENTAILMENT_METRICS,
        group="title",
    )
    yield Preset(
        name="summarization",
        summary="Summarises texts of any length in sentences of their own.",
        task=SUMMARIES,
        method="frozen",
        metrics=counted_metrics.SUMMARY_METRICS,
    )
    yield Preset(
        name="image-segmentation",
        summary="Outlines what is in images.",
        task="image-segmentation",
        method="full",
        metrics=counted_metrics.MASK_METRICS,
    )
    yield Preset(
        name="text-generation",
        summary="Writes answers as those of your chats are written.",
        task="text-generation",
        method="lora",
        metrics=counted_metrics.CHAT_METRICS,
    )
    yield Preset(
        name="preference",
        summary="Prefers some replies to others, as your pairs or approvals of replies do.",
        task=PREFERENCE,
        method="lora",
        metrics=counted_metrics.PREFERENCE_METRICS,
    )
    yield Preset(
        name="sentence-similarity",
        summary="Finds the documents that answer a query.",
        task="sentence-similarity",
        method="full",
        metrics=counted_metrics.SEARCH_METRICS,
    )
    yield Preset(
        name="anomaly-detection",
        summary="Finds what good parts do not show, from images of good parts alone.",
        task="anomaly-detection",
        method="memory-bank",
        metrics=counted_metrics.PART_METRICS,
        split=SplitPolicy(test=0.2, validation=0.2),
        ladder=("image-classification", "image-segmentation"),
    )
