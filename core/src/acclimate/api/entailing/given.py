"""What a model says of one hypothesis on a text: a label, and the passages that are given as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from acclimate.api.entailing.deciding import EntailRule, evidence_scores
from acclimate.api.entailing.rows import NEITHER, Judged
from acclimate.api.passages.dividing import Place

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of one hypothesis: the place of the label, the probability of each, and passages with theirs.

    `ranked` are the passages (start, end, probability) that speak most for the label, the first `given` of which are
    its evidence. Where the label is neither, none are, and `ranked` speak most for or against.
    """

    label: int
    probabilities: tuple[float, ...]
    ranked: tuple[tuple[int, int, float], ...]
    given: int

    @classmethod
    def of(
        cls, own: Judged, row: int, logits: NDArray[np.float64], passages: NDArray[np.float32], rule: EntailRule
    ) -> "Given":
        """Return what is said of a hypothesis of a part; see `said`."""
        return said(own.places[own.of_text[row]], logits, passages, rule)

    @property
    def probability(self) -> float:
        """How likely the label is."""
        return self.probabilities[self.label]

    @property
    def places(self) -> list[Place]:
        """Where the evidence stands that is given."""
        return [(start, end) for start, end, _ in self.ranked[: self.given]]


def said(
    places: Sequence[Place], logits: NDArray[np.float64], passages: NDArray[np.float32], rule: EntailRule
) -> Given:
    """Return what the logits [3] of a text, and those [passages, 3] of its passages, say of a hypothesis.

    Evidence are the passages that are likelier to be evidence than the rule asks for and speak for the label rather
    than for its opposite; the best passage in any case, where the label is entailment or contradiction.
    """
    probabilities = softmax(logits)
    label = int(probabilities.argmax())
    scores = evidence_scores([passages])[0]
    sure = rule.evidence.probabilities(scores)
    if label == NEITHER:
        agrees = np.ones(len(places), dtype=bool)
    else:
        agrees = passages[:, label] >= passages[:, 1 - label]
        agrees[int((passages[:, label] - passages[:, NEITHER]).argmax())] = True
    order = np.lexsort((-scores, ~agrees))[:_SHOWN]
    first = [int(row) for row in order if agrees[row]]
    given = 0 if label == NEITHER else max(1, sum(bool(sure[row] >= rule.evidence.threshold) for row in first))
    return Given(
        label=label,
        probabilities=tuple(probabilities.tolist()),
        ranked=tuple((*places[row], float(sure[row])) for row in (first if label != NEITHER else order.tolist())),
        given=given,
    )
