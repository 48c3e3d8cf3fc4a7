"""How likely a passage is an answer, and from which probability on it is given: chosen on validation texts alone."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from acclimate import evaluation, models
from acclimate.api.answering.predicting import AnswerRule
from acclimate.contracts import Finding

Pairs = Sequence[Sequence[models.Pair]]


def choose_rule(
    texts: Sequence[str], truth: Sequence[evaluation.TrueAnswers], pairs: Pairs
) -> tuple[AnswerRule, float]:
    """Return the rule by which scored passages of questions become answers, and the F1 that it has on them.

    A logistic regression of what is right on the score gives the probability (Platt 2000); the threshold is the one
    with the highest F1 of the answers given, by their place. Where nothing is right, or all is, probabilities stay
    the sigmoid of half a score, and the threshold 0.5.
    """
    right = _right(truth, pairs)
    scores = np.array([score for some in pairs for _, _, score in some], dtype=np.float64)
    if len(set(right)) < 2:
        return AnswerRule(), 0.0
    fitted = LogisticRegression().fit(scores[:, None], right)
    scale, shift = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if scale <= 0:  # scores that say nothing would turn the ranking round
        return AnswerRule(), 0.0
    rule = AnswerRule(scale=scale, shift=shift)
    given = [rule.apply(text, some) for text, some in zip(texts, pairs, strict=True)]
    threshold, f1 = evaluation.best_answer_threshold(truth, given)
    return AnswerRule(scale=scale, shift=shift, threshold=threshold), f1


def told(rule: AnswerRule, f1: float, texts: int, questions: int) -> Finding:
    """Say what was chosen, and on how much."""
    message = (
        f"Answers are given from a probability of {rule.threshold:.2g} on, chosen on {questions:,} questions of "
    )
    message += f"{texts:,} validation texts, where F1 of the answers is {f1:.3f}."
    if not f1:
        message = (
            f"No validation passage was right ({questions:,} questions of {texts:,} texts), so that nothing could "
        )
        message += "be chosen on them: answers are given from a probability of 0.5 on."
        return Finding(code="answers-not-chosen", message=message)
    return Finding(
        code="answers-chosen", level="note", message=message, details={"threshold": rule.threshold, "f1": f1}
    )


def _right(truth: Sequence[evaluation.TrueAnswers], pairs: Pairs) -> list[bool]:
    """Return of each passage, one question after the other, whether a true answer stands there."""
    found: list[bool] = []
    for true, some in zip(truth, pairs, strict=True):
        matches = evaluation.matches_of(true, [(start, end, "") for start, end, _ in some])
        found += [any(row[place] for row in matches) for place in range(len(some))]
    return found
