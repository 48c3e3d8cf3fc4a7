"""Scores of models that write, against sums by hand."""

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import language, totals


def test_perplexity_is_e_to_the_loss_of_a_token_not_a_mean_of_rows() -> None:
    statistics = language.token_statistics([1, 3], [2.0, 3.0])
    weights = np.ones(2)
    assert totals.ratio(statistics, weights) == pytest.approx(5 / 4)
    assert language.perplexity(statistics, weights) == pytest.approx(np.exp(5 / 4))
    assert language.perplexity(statistics, np.array([2.0, 0.0])) == pytest.approx(np.exp(2))


def test_stopped_and_overlong_answers_are_counted() -> None:
    assert language.stop_statistics([True] * 3, [True, False, True]).tolist() == [[1, 1], [0, 1], [1, 1]]
    found = language.over_length_statistics(["two words", "one"], ["now four words here", "now three words"])
    assert found[:, 0].tolist() == [0, 1]


def test_rows_that_disagree_in_number_are_refused() -> None:
    with pytest.raises(DataError, match="one prediction for each row"):
        language.token_statistics([1], [1.0, 2.0])
