"""Isotonic calibration of a run: whether validation rows are enough for it, and the curves that they give."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from acclimate import evaluation
from acclimate.api.deciding import Scores, choosing
from acclimate.api.inputs import Part
from acclimate.contracts import DataError, Finding, Settings


def check_calibration(settings: Settings, part: Part, labels: Sequence[str]) -> None:
    """Raise DataError when isotonic calibration is asked for and validation rows are too few."""
    short = _short(part, labels)
    if settings.calibration == "isotonic" and short:
        raise DataError(
            f"Isotonic calibration needs {evaluation.ROWS:,} validation rows, and each label on "
            f"{evaluation.ROWS_OF_LABEL} of them and missing from {evaluation.ROWS_OF_LABEL}; found {short}.",
            "Give more validation rows, or leave calibration out for one temperature.",
        )


def curves(
    part: Part, logits: Scores, labels: Sequence[str], settings: Settings
) -> tuple[tuple[evaluation.Steps, ...], tuple[Finding, ...]]:
    """Return the curves that validation rows give by their logits [rows, labels], and what to know about them.

    There are none where a temperature is asked for, or rows are too few. "auto" takes curves where they promise a
    lower log-loss on other rows.

    Raises:
        DataError: the rows are test rows.
    """
    choosing(part)
    if settings.calibration == "temperature":
        return (), ()
    if short := _short(part, labels):
        return (), (_note(f"One temperature calibrates, since isotonic curves need more validation rows: {short}."),)
    if settings.calibration == "auto" and not evaluation.improves(
        logits, part.truth, part.groups, seed=settings.seed
    ):
        message = "One temperature calibrates: on validation rows held out, isotonic curves were not clearly better."
        return (), (_note(message),)
    message = (
        f"Probabilities follow isotonic curves through {len(part.truth):,} validation rows. Rows on one level of a "
        "curve are tied, which costs rankings such as AUROC a little."
    )
    return evaluation.isotonic(logits, part.truth), (_note(message),)


def read_curves(manifest: Mapping[str, Any]) -> tuple[evaluation.Steps, ...]:
    """Return the curves that a run was saved with; none where it has a temperature alone."""
    return tuple(
        evaluation.Steps(scores=tuple(each["scores"]), probabilities=tuple(each["probabilities"]))
        for each in manifest["calibration"]["curves"]
    )


def plain_curves(steps: Sequence[evaluation.Steps]) -> list[dict[str, Any]]:
    """Return curves as plain JSON; `read_curves` gives them back."""
    return [{name: list(points) for name, points in asdict(each).items()} for each in steps]


def _note(message: str) -> Finding:
    return Finding(code="calibration", level="note", message=message)


def _short(part: Part, labels: Sequence[str]) -> str:
    """Return what is missing for isotonic calibration, in words; nothing where rows are enough."""
    rows = len(part.truth)
    if rows < evaluation.ROWS:
        return f"{rows:,} rows"
    counts = (part.truth > 0).sum(axis=0) if part.multilabel else np.bincount(part.truth, minlength=len(labels))
    fewest = np.minimum(counts, rows - counts)
    rarest = int(fewest.argmin())
    if fewest[rarest] >= evaluation.ROWS_OF_LABEL:
        return ""
    return f"label {labels[rarest]!r} on {counts[rarest]:,} of {rows:,} rows"
