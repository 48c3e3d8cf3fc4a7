"""What the user should know about the numbers, said plainly."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import Finding, Score
from acclimate.evaluation.metrics import Floats, Integers

DECISIVE = ("accuracy", "macro_f1", "micro_f1")
FEW_PER_CLASS = 10
FEW_ROWS = 30
NAMED_CLASSES = 10


def compare(
    metrics: Mapping[str, Score],
    baselines: Mapping[str, Mapping[str, Score]],
    *,
    better: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Say which baselines beat the model: one finding "baseline-wins" for each of them, naming the values.

    A baseline wins by a better accuracy, macro_f1 or micro_f1; where the run has neither, by any of its metrics.
    `better` says of each metric whether "higher" or "lower" is better, "higher" where it says nothing. The
    finding is a "problem" where the intervals of a metric that was won lie apart, and a "warning" where they
    all overlap.
    """
    directions = better or {}
    deciding = [name for name in DECISIVE if name in metrics] or list(metrics)
    findings = []
    for baseline, scores in baselines.items():
        won = {
            name: (scores[name], metrics[name])
            for name in deciding
            if name in scores and _wins(scores[name], metrics[name], directions.get(name, "higher"))
        }
        if won:
            findings.append(_beaten(baseline, won))
    return tuple(findings)


def sample_size(truth: Integers, labels: Sequence[str]) -> tuple[Finding, ...]:
    """Say whether the test rows are too few: fewer than 30 in all, or fewer than 10 of a class.

    `truth` is [rows] of class indices into `labels`, or [rows, labels] of 0 and 1.
    """
    findings = []
    if len(truth) < FEW_ROWS:
        findings.append(
            Finding(
                code="small-test-set",
                level="problem",
                message=f"The test set has {_rows(len(truth))}, too few to claim anything; "
                f"use at least {FEW_ROWS}, better some hundred.",
            )
        )
    counts = truth.sum(axis=0) if truth.ndim == 2 else np.bincount(truth, minlength=len(labels))
    small = [row for row in counts.argsort(kind="stable") if counts[row] < FEW_PER_CLASS]
    if small:
        named = ", ".join(f"{labels[row]} ({counts[row]})" for row in small[:NAMED_CLASSES])
        rest = f" and {len(small) - NAMED_CLASSES} more" if len(small) > NAMED_CLASSES else ""
        findings.append(
            Finding(
                code="small-classes",
                message=f"Classes with fewer than {FEW_PER_CLASS} test rows: {named}{rest}. "
                "Scores say little about them.",
            )
        )
    return tuple(findings)


def constant_predictions(
    scores: Floats, labels: Sequence[str], *, truth: Integers | None = None
) -> tuple[Finding, ...]:
    """Say that the model answers with the same class whatever the row: it has learned nothing.

    `scores` is [rows, classes]. With `truth` [rows], a test set of one class only is left alone.
    """
    expected = len(labels) if truth is None else len(np.unique(truth))
    predicted = np.unique(scores.argmax(axis=1))
    if len(scores) < 2 or expected < 2 or len(predicted) > 1:
        return ()
    message = (
        f"All {len(scores)} test rows are predicted as {labels[predicted[0]]!r}, though there are {expected} "
        "classes: the model has learned nothing that tells them apart."
    )
    return (Finding(code="constant-predictions", level="problem", message=message),)


def several_labels(
    truth: NDArray[np.int8], scores: Floats, validation: NDArray[np.int8] | None, labels: Sequence[str]
) -> tuple[Finding, ...]:
    """Say which labels are not told apart, have no score, or were given a threshold by no validation row.

    `truth` [rows, labels] and `scores` (a label is given where 0 or more) are those of the test rows, `validation`
    the truth of the rows that chose the thresholds.
    """
    given = scores >= 0
    unchosen = np.zeros(len(labels), dtype=bool) if validation is None else validation.sum(axis=0) == 0
    absent, constant = truth.sum(axis=0) == 0, np.asarray(truth.all(axis=0))
    findings = []
    if len(given) > 1 and (given == given[0]).all() and not (truth == truth[0]).all():
        message = f"All {len(given)} test rows are given the same labels: the model tells no rows apart."
        findings.append(Finding(code="constant-predictions", level="problem", message=message))
    for code, which, told in (
        ("labels-without-score", absent, "no test row has them, so that AUROC and average precision leave them out"),
        ("labels-without-score", constant, "every test row has them, so that AUROC leaves them out"),
        (
            "default-thresholds",
            unchosen,
            "no validation row has them, so that they are given from a probability of 0.5 on",
        ),
    ):
        named = [label for label, found in zip(labels, which, strict=True) if found]
        if named:
            rest = f" and {len(named) - NAMED_CLASSES} more" if len(named) > NAMED_CLASSES else ""
            message = f"Labels {', '.join(repr(label) for label in named[:NAMED_CLASSES])}{rest}: {told}."
            findings.append(Finding(code=code, message=message))
    return tuple(findings)


def _wins(baseline: Score, model: Score, direction: str) -> bool:
    return baseline.value < model.value if direction == "lower" else baseline.value > model.value


def _apart(baseline: Score, model: Score) -> bool:
    """Whether the intervals do not touch; unknown bounds (nan) are never apart."""
    return baseline.low > model.high or baseline.high < model.low


def _beaten(baseline: str, won: Mapping[str, tuple[Score, Score]]) -> Finding:
    """The finding on one baseline; `won` holds the baseline's and the model's score of each metric it won."""
    values = ", ".join(f"{name} {theirs} against {ours}" for name, (theirs, ours) in won.items())
    beaten = f"The baseline {baseline} beats this model: {values}"
    apart = [name for name, (theirs, ours) in won.items() if _apart(theirs, ours)]
    if apart:
        message = f"{beaten}. The intervals of {' and '.join(apart)} lie apart: prefer the baseline."
        return Finding(code="baseline-wins", level="problem", message=message)
    if all(np.isfinite([*_bounds(theirs), *_bounds(ours)]).all() for theirs, ours in won.values()):
        message = f"{beaten}, but the intervals overlap, so this test set cannot tell them apart."
    else:
        message = f"{beaten}; without an interval on each, this test set cannot tell them apart."
    return Finding(code="baseline-wins", level="warning", message=message)


def _bounds(score: Score) -> tuple[float, float]:
    return score.low, score.high


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
