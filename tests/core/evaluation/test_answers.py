"""Answers are scored as SQuAD and CUAD define it, which is written down here a second time, and by their place."""

import math
import re
import string
from collections.abc import Sequence

import numpy as np
import pytest
from acclimate.evaluation import GivenAnswers, PassageSearch, TrueAnswers, best_answer_threshold
from acclimate.evaluation import answers as scorer
from acclimate.evaluation.passages import passages_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc

WORDS = ["The", "Payer", "shall", "pay", "and/or", "transfer", "30%", "net;", "of", "tax.", "to", "Seller,"]
TEXT = " ".join(WORDS * 3)


def drawn(seed: int, rows: int = 9) -> tuple[list[TrueAnswers], list[GivenAnswers]]:
    """Return questions with up to three answers, and up to five given ones, some of them the same words elsewhere."""
    rng = np.random.default_rng(seed)
    starts = [match.start() for match in re.finditer(r"\S+", TEXT)]
    ends = [match.end() for match in re.finditer(r"\S+", TEXT)]

    def some(count: int) -> list[tuple[int, int, str]]:
        found = []
        for _ in range(count):
            first = int(rng.integers(len(starts)))
            last = min(len(starts) - 1, first + int(rng.integers(5)))
            found.append((starts[first], ends[last], TEXT[starts[first] : ends[last]]))
        return found

    truth, predicted = [], []
    for row in range(rows):
        answers = some(int(rng.integers(4)))
        near = [answer for answer in answers if rng.random() < 0.6]
        ranked = [*near, *some(int(rng.integers(4)))]
        sure = np.sort(np.round(rng.random(len(ranked)), 2))[::-1]
        name = f"{row}__Parties" if rng.random() < 0.3 else f"{row}__Cap"
        truth.append(TrueAnswers(id=name, answers=tuple(answers)))
        predicted.append(
            GivenAnswers(ranked=tuple(ranked), probabilities=tuple(sure.tolist()), given=int((sure >= 0.5).sum()))
        )
    return truth, predicted


def cuad_by_definition(truth: Sequence[TrueAnswers], predicted: Sequence[GivenAnswers]) -> dict[str, float]:
    """Return CUAD's three scores as its published scorer defines them, one threshold and one answer at a time."""

    def words(text: str) -> set[str]:
        return set(re.sub(r"[.,;:]", "", text).lower().replace("/", " ").split())

    def match(id: str, answer: str, given: str) -> bool:
        shared, either = words(answer) & words(given), words(answer) | words(given)
        return len(shared) / len(either) >= 0.5 or ("Parties" in id and answer in given)

    precisions, recalls = [1.0], [0.0]
    for level in [*np.arange(0.99, 0, -0.01).tolist(), 0.001, 0]:
        right = wrong = missed = 0
        for true, own_given in zip(truth, predicted, strict=True):
            named: dict[str, float] = {}
            for (_, _, text), sure in zip(own_given.ranked, own_given.probabilities, strict=True):
                named[text] = sure
            shown = [text for text, sure in named.items() if sure > level]
            own = [text for _, _, text in true.answers]
            hit = sum(any(match(true.id, answer, text) for text in shown) for answer in own)
            right, missed = right + hit, missed + len(own) - hit
            wrong += sum(not any(match(true.id, answer, text) for answer in own) for text in shown)
        precisions.append(right / (right + wrong) if right + wrong else math.nan)
        recalls.append(right / (right + missed) if right + missed else math.nan)
    smooth = precisions[::-1]
    for place in range(1, len(smooth)):
        smooth[place] = max(smooth[place - 1], smooth[place])
    smooth = smooth[::-1]
    area = float(auc(recalls, smooth))
    found = {"cuad_aupr": 0.0 if math.isnan(area) else area}
    for name, wanted in (("cuad_precision_at_80_recall", 0.8), ("cuad_precision_at_90_recall", 0.9)):
        # It walks along as many points as there are thresholds, which is one less than there are points.
        pairs = list(zip(smooth, recalls, strict=True))[:101]
        found[name] = next((precision for precision, recall in pairs if recall >= wanted), 0.0)
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_cuad_is_scored_as_its_scorer_scores_it(seed: int) -> None:
    truth, predicted = drawn(seed)
    if not any(true.answers for true in truth):
        return
    statistics = scorer.cuad_statistics(truth, predicted)
    for name, expected in cuad_by_definition(truth, predicted).items():
        assert getattr(scorer, name)(statistics, np.ones(len(truth))) == pytest.approx(expected, abs=1e-12), name


