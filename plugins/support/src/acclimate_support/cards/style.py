"""How near replies are to those that a company approved, by a classifier that had to show that it can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, OptionError, Score, did_you_mean

APPROVED = "approved"
LEAST = 0.75
"""What the AUROC of a classifier must at least be, by the lower bound of its interval, before it may score."""

_TASK = "text-classification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a classifier of approved and other replies says of some.

    `approved` is the mean probability, in [0, 1], that a reply is an approved one, with a 95 % bootstrap interval;
    `share` how many more likely are than not, with the exact one. `auroc` is that of the classifier on its own test
    rows.
    """

    replies: int
    approved: Score
    share: Score
    auroc: Score


def style(run: str | Path, replies: Sequence[str], *, label: str = APPROVED) -> Style:
    """Return what a saved run, which learned approved against other replies, says of replies.

    It may score where the lower bound of its AUROC, on its own test rows, is 0.75 or more. What it learned may be
    topics instead of style: give it approved and other replies on the same questions.

    Raises:
        DataError: there is no reply.
        OptionError: for a run of another task or with other than two labels, without the label, without an AUROC,
            and for one that cannot tell well enough.
        AcclimateError: when the run cannot be loaded.
    """
    import numpy as np
    from acclimate import load
    from acclimate.evaluation import proportion, ratio, score_statistics

    if not replies:
        raise DataError("There is no reply to measure.", "Give one reply or more.")
    model = load(run)
    auroc = _told(Path(run), model.manifest, label)
    probabilities = model.probabilities(list(replies))[:, model.labels.index(label)]
    counted = np.stack([probabilities, np.ones(len(replies))], axis=1)
    return Style(
        replies=len(replies),
        approved=score_statistics({"approved": counted}, {"approved": ratio})["approved"],
        share=proportion(int((probabilities > 0.5).sum()), len(replies)),
        auroc=auroc,
    )


def _told(run: Path, manifest: Any, label: str) -> Score:
    """Return the AUROC of a run that may score."""
    labels, task = manifest["labels"], manifest["task"]
    if task != _TASK or len(labels) != 2 or manifest["multilabel"]:
        raise OptionError(
            f"A style is told by a run for {_TASK} with two labels, found {run} for {task} with {len(labels)}.",
            f"Adapt one: acclimate adapt general/{_TASK} replies.csv, with the labels {APPROVED} and other.",
        )
    if label not in labels:
        raise OptionError(
            f"{run} has no label {label!r}, but {', '.join(labels)}.",
            did_you_mean(label, labels) + " Name that of approved replies (--approved).",
        )
    found = manifest["results"]["metrics"].get("auroc")
    if found is None:
        raise OptionError(
            f"{run} was not measured by AUROC, so it has not shown that it can tell.", "Adapt with --metrics auroc."
        )
    auroc = Score(**found)
    if not auroc.low >= LEAST:
        raise OptionError(
            f"{run} may not score: its AUROC on its own test rows is {auroc}, and the lower bound must be {LEAST} or "
            "more.",
            "Give it more rows, or approved and other replies that differ more.",
        )
    return auroc
