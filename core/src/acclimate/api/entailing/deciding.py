"""From what passages say to what a text says, and which passages are its evidence: chosen on validation texts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from acclimate import evaluation
from acclimate.api.answering import deciding as answering
from acclimate.api.answering.predicting import AnswerRule
from acclimate.api.entailing.rows import NEITHER, Judged
from acclimate.contracts import Finding

Scores = NDArray[np.float64]
Logits = Sequence[NDArray[np.float32]]
POOLED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EntailRule:
    """How logits of passages become those of a text, and which passages are given as evidence.

    Those of a text are `weight` [3, pooled] times what `pooled` returns, and `bias` [3].
    """

    weight: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    evidence: AnswerRule

    @classmethod
    def of_manifest(cls, told: Mapping[str, Any]) -> "EntailRule":
        """Return the rule that a saved run has."""
        rows = np.reshape(np.asarray(told["weight"], dtype=np.float64), (3, POOLED))
        return cls(
            weight=tuple(map(tuple, rows.tolist())),
            bias=tuple(map(float, told["bias"])),
            evidence=AnswerRule.of_manifest(told),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what a manifest holds of it."""
        flat = [value for row in self.weight for value in row]
        return {"weight": flat, "bias": list(self.bias), **asdict(self.evidence)}

    def logits(self, passages: Logits) -> Scores:
        """Return the logits [hypotheses, 3] of texts from those of their passages."""
        found: Scores = pooled(passages) @ np.array(self.weight).T + np.array(self.bias)
        return found


def pooled(passages: Logits) -> Scores:
    """Return [hypotheses, 4]: the most that any passage, and that all together, speak for and against each.

    A passage speaks by how far its logit of entailment, or contradiction, lies above that of neither.
    """
    margins = [(each[:, :NEITHER] - each[:, NEITHER:]).astype(np.float64) for each in passages]
    found = [np.concatenate([each.max(axis=0), logsumexp(each, axis=0)]) for each in margins]
    return np.asarray(found, dtype=np.float64).reshape(-1, POOLED)


def evidence_scores(passages: Logits) -> list[Scores]:
    """Return of each hypothesis the log-odds [passages] that a passage speaks for or against it."""
    return [(logsumexp(each[:, :NEITHER], axis=1) - each[:, NEITHER]).astype(np.float64) for each in passages]


def choose_rule(own: Judged, passages: Logits) -> tuple[EntailRule, tuple[Finding, ...]]:
    """Return the rule that validation texts call for, and what to say of it.

    A multinomial logistic regression of the labels on what passages say gives the logits of texts, and those of
    passages become probabilities as `answering.choose_rule` does it.
    """
    evidence, told = _evidence_rule(own, passages)
    present = np.unique(own.truth)
    if len(present) < 3:
        names = "Not every label is among the validation hypotheses: the passage that speaks most decides."
        plain = EntailRule(
            weight=((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0,) * POOLED),
            bias=(0.0, 0.0, 0.0),
            evidence=evidence,
        )
        return plain, (Finding(code="texts-not-calibrated", message=names), *told)
    values = pooled(passages)
    scale = np.maximum(values.std(axis=0), 1e-6)
    fitted = LogisticRegression(max_iter=1000).fit(values / scale, own.truth)
    rule = EntailRule(
        weight=tuple(map(tuple, (fitted.coef_ / scale).tolist())),
        bias=tuple(fitted.intercept_.tolist()),
        evidence=evidence,
    )
    return rule, told


def _evidence_rule(own: Judged, passages: Logits) -> tuple[AnswerRule, tuple[Finding, ...]]:
    rows = [row for row, marks in enumerate(own.evidence) if marks.any()]
    scores = evidence_scores(passages)
    pairs = [
        [(*place, float(score)) for place, score in zip(own.places[own.of_text[row]], scores[row], strict=True)]
        for row in rows
    ]
    truth = [
        evaluation.TrueAnswers(
            id=own.ids[row],
            answers=tuple(
                (*place, "")
                for place, there in zip(own.places[own.of_text[row]], own.evidence[row], strict=True)
                if there
            ),
        )
        for row in rows
    ]
    texts = [own.texts[own.of_text[row]] for row in rows]
    if not rows:
        message = "No validation hypothesis has evidence: passages are given from a probability of 0.5 on."
        return AnswerRule(), (Finding(code="evidence-not-chosen", message=message),)
    rule, f1 = answering.choose_rule(texts, truth, pairs)
    message = (
        f"Passages are given as evidence from a probability of {rule.threshold:.2g} on, chosen on {len(rows):,} "
    )
    message += f"validation hypotheses that have evidence, where F1 of the passages is {f1:.3f}."
    return rule, (
        Finding(
            code="evidence-chosen", level="note", message=message, details={"threshold": rule.threshold, "f1": f1}
        ),
    )
