"""The nouns of an inspection: what is said of one part, and of a test of good and defective parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from acclimate.contracts.errors import DataError, did_you_mean
from acclimate.contracts.scores import Score

GOOD, DEFECTIVE = "good", "defective"
# What good parts are called where nobody says it.
GOOD_NAMES = frozenset({"functional", GOOD, "normal", "ok", "pass"})


def good_label(labels: Iterable[str], named: str = "") -> str:
    """Return the one of some labels that good parts have: the one that was named, else the one with a usual name.

    Raises:
        DataError: when none of them is, or several are.
    """
    known = sorted(set(labels))
    shown = ", ".join(map(repr, known[:10])) + (", …" if len(known) > 10 else "")
    if named:
        if named in known:
            return named
        raise DataError(f"No part has the label {named!r}; there are {shown}.", did_you_mean(named, known))
    usual = [label for label in known if label.casefold() in GOOD_NAMES]
    if len(usual) == 1:
        return usual[0]
    found = f"{len(usual)} of them may be: {', '.join(map(repr, usual))}" if usual else f"found are {shown}"
    raise DataError(
        f"One label must be that of good parts ({', '.join(sorted(GOOD_NAMES))}); {found}.",
        f'Name it: good="{known[0] if known else GOOD}" in Python, --good on the command line.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Pixels of a map that touch and lie above a threshold: rows `top` to `bottom`, columns `left` to `right`.

    The last row and column are not within it. `pixels` is how many there are, `peak` the highest score.
    """

    top: int
    left: int
    bottom: int
    right: int
    pixels: int
    peak: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPrediction:
    """What is said of one part: its `score`, whether it lies above the `threshold`, and where on it.

    `regions` are those of the map above the run's own threshold for places, the highest first; a part that is not
    rejected has none. `map` is a numpy array [height, width] of float32 at the image's own size.
    """

    score: float
    threshold: float
    rejected: bool
    regions: tuple[Region, ...]
    map: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Escapes:
    """Defective test parts of one kind or size: how many there are, and how many of them are not rejected."""

    parts: int
    escaped: int
    escape: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBand:
    """Defective test parts whose defects have `smallest` to `largest` pixels in all."""

    smallest: int
    largest: int
    escapes: Escapes


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedPart:
    """A part as a report shows it: `image` is a "data:" address, with the map over it and its regions outlined."""

    id: str
    label: str
    score: float
    rejected: bool
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a report tells of an inspection: the threshold, what it promises, and what it did to the test parts.

    `rule` is what the threshold was to reach ("overkill=0.05"), chosen on `calibration` good validation parts and,
    where the rule needs them, on `defective` defective ones. `promised` is the share of good parts that it rejects at
    most, on average over which parts were held out, None for a rule that promises none; `promised_range` are the
    bounds between which that share lies for one choice of them (95 %).

    `counts` has the test parts: "defective", "escaped", "good", "rejected" (good ones). `cost_per_1000` is the
    expected cost of 1,000 parts at `prevalence`, in the units of the rule. `claimable` are the true shares that the
    test rules out at 95 %: "escape" and "overkill" lie below; where parts are in groups, of groups with an error.
    `to_claim` is how many parts without an error it takes to claim less than a share.
    """

    good: str
    rule: str
    threshold: float
    map_threshold: float
    calibration: int
    defective: int
    promised: float | None
    promised_range: tuple[float, float] | None
    counts: Mapping[str, int]
    escape: Score
    overkill: Score
    cost_per_1000: Score | None = None
    prevalence: float | None = None
    claimable: Mapping[str, float] = field(default_factory=dict)
    to_claim: Mapping[str, int] = field(default_factory=dict)
    by_kind: Mapping[str, Escapes] = field(default_factory=dict)
    by_size: tuple[SizeBand, ...] = ()
    shown: tuple[InspectedPart, ...] = ()
    suspects: tuple[InspectedPart, ...] = ()

    def lines(self) -> list[str]:
        """Return what a person reads first: the threshold, the two errors, their cost, and what else would prove."""
        counts = self.counts
        found = [f"rejected above a score of {self.threshold:.4g} ({self.rule}, chosen on validation parts)"]
        for name, wrong, among, told in (
            ("escape", "escaped", "defective", "defective parts that pass"),
            ("overkill", "rejected", "good", f"{self.good} parts that are rejected"),
        ):
            if counts[among]:
                score = self.escape if name == "escape" else self.overkill
                found.append(
                    f"{name}, {told}: {counts[wrong]:,} of {counts[among]:,}, {score}; below "
                    f"{self.claimable[name]:.1%} with 95 % confidence"
                )
        if self.cost_per_1000 is not None:
            found.append(
                f"expected cost of 1,000 parts, a share of {self.prevalence:g} being defective: {self.cost_per_1000}"
            )
        needed = ", ".join(f"{parts:,} for less than {float(share):.0%}" for share, parts in self.to_claim.items())
        found.append(f"parts without an error that a claim takes: {needed}")
        return found
