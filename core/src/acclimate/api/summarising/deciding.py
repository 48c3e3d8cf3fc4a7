"""From what a model says of sentences to a summary: how many of them, and which; chosen on validation texts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from acclimate import evaluation
from acclimate.api.summarising.rows import MOST, Summarised
from acclimate.contracts import Finding

Scores = NDArray[np.float64]
Logits = Sequence[NDArray[np.float32]]
_STATISTICS = (
    evaluation.rouge_1_statistics,
    evaluation.rouge_2_statistics,
    evaluation.rouge_l_statistics,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRule:
    """How many `sentences` a summary has, and how likely each sentence of a text is to be in it.

    The probability is the sigmoid of `weight` [4] times what `described` returns, plus `bias`.
    """

    weight: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    bias: float = 0.0
    sentences: int = 1

    @classmethod
    def of_manifest(cls, told: Mapping[str, Any]) -> "SummaryRule":
        """Return the rule that a saved run has."""
        return cls(
            weight=tuple(map(float, told["weight"])), bias=float(told["bias"]), sentences=int(told["sentences"])
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what a manifest holds of it."""
        return {**asdict(self), "weight": list(self.weight)}

    def probabilities(self, logits: NDArray[np.float32], sentences: Sequence[str]) -> Scores:
        """Return how likely each sentence is to be in a summary of its text."""
        found: Scores = expit(described(logits, sentences) @ np.array(self.weight) + self.bias)
        return found


def described(logits: NDArray[np.float32], sentences: Sequence[str]) -> Scores:
    """Return [sentences, 4]: log-odds by the model, place from 0 to 1, 1 / place, and log of the words."""
    count = len(sentences)
    place = np.arange(1, count + 1)
    words = np.log([max(1, len(each.split())) for each in sentences])
    margin = (logits[:, 0] - logits[:, 1]).astype(np.float64)
    return np.stack([margin, place / count, 1 / place, words], axis=1)


def choose_rule(own: Summarised, logits: Logits) -> tuple[SummaryRule, tuple[Finding, ...]]:
    """Return the rule that validation texts call for, and what to say of it.

    A logistic regression gives the probabilities. A summary has as many sentences, up to ten, as give the highest
    mean of ROUGE-1, ROUGE-2 and ROUGE-L.
    """
    rows = [described(each, own.sentences(row)) for row, each in enumerate(logits)]
    values, truth = np.concatenate(rows), np.concatenate(own.best)
    rule = SummaryRule()
    if len(np.unique(truth)) == 2:
        scale = np.maximum(values.std(axis=0), 1e-6)
        fitted = LogisticRegression(max_iter=1000).fit(values / scale, truth)
        rule = SummaryRule(weight=tuple((fitted.coef_[0] / scale).tolist()), bias=float(fitted.intercept_[0]))
    scores = [rule.probabilities(each, own.sentences(row)) for row, each in enumerate(logits)]
    count, rouge = choose_count(own, scores)
    message = f"Summaries have {count} sentences, chosen on {len(own.texts):,} validation texts, where the mean of "
    message += f"ROUGE-1, ROUGE-2 and ROUGE-L is {rouge:.3f}."
    told = Finding(
        code="sentences-chosen", level="note", message=message, details={"sentences": count, "rouge": rouge}
    )
    return SummaryRule(weight=rule.weight, bias=rule.bias, sentences=count), (told,)


def choose_count(own: Summarised, scores: Sequence[Sequence[float] | Scores]) -> tuple[int, float]:
    """Return how many sentences with the highest scores make the best summaries, and their mean ROUGE."""
    found = [_rouge(own, summaries(own, scores, count)) for count in range(1, MOST + 1)]
    best = int(np.argmax(found))
    return best + 1, found[best]


def summaries(own: Summarised, scores: Sequence[Sequence[float] | Scores], count: int) -> list[str]:
    """Return the summaries of texts by the scores of their sentences, a sentence on each line."""
    found = []
    for row, each in enumerate(scores):
        sentences = own.sentences(row)
        found.append("\n".join(sentences[place] for place in evaluation.picked_sentences(each, sentences, count)))
    return found


def _rouge(own: Summarised, given: Sequence[str]) -> float:
    return float(np.mean([statistics(own.references, given)[:, 0].mean() for statistics in _STATISTICS]))
