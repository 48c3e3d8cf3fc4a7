"""Where the head begins: a logistic regression on the pretrained features of passages and hypotheses."""

import numpy as np

from acclimate import models
from acclimate.api.entailing.rows import NEITHER
from acclimate.api.entailing.subject import EntailSubject
from acclimate.api.heads import put_head
from acclimate.contracts import Finding, Plan

# Pairs without evidence that are looked at for each one with evidence; and at most, in all.
_FOR_EACH, _MOST = 8, 12_000


def probe(subject: EntailSubject, plan: Plan, precision: str) -> tuple[Finding, ...]:
    """Give the model the head that its frozen features call for.

    All pairs with evidence are looked at, and of the many others some, drawn at random. Texts of a group stay
    together where the strength of the regularisation is chosen.
    """
    examples, train = subject.examples["train"], subject.parts["train"]
    names = train.groups if train.groups is not None else train.ids
    truths = [examples.truth(row) for row in range(len(examples))]
    every = np.concatenate(truths)
    evidence, others = np.flatnonzero(np.isin(every, (0, 1))), np.flatnonzero(every == NEITHER)
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
    message = f"The head begins at a regression on {len(evidence):,} pairs of a hypothesis and a passage that is "
    message += f"evidence, and {count:,} of the {len(others):,} others, drawn at random."
    return (Finding(code="probe-drawn", level="note", message=message),)
