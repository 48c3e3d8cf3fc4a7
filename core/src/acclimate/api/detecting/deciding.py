"""From which score a part is rejected and a place is marked: chosen on validation parts, then left alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api.detecting.asking import PROMISED, PartRule
from acclimate.contracts import DataError, Finding

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A frozen threshold of scores and one of places; see `Inspected` for the other fields."""

    rule: str
    threshold: float
    map_threshold: float
    calibration: int
    defective: int
    promised: float | None = None
    prevalence: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a manifest holds it."""
        return asdict(self)


def decided_of(manifest: Mapping[str, Any]) -> Decided:
    """Return what a saved run decided."""
    return Decided(**manifest["inspection"])


def decide(rule: PartRule, scores: Floats, peaks: Floats, defective: Flags) -> tuple[Decided, tuple[Finding, ...]]:
    """Return the thresholds from `scores` and the `peaks` of maps [parts] of validation parts, and what to know.

    The threshold of places is the peak that good parts exceed with the promised probability at most, with 5 % where
    the rule promises nothing.

    Raises:
        DataError: when the parts do not suffice for a rule that was asked for.
    """
    good = scores[~defective]
    share = rule.overkill if rule.overkill is not None and rule.asked else max(PROMISED, 1 / (len(good) + 1))
    promised = share if rule.overkill is not None else None
    decided = Decided(
        rule=rule.text,
        threshold=threshold(rule, scores, defective),
        map_threshold=evaluation.promised_threshold(peaks[~defective], max(share, 1 / (len(good) + 1))),
        calibration=len(good),
        defective=int(defective.sum()) if rule.needs_defects else 0,
        promised=promised,
        prevalence=rule.costs.prevalence if rule.costs else None,
    )
    return decided, _told(rule, decided)


def threshold(rule: PartRule, scores: Floats, defective: Flags) -> float:
    """Return the threshold by which a rule is followed on validation scores [parts].

    Raises:
        DataError: as `decide`.
    """
    good = scores[~defective]
    if rule.overkill is not None:
        share = rule.overkill if rule.asked else max(PROMISED, 1 / (len(good) + 1))
        return evaluation.promised_threshold(good, share)
    if rule.costs is not None:
        return evaluation.cheapest_threshold(scores, defective, rule.costs)
    found = evaluation.threshold(
        evaluation.Rule(kind="sensitivity", target=1 - (rule.escape or 0)), defective, scores
    )
    if found is None:
        raise DataError(f"{rule.text} needs good and defective validation parts.", "Give some (--validation).")
    return found


def _told(rule: PartRule, decided: Decided) -> tuple[Finding, ...]:
    if decided.promised is None:
        chosen = f"{decided.calibration:,} good and {decided.defective:,} defective validation parts"
        message = f"The threshold {decided.threshold:.4g} is chosen by {rule.text} on {chosen}."
        return (Finding(code="threshold", level="note", message=message),)
    low, high = evaluation.overkill_range(decided.calibration, decided.promised)
    message = (
        f"The threshold {decided.threshold:.4g} rejects at most {decided.promised:.2%} of new good parts, on average "
        f"over what parts are held out; {decided.calibration:,} were, and for one choice of so many it is {low:.1%} "
        f"to {high:.1%} (95 %). It holds for parts like these: not for another camera, light or batch."
    )
    found = [Finding(code="threshold", level="note", message=message)]
    if decided.promised > PROMISED and not rule.asked:
        needs = " and ".join(
            f"{evaluation.good_parts_needed(share):,} to promise {share:.0%}" for share in (PROMISED, 0.01)
        )
        message = (
            f"{decided.calibration:,} good validation parts promise an overkill of {decided.promised:.1%} at the "
            f"least; it takes {needs}."
        )
        found.append(Finding(code="weak-promise", message=message))
    return tuple(found)
