"""ROUGE is that of Google's rouge-score; exact answers go by a table."""

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation.generation import (
    exact_match_statistics,
    rouge_1_statistics,
    rouge_2_statistics,
    rouge_l_statistics,
    rouge_n_statistics,
)
from hypothesis import example, given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

ROUGE = {"rouge1": rouge_1_statistics, "rouge2": rouge_2_statistics, "rougeL": rouge_l_statistics}
WORDS = st.lists(st.sampled_from(["net", "sales", "rose", "5", "Sales", "the-margin", "3.5%", "fell,"]), max_size=70)
TEXTS = WORDS.map(" ".join)


@given(TEXTS, TEXTS)
@example("", "")
@example("net sales rose", "")
def test_rouge_is_that_of_rouge_score(true: str, written: str) -> None:
    expected = RougeScorer(list(ROUGE), use_stemmer=False).score(true, written)
    for name, statistics in ROUGE.items():
        assert statistics([true], [written])[0].tolist() == [pytest.approx(expected[name].fmeasure, abs=1e-12), 1]


@given(TEXTS, TEXTS, TEXTS)
def test_of_several_references_the_best_counts(one: str, other: str, written: str) -> None:
    expected = RougeScorer(list(ROUGE), use_stemmer=False).score_multi([one, other], written)
    for name, statistics in ROUGE.items():
        found = statistics([(one, other)], [written])[0, 0]
        assert found == pytest.approx(expected[name].fmeasure, abs=1e-12)


def test_the_example_of_lin() -> None:
    """Lin 2004, section 3.1: of "police killed the gunman", S2 shares three words in order, and S3 two."""
    reference = "police killed the gunman"
    found = rouge_l_statistics([reference] * 2, ["police kill the gunman", "the gunman kill police"])
    assert found[:, 0].tolist() == [0.75, 0.5]
    assert rouge_2_statistics([reference], ["the gunman police killed"])[0, 0] == pytest.approx(2 / 3)


def test_words_of_any_script_are_words() -> None:
    assert rouge_1_statistics(["Umsätze stiegen"], ["die umsätze fielen"])[0, 0] == pytest.approx(2 / 5)


def test_sequences_of_three_words_are_counted_by_hand() -> None:
    assert rouge_n_statistics(["a b c d"], ["a b c x b c d"], n=3)[0, 0] == pytest.approx(2 * 2 / (2 + 5))


@pytest.mark.parametrize(
    ("true", "written", "right"),
    [
        ("Net 30 days", " net  30\ndays. ", 1),
        ("1.5", "15", 0),
        ("the rent", "rent", 0),
        ("rent, due", "rent due", 0),
        (("30", "thirty"), "Thirty", 1),
        (("30", "thirty"), "forty", 0),
        ("\ufb01ne", "fine", 1),
        ("Straße", "STRASSE", 1),
        ("", "", 1),
        ("yes", "", 0),
    ],
)
def test_an_exact_answer_differs_in_nothing_but_case_space_and_a_full_stop(true, written: str, right: int) -> None:
    assert exact_match_statistics([true], [written]).tolist() == [[right, 1]]


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (["a"], [], "found 1 rows and 0 predictions"),
        (["a", ()], ["a", "b"], "one reference text in row 1, found none"),
    ],
)
def test_rows_without_reference_or_prediction_are_refused(truth, predicted, message: str) -> None:
    for statistics in (exact_match_statistics, *ROUGE.values()):
        with pytest.raises(DataError, match=message):
            statistics(truth, predicted)


def test_statistics_are_float64() -> None:
    assert {statistics(["a"], ["a"]).dtype for statistics in (exact_match_statistics, *ROUGE.values())} == {
        np.dtype(np.float64)
    }
