"""How easily a word is taken into a span: chosen on validation texts, then left alone.

Most words are in no span, so that the likeliest tags may find too few or too many; one number moves all of them. Few
validation texts cannot choose it: it stays 0 where they do not tell another value apart from that.
"""

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation, models
from acclimate.api.tagging.predicting import found_in
from acclimate.api.tagging.rows import spans_of
from acclimate.api.tagging.subject import TagSubject
from acclimate.contracts import Finding

# Added to the logit of no span: e^4 is odds of 55 to 1.
GRID = tuple(step / 2 for step in range(-8, 9))
_DRAWS, _LEVEL = 400, 5.0


def decide(subject: TagSubject, precision: str) -> tuple[float, tuple[Finding, ...]]:
    """Return what is added to the logit of no span, by the F1 of validation texts, and what to say of it."""
    examples, truth = subject.examples["validation"], spans_of(subject.parts["validation"].rows)
    logits = models.unit_values(subject.model, examples, precision=precision)
    counted = {}
    for outside in GRID:
        found = found_in(examples, logits, subject.model.labels, outside)
        counted[outside] = evaluation.strict_statistics(truth, [[span[:3] for span in spans] for spans in found])
    ones = np.ones(len(truth))
    scores = {outside: float(np.nan_to_num(evaluation.f1_of_totals(each, ones))) for outside, each in counted.items()}
    best = min(scores, key=lambda outside: (-scores[outside], abs(outside)))
    taken = best if best and apart(counted[best], counted[0.0], seed=subject.settings.seed) else 0.0
    message = f"{outside_share(subject):.1%} of the training words are in no span. Words are taken into a span "
    if taken:
        message += f"at odds of {np.exp(taken):.2g} to 1, chosen on {len(truth):,} validation texts, where F1 is "
        message += f"{scores[taken]:.3f} after {scores[0.0]:.3f} at even odds."
    else:
        message += f"at even odds: the {len(truth):,} validation texts do not tell other odds apart from that."
    details = {"outside": taken, "f1": scores[taken], "f1_at_even_odds": scores[0.0]}
    return taken, (Finding(code="spans-chosen", level="note", message=message, details=details),)


def apart(one: NDArray[np.float64], other: NDArray[np.float64], *, seed: int) -> bool:
    """Tell whether F1 of some texts is above that of others of the same in 95 % of resamples of the texts.

    Both are statistics [texts, 3]: right, given and true spans.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(one), np.full(len(one), 1 / len(one)), size=_DRAWS)  # [draws, texts]

    def f1(totals: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = 2 * totals[:, 0] / np.maximum(totals[:, 1] + totals[:, 2], 1)
        return found

    return bool(np.percentile(f1(drawn @ one) - f1(drawn @ other), _LEVEL) > 0)


def outside_share(subject: TagSubject) -> float:
    """Return the share of the units of the training texts that are in no span."""
    tags = subject.examples["train"].tags
    assert tags is not None
    return float(np.mean(np.concatenate(tags) == 0))
