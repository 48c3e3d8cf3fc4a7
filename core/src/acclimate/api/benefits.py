"""Decision curves of a run's test rows: of the label that is looked for, or of each where rows may carry several."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acclimate import evaluation
from acclimate.api.deciding import Decisions, Scores, log_odds
from acclimate.api.inputs import Part
from acclimate.contracts import DecisionCurve, Finding, Settings

# More curves than this say nothing to a reader; those of the labels with most rows are kept.
_CURVES = 8


def decision_curves(
    part: Part, logits: Scores, labels: Sequence[str], decisions: Decisions, settings: Settings
) -> tuple[tuple[DecisionCurve, ...], tuple[Finding, ...]]:
    """Return the curves by the calibrated logits [rows, labels] of test rows, and what they say.

    Rows of one label have one where a label is looked for: for the prevalence of use where that is known, else for
    the mix of the test rows.
    """
    if part.multilabel:
        members = part.truth > 0
        several = (
            evaluation.decision_curve(
                labels[k], members[:, k], expit(logits[:, k]), groups=part.groups, seed=settings.seed
            )
            for k in most_common(members)
        )
        return tuple(curve for curve in several if curve is not None), ()
    looked_for = decisions.positive or settings.positive
    if not looked_for:
        return (), ()
    probability: Scores = expit(log_odds(logits, labels, looked_for))
    prevalence = decisions.prevalence
    if prevalence is not None:
        share = _share(decisions)
        if share in (0.0, 1.0):  # probabilities that fit rows of one kind fit no mix
            return (), ()
        probability = evaluation.for_prevalence(probability, share, prevalence)
    positive = part.truth == list(labels).index(looked_for)
    curve = evaluation.decision_curve(
        looked_for, positive, probability, groups=part.groups, prevalence=prevalence, seed=settings.seed
    )
    return ((curve,), _worth(curve)) if curve is not None else ((), ())


def most_common(members: NDArray[np.bool_]) -> list[int]:
    """Return the labels with most rows, at most eight, from which labels each row has [rows, labels]."""
    return [int(k) for k in (-members.sum(axis=0)).argsort(kind="stable")[:_CURVES]]


def _share(decisions: Decisions) -> float:
    """Return the share of the validation rows, which probabilities were calibrated on, that is positive."""
    positives, negatives = (float(decisions.reached[kind] or 0) for kind in ("positives", "negatives"))
    return positives / (positives + negatives)


def _worth(curve: DecisionCurve) -> tuple[Finding, ...]:
    if curve.better:
        return ()
    message = (
        f"At no threshold is it clearly worth more to flag {curve.label!r} by this model than to flag all rows or "
        "none: the 95 % interval of the gain in net benefit nowhere lies above 0."
    )
    return (Finding(code="no-net-benefit", message=message),)
