"""Where the head of a tagger begins: a logistic regression on the pretrained features of units."""

import numpy as np

from acclimate import models
from acclimate.api.heads import put_head
from acclimate.api.tagging.subject import TagSubject
from acclimate.contracts import Finding, Plan

_UNITS, _START = 20_000, 8_000


def probe(subject: TagSubject, plan: Plan, precision: str) -> tuple[Finding, ...]:
    """Give the model the head that its frozen features call for; the features are computed once.

    Of many texts whole ones are drawn until there are 20,000 units, or 8,000 where training goes on from there. Units
    of a text, or of a group of texts, stay together where the strength of the regularisation is chosen.
    """
    examples, train = subject.examples["train"], subject.parts["train"]
    assert examples.tags is not None
    order = np.random.default_rng(subject.settings.seed).permutation(len(examples.texts))
    sizes = np.array([len(examples.texts[row].first) for row in order])
    wanted = _START if plan.trains else _UNITS
    taken = np.sort(order[: max(2, int(np.searchsorted(np.cumsum(sizes), wanted)) + 1)])
    features = models.unit_values(subject.model, examples.some(taken.tolist()), precision=precision, features=True)
    names = train.groups if train.groups is not None else train.ids
    tags = np.concatenate([examples.tags[row] for row in taken])
    put_head(
        subject.model,
        features,
        tags,
        groups=[names[row] for row in taken for _ in range(len(examples.texts[row].first))],
        seed=subject.settings.seed,
        solver=plan.solver,
    )
    if len(taken) == len(order):
        return ()
    message = f"The head begins at a regression on {len(features):,} words of {len(taken):,} of the {len(order):,} "
    message += "training texts, drawn at random."
    return (Finding(code="probe-drawn", level="note", message=message),)