def one(
    answers: Sequence[tuple[int, int]], ranked: Sequence[tuple[int, int, float]], text: str = TEXT, id: str = "q"
) -> tuple[list[TrueAnswers], list[GivenAnswers]]:
    true = TrueAnswers(id=id, answers=tuple((a, b, text[a:b]) for a, b in answers))
    given_ = GivenAnswers(
        ranked=tuple((a, b, text[a:b]) for a, b, _ in ranked),
        probabilities=tuple(p for _, _, p in ranked),
        given=sum(p >= 0.5 for _, _, p in ranked),
    )
    return [true], [given_]


def test_the_same_words_elsewhere_are_right_for_cuad_and_wrong_by_place() -> None:
    text = "Acme Inc pays. Acme Inc signs."
    rows = one([(0, 8)], [(15, 23, 0.9)], text)
    ones = np.ones(1)
    assert scorer.cuad_aupr(scorer.cuad_statistics(*rows), ones) == 1.0
    assert scorer.cuad_aupr(scorer.place_statistics(*rows), ones) == 0.0
    assert scorer.given_statistics(*rows).tolist() == [[0, 1, 1]]


def test_a_part_counts_for_parties_alone() -> None:
    text = "between Acme Inc and Borealis Ltd, each a company"
    for id, expected in (("c__Parties", 1.0), ("c__Insurance", 0.0)):
        rows = one([(8, 16)], [(0, len(text), 0.9)], text, id)
        assert scorer.cuad_aupr(scorer.cuad_statistics(*rows), np.ones(1)) == expected


def test_precision_at_a_recall_that_is_reached_at_the_very_last_is_0_for_cuad_alone() -> None:
    rows = one([(0, 3)], [(0, 3, 0.0005)])
    ones = np.ones(1)
    assert scorer.cuad_precision_at_80_recall(scorer.cuad_statistics(*rows), ones) == 0.0
    assert scorer.place_precision_at_80_recall(scorer.place_statistics(*rows), ones) == 1.0
    assert scorer.place_precision_at_90_recall(scorer.place_statistics(*one([(0, 3)], [])), ones) == 0.0


def test_several_answers_for_one_true_one_are_right_and_each_true_one_counts() -> None:
    rows = one([(0, 10), (40, 50)], [(0, 10, 0.9), (1, 9, 0.8), (60, 70, 0.7), (40, 50, 0.2)])
    assert scorer.given_statistics(*rows).tolist() == [[1, 2, 2]]


def test_places_match_where_half_of_their_characters_are_shared() -> None:
    for given_place, expected in (
        ((0, 10), 1),
        ((0, 20), 1),
        ((0, 21), 0),
        ((5, 10), 1),
        ((6, 10), 0),
        ((10, 20), 0),
    ):
        (row,) = scorer.given_statistics(*one([(0, 10)], [(*given_place, 0.9)]))
        assert row[0] == expected, given_place


def squad_words(text: str) -> list[str]:
    plain = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", plain).split()


