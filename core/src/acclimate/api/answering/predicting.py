"""From the scores of passages to answers with probabilities, of which some are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acclimate import data, evaluation, models
from acclimate.api.inputs import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRule:
    """How scores become probabilities, sigmoid(scale x score + shift), and from which on an answer is given."""

    scale: float = 0.5
    shift: float = 0.0
    threshold: float = 0.5

    @classmethod
    def of_manifest(cls, answers: Mapping[str, Any]) -> "AnswerRule":
        """Return the rule that a saved run has."""
        return cls(**{name: float(answers[name]) for name in ("scale", "shift", "threshold")})

    def probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how likely passages with these scores are right."""
        found: NDArray[np.float64] = expit(self.scale * scores + self.shift)
        return found

    def apply(self, text: str, pairs: Sequence[models.Pair]) -> evaluation.GivenAnswers:
        """Return the passages (start, end, score) of a text as answers."""
        sure = self.probabilities(np.array([score for _, _, score in pairs], dtype=np.float64))
        return evaluation.GivenAnswers(
            ranked=tuple((start, end, text[start:end]) for start, end, _ in pairs),
            probabilities=tuple(sure.tolist()),
            given=int((sure >= self.threshold).sum()),
        )


def texts_of(part: Part, questions: Sequence[tuple[data.Question, ...]]) -> list[str]:
    """Return for each question of a part, one after the other, the text that it is asked of."""
    return [text for text, some in zip(part.rows["text"][:], questions, strict=True) for _ in some]


def truth_of(part: Part, questions: Sequence[tuple[data.Question, ...]]) -> list[evaluation.TrueAnswers]:
    """Return for each question of a part, one after the other, its answers."""
    return [
        evaluation.TrueAnswers(
            id=each.id, answers=tuple((start, end, text[start:end]) for start, end in each.answers)
        )
        for text, some in zip(part.rows["text"][:], questions, strict=True)
        for each in some
    ]
