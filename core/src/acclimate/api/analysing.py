"""What a report tells beyond its scores, from the logits of the test rows and what validation rows decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from acclimate import evaluation
from acclimate.api.benefits import decision_curves, most_common
from acclimate.api.deciding import Decisions, Scores, log_odds, probability
from acclimate.api.inputs import Part
from acclimate.api.mistakes import mistakes
from acclimate.api.scoring import ranked, score
from acclimate.api.slicing import slices
from acclimate.contracts import (
    Analysis,
    CallCosts,
    Columns,
    Curve,
    Finding,
    Metric,
    Mistake,
    OperatingPoint,
    Score,
    Settings,
)
from acclimate.models import Classifier, Examples
from acclimate.plugins import Host

# Both bounds of a pair of rates hold together with 95 % when each holds with 97.5 %.
_BOTH = 0.975


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A model and its test rows, with their logits [rows, classes] and what validation rows decided.

    `thresholds` are the logits [labels] from which a label is given where rows may carry several. `uncalibrated`
    are the logits before validation rows calibrated them. `columns` are those of the source, `slices` those whose
    values are scored as subgroups.
    """

    model: Classifier
    part: Part
    examples: Examples
    prepare: Callable[[Any], Any] | None
    logits: Scores
    thresholds: Scores | None
    uncalibrated: Scores
    decisions: Decisions
    settings: Settings
    columns: Columns
    slices: tuple[str, ...]


def analyse(
    host: Host, tested: Tested, overall: Mapping[str, Score], metrics: Mapping[str, Metric]
) -> tuple[Analysis, tuple[Finding, ...]]:
    """Return the analysis and what it says.

    `overall` are the scores of all test rows by the `metrics`, of which the first scores the slices.
    """
    part, logits, decisions, settings = tested.part, tested.logits, tested.decisions, tested.settings
    decisive = dict(list(metrics.items())[:1])

    def score_rows(rows: Sequence[int]) -> Mapping[str, Score]:
        groups = None if part.groups is None else [part.groups[row] for row in rows]
        scores = ranked(logits[rows], tested.thresholds)
        return score(host, part.truth[rows], {"": scores}, decisive, groups=groups, seed=settings.seed)[""]

    lower = {name for name, metric in metrics.items() if metric.better == "lower"}
    own = {tested.columns.group: "group", tested.columns.time: "time"}  # under these names rows keep them
    columns = {name: own.get(name, name) for name in tested.slices}
    sliced, findings = slices(part, columns, score_rows, overall, lower)
    wrong: tuple[Mistake, ...] = ()
    if settings.show_rows:
        wrong = mistakes(tested.model, part, tested.examples, logits, tested.thresholds, tested.prepare)
    benefits, told = decision_curves(part, logits, tested.model.labels, decisions, settings)
    findings = (*findings, *told)
    common: dict[str, Any] = {
        "curves": _curves(tested),
        "decision_curves": benefits,
        "slices": sliced,
        "mistakes": wrong,
    }
    if part.multilabel:
        return Analysis(**common), findings
    probabilities = softmax(logits, axis=1)
    before = softmax(tested.uncalibrated, axis=1)
    conformal = None
    if decisions.set_threshold is not None:
        conformal = evaluation.conformal(
            part.truth, probabilities, decisions.set_threshold, rows=decisions.set_rows, groups=part.groups
        )
    reliability = {"after": evaluation.reliability(part.truth, probabilities, part.groups)}
    if not np.array_equal(tested.uncalibrated, logits):
        reliability = {"before": evaluation.reliability(part.truth, before, part.groups), **reliability}
    analysis = Analysis(
        operating=_operating(tested),
        reliability=reliability,
        coverage=evaluation.coverage(part.truth, probabilities, part.groups),
        answered=None
        if decisions.answer_threshold is None
        else evaluation.answered(part.truth, probabilities, decisions.answer_threshold, part.groups),
        costs=_costs(tested),
        conformal=conformal,
        **common,
    )
    return analysis, findings


def _costs(tested: Tested) -> CallCosts | None:
    part, decisions = tested.part, tested.decisions
    called = decisions.cheapest(tested.logits)
    if called is None:
        return None
    matrix, likeliest = evaluation.read_costs(decisions.costs).matrix, tested.logits.argmax(axis=1)
    always = evaluation.cheapest_constant(part.truth, matrix)
    cost, likely, constant = (
        evaluation.mean_cost(part.truth, labels, matrix, groups=part.groups, seed=tested.settings.seed)
        for labels in (called, likeliest, np.full(len(part.truth), always))
    )
    return CallCosts(
        rule=decisions.costs,
        cheapest=cost,
        likeliest=likely,
        constant=constant,
        always=tested.model.labels[always],
        changed=float((called != likeliest).mean()),
        validation=decisions.cost_reached,
    )


def _operating(tested: Tested) -> OperatingPoint | None:
    part, decisions, seed = tested.part, tested.decisions, tested.settings.seed
    flagged = decisions.flagged(tested.logits, tested.model.labels)
    if flagged is None or decisions.threshold is None:
        return None
    positive = part.truth == tested.model.labels.index(decisions.positive)
    return OperatingPoint(
        positive=decisions.positive,
        rule=decisions.rule,
        threshold=probability(decisions.threshold),
        validation=decisions.reached,
        counts=evaluation.outcomes(positive, flagged),
        scores=evaluation.rates(positive, flagged, groups=part.groups, seed=seed),
        prevalence=decisions.prevalence,
        at_prevalence=_at_prevalence(tested, positive, flagged),
    )


def _at_prevalence(tested: Tested, positive: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> Mapping[str, Any]:
    decisions = tested.decisions
    share = decisions.prevalence
    if share is None:
        return {}
    groups, seed = tested.part.groups, tested.settings.seed
    wide = evaluation.rates(positive, flagged, groups=groups, seed=seed, level=_BOTH)
    found = evaluation.at_prevalence(wide["sensitivity"], wide["specificity"], share)
    if decisions.rule.startswith("cost="):
        rule = evaluation.read_rule(decisions.rule)
        found["cost_per_1000"] = evaluation.cost_per_1000(rule, wide["sensitivity"], wide["specificity"], share)
    return found


def _curves(tested: Tested) -> tuple[Curve, ...]:
    """Return the curves of each label against the rest; of two labels of one row one curve says all."""
    part, labels = tested.part, tested.model.labels
    members = part.truth > 0 if part.multilabel else part.truth[:, None] == np.arange(len(labels))
    order = most_common(members)
    if len(labels) == 2 and not part.multilabel:
        order = [1]

    def ranked_by(k: int) -> Scores:
        return tested.logits[:, k] if part.multilabel else log_odds(tested.logits, labels, labels[k])

    found = (evaluation.curve(labels[k], members[:, k], ranked_by(k)) for k in order)
    return tuple(curve for curve in found if curve is not None)
