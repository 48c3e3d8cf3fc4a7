"""What validation rows decide beside the epoch: the operating point, and sets of labels. Test rows choose nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from acclimate import evaluation
from acclimate.api.inputs import Part
from acclimate.contracts import DataError, Finding, OptionError, Settings, did_you_mean, finite

Scores = NDArray[np.float64]
_DEFAULT_RULE = "probability=0.5"
# With fewer rows of the kind that a share is measured on, what is reached on new rows may be far from it.
_FEW = 30
CHEAPEST = "cheapest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided on validation rows, saved with the run; plain JSON.

    `threshold` is the log-odds of the `positive` label from which a row is flagged, chosen by `rule`; `reached` what
    it has on the rows that chose it, None where there are no such rows. `set_threshold` is the probability from which
    a label joins a row's set, from `set_rows` rows. `answer_threshold` is the probability of the likeliest label from
    which a row is answered. A row is out of scope below the `scope_threshold` of its `scope_score`, which keeps a
    share `retention` of validation rows; `scope_reached` is what it has there, `outside` the label of rows out of
    scope, and `scope_levels` the thresholds of other shares, by share. By `costs` each row is given the label that
    costs least; `cost_reached` is what a row costs by that, and by its likeliest label, on validation rows.
    What was not decided is empty or None.
    """

    positive: str = ""
    rule: str = ""
    threshold: float | None = None
    reached: Mapping[str, float | None] = field(default_factory=dict)
    prevalence: float | None = None
    set_threshold: float | None = None
    set_rows: int = 0
    answer_threshold: float | None = None
    outside: str = ""
    scope_score: str = ""
    scope_threshold: float | None = None
    retention: float | None = None
    scope_reached: Mapping[str, float | None] = field(default_factory=dict)
    scope_levels: Mapping[str, float] = field(default_factory=dict)
    costs: str = ""
    cost_reached: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; `Decisions(**values)` gives the same decisions back."""
        return asdict(self)

    @property
    def told(self) -> tuple[str, ...]:
        """The fields that predictions of the run have beside label and probabilities: yes or no, or a label."""
        known = {
            "flagged": self.threshold,
            "answered": self.answer_threshold,
            "out_of_scope": self.scope_threshold,
        }
        decided = tuple(name for name, threshold in known.items() if threshold is not None)
        return (*decided, CHEAPEST) if self.costs else decided

    def cheapest(self, logits: Scores) -> NDArray[np.int64] | None:
        """Return the class [rows] that costs least, by calibrated logits [rows, classes]; None without costs."""
        if not self.costs:
            return None
        return evaluation.cheapest(softmax(logits, axis=1), evaluation.read_costs(self.costs).matrix)

    def flagged(self, logits: Scores, labels: Sequence[str]) -> NDArray[np.bool_] | None:
        """Return which rows [rows] are flagged; None where no operating point was decided."""
        return None if self.threshold is None else log_odds(logits, labels, self.positive) >= self.threshold

    def out_of_scope(self, logits: Scores) -> NDArray[np.bool_] | None:
        """Return which rows [rows] have none of the labels, by the logits [rows, classes] of the model itself.

        None where that was not decided.
        """
        if self.scope_threshold is None:
            return None
        return evaluation.SCOPE_SCORES[self.scope_score](logits) < self.scope_threshold


def choosing(part: Part) -> Part:
    """Return rows that something is to be chosen on.

    Raises:
        DataError: they are test rows, whose score would be too good if they chose anything.
    """
    if part.name == "test":
        raise DataError("Test rows choose nothing.", "Choose on validation rows.")
    return part


def rule_of(settings: Settings) -> evaluation.Rule | None:
    """Return the rule of the operating point that was asked for, None where none was.

    Raises:
        OptionError: it cannot be read.
    """
    return evaluation.read_rule(settings.operate) if settings.operate else None


def check_positive(settings: Settings, labels: Sequence[str], *, multilabel: bool) -> None:
    """Raise OptionError when the operating point that was asked for does not fit the labels of the data."""
    asked = settings.operate or settings.prevalence is not None
    if multilabel and (settings.positive or settings.prevalence is not None or settings.answer is not None):
        raise OptionError(
            "positive, prevalence and answer are for rows of one label, and these may carry several.",
            "Leave them out; operate chooses the threshold of each label.",
        )
    if multilabel and settings.costs:
        raise OptionError("costs are for rows of one label, and these may carry several.", "Leave costs out.")
    if settings.positive and settings.positive not in labels:
        raise OptionError(f"There is no label {settings.positive!r}.", did_you_mean(settings.positive, set(labels)))
    if asked and not settings.positive and not multilabel:
        raise OptionError(
            "An operating point needs the label that is looked for.",
            f"Name it as positive (--positive), one of {', '.join(map(repr, list(labels)[:10]))}.",
        )


def log_odds(logits: Scores, labels: Sequence[str], positive: str) -> Scores:
    """Return the log-odds [rows] of one label against all others, from logits [rows, classes]."""
    return evaluation.log_odds(logits, list(labels).index(positive))


def decide(
    part: Part, logits: Scores, labels: Sequence[str], settings: Settings
) -> tuple[Decisions, tuple[Finding, ...]]:
    """Return what the rows of `part` decide by their logits [rows, classes], and what to know about it.

    Raises:
        DataError: the rows are test rows.
    """
    choosing(part)
    if part.multilabel:
        return Decisions(), ()
    probabilities = softmax(logits, axis=1)
    sets = Decisions(
        set_threshold=evaluation.conformal_threshold(part.truth, probabilities),
        set_rows=len(part.truth),
        answer_threshold=None
        if settings.answer is None
        else evaluation.answer_threshold(probabilities, settings.answer),
        costs=settings.costs,
        cost_reached=_cost_reached(part, probabilities, settings.costs),
    )
    if not settings.positive:
        return sets, ()
    positive = part.truth == list(labels).index(settings.positive)
    score = log_odds(logits, labels, settings.positive)
    rule = rule_of(settings)
    chosen = 0.0 if rule is None else evaluation.threshold(rule, positive, score, prevalence=settings.prevalence)
    if chosen is None:
        message = (
            f"No threshold reaches {settings.operate} on the {len(positive)} validation rows, "
            f"{int(positive.sum())} of them {settings.positive!r}: the run has no operating point."
        )
        return sets, (Finding(code="rule-not-reached", level="problem", message=message),)
    flagged = score >= chosen
    reached = finite({name: share.value for name, share in evaluation.rates(positive, flagged).items()})
    decisions = replace(
        sets,
        positive=settings.positive,
        rule=settings.operate or _DEFAULT_RULE,
        threshold=chosen,
        reached={**reached, "positives": int(positive.sum()), "negatives": int((~positive).sum())},
        prevalence=settings.prevalence,
    )
    return decisions, _few(rule, positive, flagged, decisions)


def _cost_reached(part: Part, probabilities: Scores, costs: str) -> Mapping[str, float]:
    """Return what a row of the validation costs on average, by the cheapest and by the likeliest label."""
    if not costs:
        return {}
    matrix = evaluation.read_costs(costs).matrix
    called = {CHEAPEST: evaluation.cheapest(probabilities, matrix), "likeliest": probabilities.argmax(axis=1)}
    return {name: float(matrix[part.truth, labels].mean()) for name, labels in called.items()}


def _few(
    rule: evaluation.Rule | None, positive: NDArray[np.bool_], flagged: NDArray[np.bool_], decisions: Decisions
) -> tuple[Finding, ...]:
    """Say what so few validation rows promise of the share that the threshold was to reach."""
    among = {"sensitivity": positive, "specificity": ~positive, "precision": flagged}
    if rule is None or rule.kind not in among or (rows := int(among[rule.kind].sum())) >= _FEW:
        return ()
    right = {"sensitivity": positive & flagged, "specificity": ~positive & ~flagged, "precision": positive & flagged}
    found = evaluation.proportion(int(right[rule.kind].sum()), rows)
    message = (
        f"The threshold for {decisions.rule} was chosen on {rows} validation rows: by them the {rule.kind} on new "
        f"rows may lie anywhere from {found.low:.2f} to {found.high:.2f}. More validation rows promise more."
    )
    return (Finding(code="few-rows-chose", message=message),)


def probability(threshold: float) -> float:
    """Return the probability of the positive label that log-odds stand for."""
    return float(expit(threshold))
