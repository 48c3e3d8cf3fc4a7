"""Cosines and BM25 as one ranking, only where validation queries say so."""

import numpy as np
from acclimate.evaluation import choose_fusion, fuse


def test_a_weight_of_0_and_1_rank_by_one_of_both_and_the_rest_between() -> None:
    dense, words = np.array([[0.2, 0.9, -0.1]]), np.array([[4.0, 0.0, 2.0]])
    np.testing.assert_allclose(fuse(dense, words, 0.0), dense)
    np.testing.assert_allclose(fuse(dense, words, 1.0), [[1.0, 0.0, 0.5]])
    np.testing.assert_allclose(fuse(dense, words, 0.5), [[0.6, 0.45, 0.2]])


def test_what_may_not_be_found_stays_out_and_scales_nothing() -> None:
    dense, words = np.array([[0.2, -np.inf, 0.1]]), np.array([[1.0, 50.0, 2.0]])
    np.testing.assert_allclose(fuse(dense, words, 0.5), [[0.35, -np.inf, 0.55]])


def test_queries_without_known_words_are_ranked_by_cosines() -> None:
    found = fuse(np.array([[0.1, 0.3]]), np.zeros((1, 2)), 0.5)
    assert found.argmax() == 1


def test_a_gain_that_may_be_chance_changes_nothing_and_a_sure_one_does() -> None:
    random = np.random.default_rng(0)
    noise = random.normal(0.01, 0.5, 200)
    assert choose_fusion(lambda weight: noise * weight).weight == 0.0
    sure = random.normal(0.2, 0.1, 200)
    chosen = choose_fusion(lambda weight: sure * weight * (1 - weight))
    assert chosen.weight == 0.5
    assert chosen.gain > 1.96 * chosen.error
    assert choose_fusion(lambda weight: -sure * weight).weight == 0.0
