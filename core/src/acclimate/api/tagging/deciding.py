"""How easily a word is taken into a span: chosen on validation texts, then left alone.

Most words are in no span, so that the likeliest tags find too few or too many; one number moves all of them.
"""

import numpy as np

from acclimate import evaluation, models
from acclimate.api.tagging.predicting import found_in
from acclimate.api.tagging.rows import spans_of
from acclimate.api.tagging.subject import TagSubject
from acclimate.contracts import Finding

# Added to the logit of no span: e^4 is odds of 55 to 1.
GRID = tuple(step / 2 for step in range(-8, 9))


def decide(subject: TagSubject, precision: str) -> tuple[float, tuple[Finding, ...]]:
    """Return what is added to the logit of no span, by the F1 of validation texts, and what to say of it."""
    examples, truth = subject.examples["validation"], spans_of(subject.parts["validation"].rows)
    logits = models.unit_values(subject.model, examples, precision=precision)
    scores = {}
    for outside in GRID:
        found = found_in(examples, logits, subject.model.labels, outside)
        counted = evaluation.strict_statistics(truth, [[span[:3] for span in spans] for spans in found])
        f1 = evaluation.f1_of_totals(counted, np.ones(len(counted)))
        scores[outside] = 0.0 if np.isnan(f1) else f1
    best = min(scores, key=lambda outside: (-scores[outside], abs(outside)))
    message = f"{outside_share(subject):.1%} of the training words are in no span. Words are taken into a span "
    message += "at even odds" if best == 0 else f"at odds of {np.exp(best):.2g} to 1 or more"
    message += f", chosen on {len(truth):,} validation texts: F1 there is {scores[best]:.3f}, {scores[0.0]:.3f} at "
    message += "even odds."
    details = {"outside": best, "f1": scores[best], "f1_at_even_odds": scores[0.0]}
    return best, (Finding(code="spans-chosen", level="note", message=message, details=details),)


def outside_share(subject: TagSubject) -> float:
    """Return the share of the units of the training texts that are in no span."""
    tags = subject.examples["train"].tags
    assert tags is not None
    return float(np.mean(np.concatenate(tags) == 0))
