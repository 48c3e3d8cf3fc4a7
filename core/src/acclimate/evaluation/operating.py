"""Operating points: from which score a row counts as positive, chosen on validation rows by a stated rule.

Shapes: `positive` [rows] of booleans, `score` [rows], higher means more likely positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import OptionError, Score
from acclimate.evaluation.intervals import interval, whole_groups
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.multilabel import best_thresholds
from acclimate.evaluation.proportions import LEVEL, clopper_pearson

Flags = NDArray[np.bool_]
Kind = Literal["sensitivity", "specificity", "precision", "cost"]
# What an inspection calls the errors of two of them.
_ERRORS = {"escape": "sensitivity", "overkill": "specificity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a threshold is to reach on the validation rows.

    At least `target` of "sensitivity", "specificity" or "precision"; or for "cost" the least sum, where a positive
    row that is missed costs `target` times a negative row that is flagged.
    """

    kind: Kind
    target: float


def read_rule(text: str) -> Rule:
    """Return the rule that "sensitivity=0.95", "specificity=0.9", "precision=0.8" or "cost=10:1" stands for.

    "escape=0.05" stands for "sensitivity=0.95", "overkill=0.01" for "specificity=0.99".

    Raises:
        OptionError: for anything else.
    """
    kind, _, value = text.partition("=")
    missed, colon, flagged = value.partition(":")
    try:
        numbers = [float(missed), float(flagged) if colon else 1.0]
    except ValueError:
        numbers = [float("nan")]
    if kind in _ERRORS:
        kind, numbers = _ERRORS[kind], [1 - numbers[0], 1.0]
    known = kind in get_args(Kind) and (not colon or kind == "cost")
    if known and min(numbers) > 0 and np.isfinite(numbers).all() and (kind == "cost" or numbers[0] < 1):
        return Rule(kind=kind, target=numbers[0] / numbers[-1])  # type: ignore[arg-type]
    raise OptionError(
        f"An operating point reads sensitivity=0.95, specificity=0.95, precision=0.9 or cost=10:1, found {text!r}.",
        "Shares lie between 0 and 1; a cost says how much a miss costs, and a false alarm.",
    )


def threshold(rule: Rule, positive: Flags, score: Floats, *, prevalence: float | None = None) -> float | None:
    """Return the score from which a row is flagged, or None where no threshold does what the rule asks.

    "sensitivity" takes the highest threshold that reaches it and "specificity" the lowest; "precision" that of the
    most positive rows; "cost" that of the least cost, at the `prevalence` of use where it is given, and the highest
    of equals. Thresholds lie half way between two scores, so that small differences in arithmetic change no decision.
    """
    if not positive.any() or positive.all():
        return None
    order = score.argsort(kind="stable")[::-1]
    ranked = score[order]
    # Cut k flags the k highest rows; rows of one score are flagged together.
    cuts = np.concatenate(([0], np.flatnonzero(np.append(ranked[:-1] > ranked[1:], True)) + 1))
    right = np.concatenate(([0], positive[order].cumsum()))[cuts]
    wrong = cuts - right
    sensitivity, specificity = right / positive.sum(), 1 - wrong / (~positive).sum()
    if rule.kind == "sensitivity":
        fitting = np.flatnonzero(sensitivity >= rule.target)[:1]
    elif rule.kind == "specificity":
        fitting = np.flatnonzero(specificity >= rule.target)[-1:]
    elif rule.kind == "precision":
        fitting = np.flatnonzero(right >= rule.target * np.maximum(cuts, 1))[-1:]
    else:
        share = positive.mean() if prevalence is None else prevalence
        cost = rule.target * share * (1 - sensitivity) + (1 - share) * (1 - specificity)
        fitting = np.array([cost.argmin()])
    if not len(fitting):
        return None
    cut = int(cuts[fitting[0]])
    if cut == 0:
        return float(ranked[0]) + 1.0
    return float(ranked[cut - 1] + ranked[cut]) / 2 if cut < len(ranked) else float(ranked[-1]) - 1.0


