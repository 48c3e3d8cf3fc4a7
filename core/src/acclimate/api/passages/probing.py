"""Where the head begins: a logistic regression on the pretrained features of passages and hypotheses."""

from typing import Any

import numpy as np

from acclimate import models
from acclimate.api.heads import put_head
from acclimate.api.passages.subject import PassageSubject
from acclimate.contracts import Finding, Plan

# Pairs without evidence that are looked at for each one with evidence; and at most, in all.
_FOR_EACH, _MOST = 8, 12_000


def probe(
    subject: PassageSubject[Any],
    plan: Plan,
    precision: str,
    looked_for: str = "pairs of a hypothesis and a passage that is evidence",
) -> tuple[Finding, ...]:
    """Give the model the head that its frozen features call for.

    All pairs are looked at but those of the last label, of which there are many, and some are drawn at random. Texts
    of a group stay together where the strength of the regularisation is chosen. `looked_for` is a word for the pairs
    of the other labels.
    """
    examples, train = subject.examples["train"], subject.parts["train"]
    names = train.groups if train.groups is not None else train.ids
    truths = [examples.truth(row) for row in range(len(examples))]
    every = np.concatenate(truths)
    last = len(subject.model.labels) - 1
    evidence = np.flatnonzero((every >= 0) & (every < last))
    others = np.flatnonzero(every == last)
    random = np.random.default_rng(subject.settings.seed)
    count = min(len(others), max(_FOR_EACH * len(evidence), 1), max(_MOST - len(evidence), len(evidence)))
    taken = np.zeros(len(every), dtype=bool)
    taken[evidence] = taken[random.choice(others, size=count, replace=False)] = True
    starts = np.concatenate([[0], np.cumsum([len(each) for each in truths])])
    features, labels, groups = [], [], []
    for row, values in models.pair_values(subject.model, examples, precision=precision, features=True):
        own = np.flatnonzero(taken[starts[row] : starts[row + 1]])
        features.append(values[own])
        labels.append(truths[row][own])
        groups += [names[examples.windows[row].text]] * len(own)
    put_head(
        subject.model,
        np.concatenate(features),
        np.concatenate(labels),
        groups=groups,
        seed=subject.settings.seed,
        solver=plan.solver,
    )
    message = f"The head begins at a regression on {len(evidence):,} {looked_for}, and {count:,} of the "
    message += f"{len(others):,} others, drawn at random."
    return (Finding(code="probe-drawn", level="note", message=message),)
