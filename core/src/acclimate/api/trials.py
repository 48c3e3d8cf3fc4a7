"""What a search found out about each method, in words and as plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from acclimate.contracts import Finding, Score

Outcome = Literal["first", "better", "not-better", "not-started", "stopped", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One method of a search.

    `score` is the metric on the rows held out, `difference` what it is above the method `against`, both with a 95 %
    interval. `seconds` is what was spent, `estimated_seconds` what all folds and the run on all training rows were
    to take, of which `final_seconds` for the latter, and `left_seconds` what was left of the budget then.
    """

    method: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    score: Score | None = None
    difference: Score | None = None
    against: str = ""
    estimated_seconds: float | None = None
    final_seconds: float = 0.0
    left_seconds: float | None = None


def record(
    trials: Sequence[Trial], *, metric: str, folds: int, rows: int, budget: float, chosen: str
) -> Mapping[str, Any]:
    """Return the search as plain JSON; `budget` is in minutes."""
    return {
        "chosen": chosen,
        "metric": metric,
        "folds": folds,
        "rows": rows,
        "budget_minutes": budget,
        "methods": [asdict(trial) for trial in trials],
    }


def findings(trials: Sequence[Trial], *, metric: str, folds: int, rows: int, chosen: str) -> tuple[Finding, ...]:
    """Return a note on each method, and one on the choice."""
    notes = [_note(trial.outcome, f"auto: {trial.method} {_what(trial, metric)}") for trial in trials]
    why = f"auto chose {chosen} by {folds}-fold cross-validation of {rows:,} training rows"
    outcomes = {trial.outcome for trial in trials}
    if not outcomes & {"better", "not-better"}:
        why += "; no other method was measured"
    elif "better" not in outcomes:
        why += "; no other method that was measured is better with an interval above 0"
    return (*notes, _note("chosen", f"{why}. Validation and test rows played no part."))


def not_searched(reason: str, chosen: str) -> Finding:
    """Say why nothing was compared."""
    return _note("not-searched", f"auto took {chosen}: the training rows cannot be cross-validated. {reason}")


def _what(trial: Trial, metric: str) -> str:
    took = f"({trial.seconds:.0f} s)"
    if trial.outcome == "first":
        return f"has {metric} {trial.score} {took}."
    if trial.outcome == "not-started":
        if trial.estimated_seconds is None:
            return "was not started: the budget was used up."
        took, left = f"{trial.estimated_seconds:.0f} s", f"{trial.left_seconds or 0:.0f} s"
        return f"was not started: it takes about {took} and {left} of the budget were left."
    if trial.outcome == "stopped":
        return f"was stopped after {trial.seconds:.0f} s: {trial.reason}"
    if trial.outcome == "refused":
        return f"was left out: {trial.reason}"
    verdict = "it takes its place" if trial.outcome == "better" else f"{trial.against} stays"
    return f"has {metric} {trial.score}, {_signed(trial.difference)} against {trial.against}: {verdict} {took}."


def _signed(score: Score | None) -> str:
    assert score is not None
    return f"{score.value:+.3f} [{score.low:+.3f}, {score.high:+.3f}]"


def _note(code: str, message: str) -> Finding:
    return Finding(code=f"auto-{code}", level="note", message=message)
