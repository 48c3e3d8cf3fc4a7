"""Confident learning by its definition, and planted errors found."""

import numpy as np
import pytest
from acclimate.evaluation import suspects
from scipy.special import softmax


def by_definition(given: np.ndarray, probabilities: np.ndarray) -> dict[int, int]:
    """The off-diagonal rows of the confident joint, equation 1 of the paper, one row at a time."""
    classes = probabilities.shape[1]
    usual = {}
    for k in range(classes):
        mine = [probabilities[row, k] for row in range(len(given)) if given[row] == k]
        if mine:
            usual[k] = sum(mine) / len(mine)
    found = {}
    for row in range(len(given)):
        over = [k for k in usual if probabilities[row, k] >= usual[k]]
        if over:
            best = max(over, key=lambda k: probabilities[row, k])
            if best != given[row]:
                found[row] = best
    return found


@pytest.mark.parametrize("seed", range(20))
def test_suspects_are_those_of_the_definition_the_clearest_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    given = rng.integers(4, size=60)
    probabilities = softmax(rng.normal(size=(60, 5)) * 2 + 1.5 * (np.arange(5) == given[:, None]), axis=1)
    found = suspects(given, probabilities)
    assert dict(zip(found.rows.tolist(), found.likelier.tolist(), strict=True)) == by_definition(given, probabilities)
    margin = probabilities[found.rows, given[found.rows]] - probabilities[found.rows, found.likelier]
    assert (np.diff(margin) >= 0).all()


def test_labels_that_were_swapped_are_found_and_few_others() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(5, size=2000)
    probabilities = softmax(rng.normal(size=(2000, 5)) + 4 * (np.arange(5) == truth[:, None]), axis=1)
    wrong = rng.choice(2000, 100, replace=False)
    given = truth.copy()
    given[wrong] = (truth[wrong] + rng.integers(1, 5, size=100)) % 5
    found = suspects(given, probabilities)
    hits = np.isin(found.rows, wrong)
    assert hits.sum() >= 65
    assert hits[:60].mean() >= 0.97
    caught = found.rows[hits]
    assert (found.likelier[hits] == truth[caught]).mean() >= 0.97


def test_nothing_is_suspect_where_every_row_is_surely_what_it_is_said_to_be() -> None:
    truth = np.arange(30) % 3
    found = suspects(truth, 0.9 * np.eye(3)[truth] + 0.1 / 3)
    assert len(found.rows) == 0