@pytest.mark.parametrize(
    ("answers", "given_text", "exact", "f1"),
    [
        (["The Payer"], "payer.", 1, 1),
        (["net of tax"], "tax net", 0, 0.8),
        (["30 days", "thirty (30) days"], "thirty 30 days", 1, 1),
        (["30 days"], "", 0, 0),
        ([], "30 days", 0, 0),
        ([], "", 1, 1),
        (["the"], "a", 1, 1),
        (["pay pay"], "pay", 0, 2 / 3),
    ],
)
def test_squad_is_scored_by_its_definition(answers: list[str], given_text: str, exact: float, f1: float) -> None:
    truth = [TrueAnswers(id="q", answers=tuple((0, len(text), text) for text in answers))]
    ranked = ((0, len(given_text), given_text),) if given_text else ()
    predicted = [GivenAnswers(ranked=ranked, probabilities=(0.9,) * len(ranked), given=len(ranked))]
    assert scorer.squad_em_statistics(truth, predicted).tolist() == [[exact, 1]]
    assert scorer.squad_f1_statistics(truth, predicted)[0, 0] == pytest.approx(f1)
    assert float(any(squad_words(text) == squad_words(given_text) for text in answers or [""])) == exact


def test_what_is_not_given_is_not_present_for_squad() -> None:
    truth, predicted = one([], [(0, 3, 0.4)])
    assert scorer.squad_em_statistics(truth, predicted).tolist() == [[1, 1]]
    assert scorer.presence_statistics(truth, predicted).tolist() == [[1, 1]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_threshold_has_the_best_f1_of_all_thresholds(seed: int) -> None:
    truth, predicted = drawn(seed)
    threshold, f1 = best_answer_threshold(truth, predicted)

    def at(level: float) -> float:
        cut = [
            GivenAnswers(
                ranked=g.ranked, probabilities=g.probabilities, given=sum(p >= level for p in g.probabilities)
            )
            for g in predicted
        ]
        right, given_, true = scorer.given_statistics(truth, cut).sum(axis=0)
        return 2 * right / (given_ + true) if given_ + true else 0.0

    tried = {level: at(level) for level in {p for g in predicted for p in g.probabilities}}
    assert f1 == pytest.approx(max(tried.values(), default=0.0))
    if f1:
        assert at(threshold) == pytest.approx(f1)
        least = max(level for level, value in tried.items() if value == pytest.approx(f1))
        assert threshold == pytest.approx((least + max([level for level in tried if level < least], default=0)) / 2)


def test_the_threshold_keeps_away_from_what_it_tells_apart() -> None:
    rows = one([(0, 10), (20, 30)], [(0, 10, 0.9), (20, 30, 0.8), (40, 50, 0.2)])
    assert best_answer_threshold(*rows) == (pytest.approx(0.5), 1.0)


def test_nothing_right_leaves_the_threshold_at_a_half() -> None:
    assert best_answer_threshold(*one([(0, 5)], [(30, 40, 0.9)])) == (0.5, 0.0)
    assert best_answer_threshold(*one([(0, 5)], [])) == (0.5, 0.0)


def test_passages_are_sentences_and_lines_without_the_space_around_them() -> None:
    text = "1. Payer pays.  Seller\n\n  signs; then all ends"
    assert [text[start:end] for start, end in passages_of(text)] == [
        "1.", "Payer pays.", "Seller", "signs;", "then all ends",
    ]  # fmt: skip
    assert passages_of(" \n ") == []


def test_the_nearest_passage_is_like_the_answers_of_training() -> None:
    texts = ["This deed binds all. Acme shall indemnify Bob.", "Notices go by mail. Cygnus shall indemnify Edna."]
    search = PassageSearch(texts, {"who is covered": ["Acme shall indemnify Bob.", "Cygnus shall indemnify Edna."]})
    text = "Notices bind. Delta shall indemnify Carla. This deed ends."
    (found,) = search.find(text, ["who is covered"])
    assert text[found[0][0] : found[0][1]] == "Delta shall indemnify Carla."
    assert [near for _, _, near in found] == sorted((near for _, _, near in found), reverse=True)
