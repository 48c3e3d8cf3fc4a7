"""Scores of answers that stand in a text: SQuAD's, CUAD's, and those that go by the place of an answer.

A row is a question on a text. Its truth is a `TrueAnswers`, what a model says of it a `GivenAnswers`. An answer is
`(start, end, text)` in characters of the whole text.

CUAD's scorer (Hendrycks et al. 2021, `evaluate.py`) has ways of its own, which `cuad_statistics` keeps so that
numbers compare with published ones:
- an answer is known by its words and never by its place: the same words elsewhere are right, and what is given twice
  in the same words counts once, with the probability that stands last in the list;
- it is right where the words that both have are half or more of the words that either has, as sets, without case and
  without . , ; : and with / as a space; where "Parties" is in the question's id, also where the true answer is a part
  of it, letter by letter;
- true answers are counted for recall, and given ones that match none for the false: several given ones for one true
  answer cost nothing;
- precision and recall are taken above each of 101 probabilities: 0.99, 0.98, … 0.01, 0.001, 0;
- the curve begins at precision 1 and recall 0, precision is then made to never rise with recall, and the area is that
  of trapezoids; where nothing at all is given at 0, the area is 0;
- precision at a recall looks at all of these points but the last, and is 0 where none has that recall.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import check_rows, table

Place = tuple[int, int, str]
# The probabilities above which CUAD's scorer counts what is given; its grid, with the rounding of its arithmetic.
CUAD_LEVELS = np.array([*np.arange(0.99, 0, -0.01), 0.001, 0.0])
# Those of the scores by place: finer where probabilities are low, and the last one takes in all that is given.
LEVELS = np.array([*np.arange(0.995, 0.05, -0.005), *np.arange(0.05, 0.0005, -0.001), 0.0005, 0.0002, 0.0001, -1.0])
_HALF = 0.5
_LEVELS_TRIED = 400
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CUAD_LEFT_OUT = str.maketrans("/", " ", ".,;:")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueAnswers:
    """The id of a question and its answers in a text, none where the text has none."""

    id: str
    answers: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswers:
    """What a model says: its `ranked` answers, the best first, with `probabilities`, of which it gives `given`."""

    ranked: tuple[Place, ...]
    probabilities: tuple[float, ...]
    given: int

    @property
    def best(self) -> str:
        """The words of the best answer that is given, "" where none is."""
        return self.ranked[0][2] if self.given else ""


Truth = Sequence[TrueAnswers]
Given = Sequence[GivenAnswers]


def squad_em_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2]: 1 where the best answer is a true one, or none is given where there is none, else 0; and 1.

    Texts are compared as SQuAD's script does (Rajpurkar et al. 2018): without case, punctuation, the articles a, an
    and the, and runs of white space.
    """
    return _best_of(truth, predicted, lambda true, given: float(_squad_words(true) == _squad_words(given)))


def squad_f1_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2]: F1 of the words of the best answer with those of the true one it is nearest to; and 1.

    Words are those of `squad_em_statistics`. Where either has none, it is 1 if both have none, else 0.
    """
    return _best_of(truth, predicted, _squad_f1)


def cuad_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 3 x levels]: right, wrong and missed answers above each of `CUAD_LEVELS`, by CUAD's scorer."""
    check_rows(truth, predicted)
    rows = []
    for true, given in zip(truth, predicted, strict=True):
        named = {text: p for (_, _, text), p in zip(given.ranked, given.probabilities, strict=True) if text}
        part = "Parties" in true.id
        matches = [
            [_share_words(text, own) >= _HALF or (part and text in own) for own in named]
            for text in (text for _, _, text in true.answers)
        ]
        rows.append(_counted(matches, list(named.values()), CUAD_LEVELS))
    return table(rows, 3 * len(CUAD_LEVELS))


def place_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 3 x levels]: right, wrong and missed answers above each of `LEVELS`, by their place.

    An answer is right where the characters that both have are half or more of those that either has.
    """
    check_rows(truth, predicted)
    return table(
        [
            _counted(matches_of(true, given.ranked), given.probabilities, LEVELS)
            for true, given in zip(truth, predicted, strict=True)
        ],
        3 * len(LEVELS),
    )


def given_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 3]: right, given and true answers of what the model gives; right as in `place_statistics`.

    Of several given ones that match one true answer each is right, as each true one is that is matched: right is
    the true ones found, given those and the ones that match none.
    """
    check_rows(truth, predicted)
    rows = []
    for true, given in zip(truth, predicted, strict=True):
        matches = matches_of(true, given.ranked[: given.given])
        right = sum(any(row) for row in matches)
        wrong = sum(not any(row[place] for row in matches) for place in range(given.given))
        rows.append((right, right + wrong, len(true.answers)))
    return table(rows, 3)


def presence_statistics(truth: Truth, predicted: Given) -> Floats:
    """Return [rows, 2]: 1 where it is rightly said whether the text has an answer, else 0; and 1."""
    check_rows(truth, predicted)
    pairs = zip(truth, predicted, strict=True)
    return table([(float(bool(true.answers) == bool(given.given)), 1.0) for true, given in pairs], 2)