def label_thresholds(truth: NDArray[np.int8], scores: Floats, rule: Rule | None) -> Floats:
    """Return the score [labels] from which each label is given: by the rule, without one by the best F1.

    `truth` [rows, labels] is 0 or 1. A label that no row has, or every row, is given from 0 on; one whose precision
    is nowhere reached is given to no row.
    """
    if rule is None:
        return best_thresholds(truth, scores)
    found = np.zeros(truth.shape[1])
    for k in range(truth.shape[1]):
        positive = truth[:, k] > 0
        if positive.any() and not positive.all():
            chosen = threshold(rule, positive, scores[:, k])
            found[k] = scores[:, k].max() + 1.0 if chosen is None else chosen
    return found


def outcomes(positive: Flags, flagged: Flags) -> dict[str, int]:
    """Return how many rows are rightly flagged, wrongly flagged, wrongly passed and rightly passed."""
    return {
        "tp": int((positive & flagged).sum()),
        "fp": int((~positive & flagged).sum()),
        "fn": int((positive & ~flagged).sum()),
        "tn": int((~positive & ~flagged).sum()),
    }


def rates(
    positive: Flags,
    flagged: Flags,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    level: float = LEVEL,
) -> dict[str, Score]:
    """Return sensitivity, specificity, PPV, NPV and the share of rows that is flagged, with intervals.

    Independent rows have Clopper and Pearson's exact interval, the one for a promise; rows in groups that of whole
    groups drawn again. A rate of no rows is nan.
    """
    kinds = {
        "sensitivity": (positive & flagged, positive),
        "specificity": (~positive & ~flagged, ~positive),
        "ppv": (positive & flagged, flagged),
        "npv": (~positive & ~flagged, ~flagged),
        "flagged": (flagged, np.ones_like(flagged)),
    }
    if groups is None:
        return {
            name: proportion(int(right.sum()), int(among.sum()), level=level)
            for name, (right, among) in kinds.items()
        }
    draws: dict[str, list[float]] = {name: [] for name in kinds}
    for weights in whole_groups(groups, np.random.default_rng(seed), 1000):
        for name, (right, among) in kinds.items():
            draws[name].append(_share(weights, right, among))
    ones = np.ones(len(positive))
    return {
        name: interval(_share(ones, *cells), draws[name], len(set(groups)), level=level)
        for name, cells in kinds.items()
    }


def proportion(right: int, among: int, *, level: float = LEVEL) -> Score:
    """Return `right` of `among` rows with the exact interval of Clopper and Pearson; nan of none."""
    if not among:
        return Score(value=float("nan"), low=float("nan"), high=float("nan"))
    low, high = clopper_pearson(right, among, level=level)
    return Score(value=right / among, low=low, high=high)


def at_prevalence(sensitivity: Score, specificity: Score, prevalence: float) -> dict[str, Score]:
    """Return PPV and NPV where a share `prevalence` of rows is positive, by Bayes' theorem.

    Both rise with sensitivity and with specificity, so their bounds are taken at the lower and at the upper bounds of
    both. Given bounds of 97.5 % each, both hold together with 95 % or more (Bonferroni).
    """
    each = [(getattr(sensitivity, bound), getattr(specificity, bound)) for bound in ("value", "low", "high")]
    ppv = [_ratio(sens * prevalence, (1 - spec) * (1 - prevalence)) for sens, spec in each]
    npv = [_ratio(spec * (1 - prevalence), (1 - sens) * prevalence) for sens, spec in each]
    return {name: Score(value=value, low=low, high=high) for name, (value, low, high) in (("ppv", ppv), ("npv", npv))}


def cost_per_1000(rule: Rule, sensitivity: Score, specificity: Score, prevalence: float) -> Score:
    """Return what 1,000 rows cost, in units of a negative row that is flagged; bounds as for `at_prevalence`."""

    def cost(sens: float, spec: float) -> float:
        return 1000 * (rule.target * prevalence * (1 - sens) + (1 - prevalence) * (1 - spec))

    return Score(
        value=cost(sensitivity.value, specificity.value),
        low=cost(sensitivity.high, specificity.high),
        high=cost(sensitivity.low, specificity.low),
    )


def _share(weights: Floats, right: Flags, among: Flags) -> float:
    total = weights @ among
    return float(weights @ right / total) if total else float("nan")


def _ratio(right: float, wrong: float) -> float:
    return right / (right + wrong) if right + wrong else float("nan")
