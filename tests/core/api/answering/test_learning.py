"""Which windows are learned from, how much each counts, and how validation makes probabilities of scores."""

import numpy as np
import pytest
from acclimate import evaluation
from acclimate.api.answering.deciding import choose_rule
from acclimate.api.answering.learning import EMPTY_FOR_EACH, taught
from acclimate.api.answering.predicting import AnswerRule
from acclimate.contracts import DataError
from acclimate.models import AnswerExamples, AnswerPreprocessing, Asked
from transformers import PreTrainedTokenizerBase


@pytest.fixture
def examples(word_backbone: str) -> AnswerExamples:
    """Return one text of 200 words with a question that two places answer."""
    from transformers import AutoTokenizer

    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(word_backbone)
    own = AnswerPreprocessing(tokenizer, max_tokens=16, overlap=4)
    text = own.divide(" ".join(["loan"] * 200))
    asked = [Asked(text=0, question=np.array([2, 3], dtype=np.int32), answers=((20, 22), (90, 91)))]
    return AnswerExamples([text], asked, ["a"], ["f"], preprocessing=own)


def test_windows_that_hold_an_answer_and_as_many_others_by_weight_are_learned(examples: AnswerExamples) -> None:
    found, told = taught(examples, seed=0)
    held = int((examples.held == 1).sum())
    assert (found.held == 1).sum() == held > 0
    assert (found.held == 0).sum() == told["empty_learned"] == min(EMPTY_FOR_EACH * held, (examples.held == 0).sum())
    assert not (found.held == -1).any()
    assert told["empty_learned"] * told["empty_weight"] == pytest.approx(held)
    assert told["empty_share"] == pytest.approx((examples.held == 0).mean())
    again, _ = taught(examples, seed=0)
    other, _ = taught(examples, seed=1)
    assert (again.windows == found.windows).all()
    assert (other.windows != found.windows).any()
    assert len(found.lengths) == len(found)


def test_answers_that_no_window_holds_teach_nothing(examples: AnswerExamples) -> None:
    long = Asked(text=0, question=examples.asked[0].question, answers=((0, 60),))
    cut = AnswerExamples(examples.texts, [long], ["a"], ["f"], preprocessing=examples.preprocessing)
    with pytest.raises(DataError, match="No window holds a whole answer"):
        taught(cut, seed=0)


def rows(
    seed: int, slope: float
) -> tuple[list[str], list[evaluation.TrueAnswers], list[list[tuple[int, int, float]]]]:
    """Return questions of which a passage is right with the log-odds `slope` x score."""
    rng = np.random.default_rng(seed)
    texts, truth, pairs = [], [], []
    for number in range(800):
        scores = rng.normal(scale=3, size=3)
        right = rng.random(3) < 1 / (1 + np.exp(-slope * scores))
        order = np.argsort(-scores)
        answers = tuple((10 * place, 10 * place + 5, "x" * 5) for place in range(3) if right[place])
        texts.append("x" * 30)
        truth.append(evaluation.TrueAnswers(id=str(number), answers=answers))
        pairs.append([(10 * int(place), 10 * int(place) + 5, float(scores[place])) for place in order])
    return texts, truth, pairs


def test_probabilities_are_how_often_passages_of_a_score_are_right() -> None:
    rule, f1 = choose_rule(*rows(0, slope=0.8))
    assert rule.scale == pytest.approx(0.8, abs=0.08)
    assert rule.shift == pytest.approx(0, abs=0.12)
    texts, truth, pairs = rows(1, slope=0.8)
    given = [rule.apply(text, some) for text, some in zip(texts, pairs, strict=True)]
    assert all(p >= rule.threshold for each in given for p in each.probabilities[: each.given])
    assert all(p < rule.threshold for each in given for p in each.probabilities[each.given :])
    right, all_given, true = evaluation.given_statistics(truth, given).sum(axis=0)
    assert 2 * right / (all_given + true) == pytest.approx(f1, abs=0.05)


def test_scores_that_say_nothing_or_the_contrary_choose_nothing() -> None:
    assert choose_rule(*rows(0, slope=-0.8)) == (AnswerRule(), 0.0)
    texts, truth, pairs = rows(0, slope=0.8)
    nothing = [evaluation.TrueAnswers(id=each.id, answers=()) for each in truth]
    assert choose_rule(texts, nothing, pairs) == (AnswerRule(), 0.0)
    assert choose_rule(texts, truth, [[] for _ in texts]) == (AnswerRule(), 0.0)
