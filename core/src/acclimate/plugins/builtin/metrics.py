"""The scores of classes, and after them those of spans, texts, rankings, masks and inspections."""

from collections.abc import Iterator

from acclimate.contracts import INFERENCE, STACKS, Metric, Ref
from acclimate.plugins.builtin import counted_metrics
from acclimate.plugins.hookspecs import hookimpl

_CLASSIFICATION = ("text-classification", "image-classification")
_LABELS = (*_CLASSIFICATION, STACKS, INFERENCE)


@hookimpl
def register_metrics() -> Iterator[Metric]:
    """Offer the scores of classes, and after them those of spans, texts, rankings, masks and inspections."""
    yield Metric(
        name="accuracy",
        summary="Share of rows whose most likely label is right.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
    )
    yield Metric(
        name="macro_f1",
        summary="F1 averaged over the labels, each counting the same.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:macro_f1"),
        interval=Ref("acclimate.evaluation.all_right:macro_f1_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:macro_f1_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:macro_f1"),
    )
    yield Metric(
        name="mcc",
        summary="Matthews correlation of truth and prediction, 0 for chance.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:mcc"),
        interval=Ref("acclimate.evaluation.all_right:mcc_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:mcc_interval"),
    )
    yield Metric(
        name="auroc",
        summary="Area under the ROC curve, one label against the rest, averaged.",
        tasks=(*_LABELS, "anomaly-detection"),
        score=Ref("acclimate.evaluation.metrics:auroc"),
        multilabel=Ref("acclimate.evaluation.multilabel:auroc"),
        interval=Ref("acclimate.evaluation.delong:auroc_interval"),
        group_interval=Ref("acclimate.evaluation.delong:auroc_group_interval"),
        difference=Ref("acclimate.evaluation.delong:auroc_difference_interval"),
    )
    yield Metric(
        name="balanced_accuracy",
        summary="Share of the rows of a label that is found, averaged over the labels.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:balanced_accuracy"),
        interval=Ref("acclimate.evaluation.proportions:balanced_accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:balanced_accuracy_interval"),
    )
    yield Metric(
        name="weighted_f1",
        summary="F1 averaged over the labels, each counting by its rows.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:weighted_f1"),
        interval=Ref("acclimate.evaluation.all_right:weighted_f1_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:weighted_f1_interval"),
    )
    yield Metric(
        name="quadratic_kappa",
        summary="Agreement of ordered labels beyond chance, misses counting by their squared distance.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:quadratic_kappa"),
        interval=Ref("acclimate.evaluation.all_right:quadratic_kappa_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:quadratic_kappa_interval"),
    )
    yield Metric(
        name="ordinal_mae",
        summary="Mean distance of the predicted label from the true one, in places of their order.",
        tasks=_CLASSIFICATION,
        score=Ref("acclimate.evaluation.metrics:ordinal_mae"),
        interval=Ref("acclimate.evaluation.all_right:ordinal_mae_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:ordinal_mae_interval"),
        better="lower",
    )
    yield Metric(
        name="log_loss",
        summary="Minus the logarithm of the probability of the true label, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:log_loss"),
        better="lower",
    )
    yield Metric(
        name="brier",
        summary="Squared distance of the probabilities from the truth, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:brier"),
        better="lower",
    )
    yield Metric(
        name="ece",
        summary="Expected calibration error: how far confidence is from accuracy.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:ece"),
        better="lower",
    )
    yield Metric(
        name="average_precision",
        summary="Average precision, one label against the rest, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.multilabel:one_against_rest"),
        multilabel=Ref("acclimate.evaluation.multilabel:average_precision"),
    )
    yield Metric(
        name="micro_f1",
        summary="F1 of all labels counted together; where rows have one label each, the accuracy.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:micro_f1"),
    )
    yield Metric(
        name="subset_accuracy",
        summary="Share of rows that are given exactly their labels.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:subset_accuracy"),
    )
    for held in ("90", "95"):
        for told, fixed in (("sensitivity", "specificity"), ("specificity", "sensitivity")):
            name = f"{told}_at_{fixed}_{held}"
            yield Metric(
                name=name,
                summary=f"Greatest {told} of the positive label at a {fixed} of {held} %, read from its ROC curve.",
                tasks=_LABELS,
                score=Ref(f"acclimate.evaluation.fixed_rates:{name}"),
                multilabel=Ref(f"acclimate.evaluation.fixed_rates:labels_{name}"),
                interval=Ref("acclimate.evaluation.fixed_rates:perfect_interval"),
                group_interval=Ref("acclimate.evaluation.fixed_rates:perfect_interval"),
                of_positive=True,
            )
    yield from counted_metrics.span_metrics()
    yield from counted_metrics.answer_metrics()
    yield from counted_metrics.entailment_metrics()
    yield from counted_metrics.text_metrics()
    yield from counted_metrics.language_metrics()
    yield from counted_metrics.preference_metrics()
    yield from counted_metrics.search_metrics()
    yield from counted_metrics.mask_metrics()
    yield from counted_metrics.inspection_metrics()
