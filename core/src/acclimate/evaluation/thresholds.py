"""From which score a part is rejected, and what that promises: thresholds of an inspection.

`good` [parts] are the scores of good parts that trained nothing and chose nothing else; a part is rejected where its
score lies above the threshold. `operating` has what is common to all tasks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from acclimate.contracts import DataError, OptionError, Score
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.operating import Flags, Rule, cost_per_1000, rates, threshold
from acclimate.evaluation.proportions import LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a defective part that passes costs, what a good one that is rejected, and the share of defective parts.

    Both costs are in one unit, above 0; `prevalence` is that of production, between 0 and 1.
    """

    escape: float
    overkill: float
    prevalence: float

    def __post_init__(self) -> None:
        finite = math.isfinite(self.escape) and math.isfinite(self.overkill)
        if not finite or min(self.escape, self.overkill) <= 0 or not 0 < self.prevalence < 1:
            raise OptionError(
                f"Costs are above 0 and a prevalence lies between 0 and 1, found {self.escape}, {self.overkill} "
                f"and {self.prevalence}.",
                "A share of 2 % defective parts reads 0.02.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a threshold does to parts: shares with exact intervals, and the cost of 1,000 parts where it is known."""

    threshold: float
    escape: Score
    overkill: Score
    cost_per_1000: Score | None


def good_parts_needed(overkill: float) -> int:
    """Return how many good parts it takes to promise a share of overkill: 99 for 1 %, 19 for 5 %."""
    _check_share(overkill, "overkill")
    return max(1, math.ceil(1 / overkill - 1 - 1e-9))


def promised_threshold(good: Floats, overkill: float) -> float:
    """Return a threshold above which a new good part lies with a probability of at most `overkill`.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): the k-th lowest of n scores of good parts, k being
    (n + 1) (1 - overkill) rounded up. It holds whatever the scores are, for parts that are exchangeable with these;
    on average over what parts were held out (`overkill_range` says how far one draw of them may be off).

    Raises:
        DataError: when the parts are too few to promise it, or a score is not finite.
        OptionError: when `overkill` is no share.
    """
    needed = good_parts_needed(overkill)
    if not np.isfinite(good).all():
        raise DataError("Expected finite scores of good parts, found some that are not.")
    if len(good) < needed:
        smallest = f"{100 / (len(good) + 1):.3g} %" if len(good) else "none"
        raise DataError(
            f"To promise an overkill of {100 * overkill:g} % takes {needed:,} good parts that trained nothing, "
            f"found {len(good):,}.",
            f"Hold out more good parts, or promise less: with these the least is {smallest}.",
        )
    return float(np.sort(good)[_rank(len(good), overkill) - 1])


def overkill_range(parts: int, overkill: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Return between what shares of good parts a `promised_threshold` from so many parts really rejects.

    The share has a beta distribution where scores are continuous (Vovk 2012, "Conditional validity of inductive
    conformal predictors"); these are its quantiles that leave (1 - `level`) / 2 on either side.
    """
    rank, tail = _rank(parts, overkill), (1 - level) / 2
    if rank > parts:
        raise DataError(
            f"To promise an overkill of {100 * overkill:g} % takes {good_parts_needed(overkill):,} good parts, "
            f"found {parts:,}.",
            "Hold out more good parts.",
        )
    low, high = (float(betaincinv(parts + 1 - rank, rank, at)) for at in (tail, 1 - tail))
    return low, high


def cheapest_threshold(scores: Floats, defective: Flags, costs: Costs) -> float:
    """Return the threshold of the least expected cost on validation parts `scores` [parts], `defective` [parts].

    Raises:
        DataError: when none is defective, or all are.
    """
    rule = Rule(kind="cost", target=costs.escape / costs.overkill)
    found = threshold(rule, defective, scores, prevalence=costs.prevalence)
    if found is None:
        raise DataError(
            f"A threshold by cost needs good and defective parts, found {int(defective.sum())} defective of "
            f"{len(defective)}.",
            "Without defective parts promise an overkill instead.",
        )
    return found


def inspect(
    scores: Floats,
    defective: Flags,
    rejected_above: float,
    costs: Costs | None = None,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    level: float = LEVEL,
) -> Inspection:
    """Return escape and overkill of test parts `scores` [parts], `defective` [parts] at a threshold chosen before.

    Bounds are Clopper and Pearson's, or where parts are in `groups` those of whole groups drawn again by `seed`.
    Those of the cost hold at `level` or more: those of its shares are taken at half the doubt each (Bonferroni).
    Without defective parts, or without good ones, a share is nan and no cost is known.
    """
    rejected = scores > rejected_above

    def shares(level: float) -> dict[str, Score]:
        return rates(defective, rejected, groups=groups, seed=seed, level=level)

    found = shares(level)
    cost = None
    if costs is not None and defective.any() and not defective.all():
        surer = shares((1 + level) / 2)
        rule = Rule(kind="cost", target=costs.escape / costs.overkill)
        relative = cost_per_1000(rule, surer["sensitivity"], surer["specificity"], costs.prevalence)
        cost = Score(
            value=costs.overkill * relative.value,
            low=costs.overkill * relative.low,
            high=costs.overkill * relative.high,
        )
    escape, overkill = (missed(found[name]) for name in ("sensitivity", "specificity"))
    return Inspection(threshold=rejected_above, escape=escape, overkill=overkill, cost_per_1000=cost)


def missed(share: Score) -> Score:
    """Return the share of what is not right, from that of what is."""
    return Score(value=1 - share.value, low=1 - share.high, high=1 - share.low)


def claimable(errors: int, parts: int, *, level: float = LEVEL) -> float:
    """Return the share that `errors` of `parts` rule out: the true one is below it with a confidence of `level`.

    The one-sided bound of Clopper and Pearson; 3 / parts for no error at 95 % (the rule of three: Hanley and
    Lippman-Hand 1983).
    """
    return float(betaincinv(errors + 1, parts - errors, level)) if errors < parts else 1.0


def parts_to_claim(share: float, *, errors: int = 0, level: float = LEVEL) -> int:
    """Return how many parts must be tested, with at most `errors` wrong, to claim a true share below `share`.

    299 for 1 % without an error at 95 %.
    """
    _check_share(share, "A share to claim")
    low, high = errors, errors + 1
    while claimable(errors, high, level=level) > share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if claimable(errors, middle, level=level) > share else (low, middle)
    return high


def _rank(parts: int, overkill: float) -> int:
    _check_share(overkill, "overkill")
    return math.ceil((parts + 1) * (1 - overkill) - 1e-9)


def _check_share(share: float, what: str) -> None:
    if not 0 < share < 1:
        raise OptionError(f"{what} lies between 0 and 1, found {share}.", "1 % reads 0.01.")
