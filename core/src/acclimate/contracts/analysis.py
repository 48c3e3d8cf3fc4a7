"""What a report tells beyond its scores: decisions, curves, calibration, subgroups and mistakes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acclimate.contracts.inspection import Inspected
from acclimate.contracts.scores import Score
from acclimate.contracts.task_analysis import (
    FoundAnswers,
    FoundSpans,
    JudgedHypotheses,
    Language,
    Masks,
    Preferences,
    Search,
    Summaries,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """From which probability a row counts as positive, how that was chosen, and what it does on the test rows.

    `rule` is what was asked for ("sensitivity=0.95"), `threshold` the calibrated probability of `positive` from which
    a row is flagged. `validation` holds what the threshold has on the rows that chose it: "sensitivity" and
    "specificity" (None without such rows), and the rows "positives" and "negatives". `counts` are the test rows
    rightly flagged ("tp"), wrongly flagged ("fp"), wrongly passed ("fn") and rightly passed ("tn"); `scores` are
    "sensitivity", "specificity", "ppv" (of the flagged rows the share that is positive), "npv" (of the passed rows
    the share that is not) and "flagged" (the share of all rows).

    PPV and NPV depend on how common the positive label is. Where `prevalence` says how common it is in use,
    `at_prevalence` has "ppv" and "npv" there, and "cost_per_1000" where the rule is a cost.
    """

    positive: str
    rule: str
    threshold: float
    validation: Mapping[str, float | None]
    counts: Mapping[str, int]
    scores: Mapping[str, Score]
    prevalence: float | None = None
    at_prevalence: Mapping[str, Score] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One label against the rest on the test rows: pairs of numbers in [0, 1], thinned to some hundred.

    `roc` are pairs of false positive rate and sensitivity, `precision_recall` of recall and precision.
    """

    label: str
    roc: tuple[tuple[float, float], ...]
    precision_recall: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBenefit:
    """What flagging from a probability `threshold` on is worth, as a share of rows rightly flagged at no cost.

    `model` flags by the model, `all` flags every row; flagging none is worth 0. `gain` is how far the model is above
    the better of these two.
    """

    threshold: float
    model: Score
    all: float
    gain: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCurve:
    """The net benefit of flagging `label` by threshold, where a `share` of rows has it (Vickers and Elkin 2006).

    `better` are ranges of thresholds, first and last, in which the model is clearly worth more than flagging all rows
    and than flagging none: the 95 % interval of its gain lies above 0.
    """

    label: str
    share: float
    points: tuple[NetBenefit, ...]
    better: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Test rows of similar confidence: how sure the model is of them, and how many it gets right."""

    rows: int
    confidence: float
    accuracy: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The share of test rows that is answered when those below a confidence are left to a person; its accuracy."""

    coverage: float
    confidence: float
    rows: int
    accuracy: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLevel:
    """What the score that keeps a share `retention` of validation rows does on the test rows; see `Scope`."""

    retention: float
    threshold: float
    retained: Score
    accuracy: Score
    recall: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """From which score a row has one of the labels, how that was chosen, and what it does on the test rows.

    Asked for was that a share `retention` of rows with a label is kept, by `score` ("energy" or "max_probability");
    `threshold` is the score from which a row is. `validation` holds "retained" and "recall" (None without rows out of
    scope) on the rows that chose it or stood beside them, and their numbers "inside" and "outside"; `rows` the same
    numbers of the test rows. `outside` is the label of rows out of scope, "" where none is named.

    `retained` is the share of test rows with a label that is kept, `accuracy` the share of these rows that is kept
    and rightly labelled: a row that is wrongly told to be out of scope counts as wrong. `recall` is the share of rows
    out of scope that is told, `precision` of the rows that are told the share that is (for the mix of these test
    rows), `auroc` by each score how well the two kinds are told apart; without rows out of scope None, and empty.
    `levels` are the same figures for other shares to keep, so that one can be chosen.
    """

    outside: str
    score: str
    retention: float
    threshold: float
    validation: Mapping[str, float | None]
    rows: Mapping[str, int]
    retained: Score
    accuracy: Score
    recall: Score | None = None
    precision: Score | None = None
    auroc: Mapping[str, Score] = field(default_factory=dict)
    levels: tuple[ScopeLevel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformal:
    """Sets of labels that hold the true one in a stated share of new rows (Sadinle, Lei and Wasserman 2019).

    A row's set has every label whose probability is at least `threshold`; `level` is the share that is promised for
    rows like those of the validation, of which there were `rows`. `coverage` is what the sets hold on the test rows,
    `size` the mean number of labels in a set, `single` the share of sets with exactly one.
    """

    level: float
    threshold: float
    rows: int
    coverage: Score
    size: float
    single: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A subgroup of the test rows: those with one `value` of a column."""

    value: str
    rows: int
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A test row that the model gets wrong; `probability` is what it gave to what it predicted.

    `text` is that of the row, cut where it is long, `marks` the places in it that spoke most for the prediction, as
    (first character, one past the last, weight up to 1). `image` is a small picture and `saliency` the same with
    what spoke for the prediction laid over it, both as "data:" addresses.
    """

    id: str
    truth: tuple[str, ...]
    predicted: tuple[str, ...]
    probability: float
    text: str = ""
    marks: tuple[tuple[int, int, float], ...] = ()
    image: str = ""
    saliency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A row whose label is most likely wrong: its place in the source (line 0 where it has none) and content.

    `likelier` is the label that it more likely has; `content` its text, or the path of its image.
    """

    id: str
    line: int
    label: str
    likelier: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidated:
    """Scores of the method over all rows, each tested by a model that did not train on it.

    `rows` were dealt to `folds`, `repeats` times; the scores are means over the repeats, and their intervals cover
    new rows and other folds. `chosen` says how many folds found each method, where every fold searched by itself.
    `beside` are the scores of what learned from the rows of the same folds: of texts "tfidf_svm".
    """

    folds: int
    repeats: int
    rows: int
    scores: Mapping[str, Score]
    chosen: Mapping[str, int] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCosts:
    """What a test row's call costs on average, by the `rule` that was given ("low<medium<high=5:1").

    `cheapest` is by the label whose expected cost is least, `likeliest` by the likeliest label, `constant` by the one
    label, `always`, that costs these rows least if all are called so. `changed` is the share of rows whose
    cheapest label is not the likeliest. `validation` has the first two on the validation rows.
    """

    rule: str
    cheapest: Score
    likeliest: Score
    constant: Score
    always: str
    changed: float
    validation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a report tells beyond its scores. What does not apply, or was not asked for, is empty or None.

    `reliability` compares confidence with accuracy, "before" and "after" the calibration by validation rows.
    `decision_curves` are of the label that is looked for, or of each label where rows may carry several.
    `answered` are the test rows that are not left to a person, by the confidence that validation rows chose. `slices`
    are by column.
    """

    operating: OperatingPoint | None = None
    curves: tuple[Curve, ...] = ()
    decision_curves: tuple[DecisionCurve, ...] = ()
    reliability: Mapping[str, tuple[Bin, ...]] = field(default_factory=dict)
    coverage: tuple[Coverage, ...] = ()
    answered: Coverage | None = None
    scope: Scope | None = None
    costs: CallCosts | None = None
    conformal: Conformal | None = None
    slices: Mapping[str, tuple[Slice, ...]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    cross_validated: CrossValidated | None = None
    masks: Masks | None = None
    language: Language | None = None
    preferences: Preferences | None = None
    spans: FoundSpans | None = None
    answers: FoundAnswers | None = None
    hypotheses: JudgedHypotheses | None = None
    summaries: Summaries | None = None
    search: Search | None = None
    inspection: Inspected | None = None
