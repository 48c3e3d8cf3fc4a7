"""What a monitor says of two sets of predictions by one run: how far the second has moved from the first."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acclimate.contracts.report import Finding
from acclimate.contracts.scores import Score, finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One set of predictions: `rows` that were read, those of them with a score, and rows that could not be read.

    `quantiles` are the scores below which 0, 1, …, 100 percent of them lie.
    """

    source: str
    rows: int
    scored: int
    unreadable: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """How often something was said before and after: counts, shares with exact bounds, and their difference.

    `p` is that of Fisher's exact test, times the number of labels where each label is tested.
    """

    name: str
    before_count: int
    after_count: int
    before: Score
    after: Score
    difference: Score
    p: float

    def __str__(self) -> str:
        change = f"{self.difference.value:+.3f} [{self.difference.low:+.3f}, {self.difference.high:+.3f}]"
        return f"{self.name}: {self.before} → {self.after}, {change}, p {self.p:.2g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BinChange:
    """Scores above `low` up to `high` (None where a bin is open): how many there were before and after."""

    low: float | None
    high: float | None
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far predictions have moved; `str()` is what the command prints.

    `score` names what is compared: "score" of parts, "probability of the given label", or of a named one. `psi` is
    the population stability index over `bins`, of which one pair in a hundred without drift exceeds `psi_by_chance`.
    `ks` is the two-sample Kolmogorov-Smirnov distance with a 95 % interval and `ks_p` its p-value; `seen_from` is the
    distance from which so many rows would have shown it. `above` is None where nothing says what is rejected or
    flagged. `drifted` says that there is a finding beyond a note.
    """

    score: str
    before: Watched
    after: Watched
    psi: float
    psi_by_chance: float
    bins: tuple[BinChange, ...]
    ks: Score
    ks_p: float
    seen_from: float
    threshold: float | None
    above: RateChange | None
    labels: tuple[RateChange, ...]
    unreadable: RateChange
    findings: tuple[Finding, ...]

    @property
    def drifted(self) -> bool:
        """Whether something may change a decision."""
        return any(finding.level != "note" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers; a number that is not finite is None."""
        plain: Mapping[str, Any] = finite(asdict(self))
        return {"drifted": self.drifted, **plain}

    def __str__(self) -> str:
        lines = [
            f"{self.before.source} → {self.after.source}: {self.score}",
            f"rows: {self.before.rows:,} → {self.after.rows:,}; median {self.before.quantiles[50]:.4g} → "
            f"{self.after.quantiles[50]:.4g}",
            f"PSI: {self.psi:.3f} in {len(self.bins)} bins; by chance up to {self.psi_by_chance:.3f}",
            f"Kolmogorov-Smirnov: {self.ks}, p {self.ks_p:.2g}",
            *(str(change) for change in (self.above, *self.labels) if change is not None),
        ]
        if self.before.unreadable or self.after.unreadable:
            lines.append(str(self.unreadable))
        return "\n".join([*lines, *(f"{finding.level}: {finding.message}" for finding in self.findings)])