def cuad_aupr(statistics: Floats, weights: Floats) -> float:
    """The area under precision by recall, from `cuad_statistics`; nan where there is no true answer."""
    precisions, recalls = _curve(statistics, weights)
    if np.isnan(recalls).any():
        return float("nan")
    area = float(np.trapezoid(precisions, recalls))
    return 0.0 if np.isnan(area) else area


def cuad_precision_at_80_recall(statistics: Floats, weights: Floats) -> float:
    """The precision at a recall of 0.8, from `cuad_statistics`."""
    return _precision_at(0.8, statistics, weights, ends_before=1)


def cuad_precision_at_90_recall(statistics: Floats, weights: Floats) -> float:
    """The precision at a recall of 0.9, from `cuad_statistics`."""
    return _precision_at(0.9, statistics, weights, ends_before=1)


def place_precision_at_80_recall(statistics: Floats, weights: Floats) -> float:
    """The precision at a recall of 0.8, from `place_statistics`; 0 where that is not reached at all."""
    return _precision_at(0.8, statistics, weights, ends_before=0)


def place_precision_at_90_recall(statistics: Floats, weights: Floats) -> float:
    """The precision at a recall of 0.9, from `place_statistics`; 0 where that is not reached at all."""
    return _precision_at(0.9, statistics, weights, ends_before=0)


def matches_of(true: TrueAnswers, given: Iterable[Place]) -> list[list[bool]]:
    """Return of each true answer whether each given one is it: half or more of their characters are shared."""
    found = list(given)
    return [[_share_characters(own, each) >= _HALF for each in found] for own in true.answers]


def best_answer_threshold(truth: Truth, predicted: Given) -> tuple[float, float]:
    """Return the probability from which on answers are given so that their F1 by place is highest, and that F1.

    It lies half way between the least probability that is given and the greatest that is not: at either edge, new
    answers that are a little less sure would be lost, or wrong ones a little surer be given. Of equal choices that
    which gives least is taken; the threshold is 0.5 where none has an F1 above 0.
    """
    sure = np.unique([p for given in predicted for p in given.probabilities])
    levels = sure if len(sure) <= _LEVELS_TRIED else np.quantile(sure, np.linspace(0, 1, _LEVELS_TRIED))
    just_below = np.nextafter(levels, -1)
    counted = np.zeros((3, len(levels)))
    for true, given in zip(truth, predicted, strict=True):
        found = _counted(matches_of(true, given.ranked), given.probabilities, just_below)
        counted += np.reshape(found, (3, -1))
    right, wrong, missed = counted
    scores = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    if not len(levels) or not scores.max():
        return 0.5, 0.0
    best = len(scores) - 1 - int(scores[::-1].argmax())
    below = sure[sure < levels[best]]
    return float(levels[best] + (below[-1] if len(below) else 0)) / 2, float(scores[best])


def _counted(matches: Sequence[Sequence[bool]], probabilities: Sequence[float], levels: Floats) -> list[float]:
    """Return right, wrong and missed answers above each level, from which given one matches which true one."""
    found = np.array(matches, dtype=bool).reshape(len(matches), len(probabilities))
    sure = np.asarray(probabilities, dtype=np.float64)
    best = np.where(found, sure, -np.inf).max(axis=1, initial=-np.inf)  # of each true answer
    right = (best[:, None] > levels).sum(axis=0)
    wrong = (sure[~found.any(axis=0)][:, None] > levels).sum(axis=0)
    return [*right, *wrong, *(len(matches) - right)]


def _curve(statistics: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return precisions that never rise with recall, and recalls, from a first point of 1 and 0 on."""
    right, wrong, missed = (weights @ statistics).reshape(3, -1)
    with np.errstate(invalid="ignore"):
        precisions = np.concatenate([[1.0], right / (right + wrong)])
        recalls = np.concatenate([[0.0], right / (right + missed)])
    best = list(precisions[::-1])
    for place in range(1, len(best)):  # max() of two keeps the first one where either is nan, as in CUAD's scorer
        best[place] = max(best[place - 1], best[place])
    return np.array(best[::-1]), recalls


def _precision_at(recall: float, statistics: Floats, weights: Floats, *, ends_before: int) -> float:
    precisions, recalls = _curve(statistics, weights)
    if np.isnan(recalls).any():
        return float("nan")
    last = len(recalls) - ends_before
    reached = np.flatnonzero(recalls[:last] >= recall)
    return float(precisions[reached[0]]) if len(reached) else 0.0


def _best_of(truth: Truth, predicted: Given, score: Callable[[str, str], float]) -> Floats:
    check_rows(truth, predicted)
    rows = []
    for true, given in zip(truth, predicted, strict=True):
        texts = [text for _, _, text in true.answers] or [""]
        rows.append((max(score(text, given.best) for text in texts), 1.0))
    return table(rows, 2)


def _squad_words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def _squad_f1(true: str, given: str) -> float:
    one, other = Counter(_squad_words(true)), Counter(_squad_words(given))
    if not one or not other:
        return float(one == other)
    return 2 * (one & other).total() / (one.total() + other.total())


def _share_words(one: str, other: str) -> float:
    first, second = (set(text.translate(_CUAD_LEFT_OUT).lower().split()) for text in (one, other))
    return len(first & second) / len(first | second) if first | second else 0.0


def _share_characters(one: Place, other: Place) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / (max(one[1], other[1]) - min(one[0], other[0])) if shared > 0 else 0.0
