"""Scores of being in scope against their definitions, and the threshold that keeps a share against every other."""

import math

import numpy as np
import pytest
from acclimate.evaluation import SCOPE_SCORES, area, retention_threshold
from acclimate.evaluation.delong import area_interval, grouped_area_interval
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score


def test_scores_are_those_of_their_papers() -> None:
    logits = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
    for row, energy, probability in zip(
        logits, SCOPE_SCORES["energy"](logits), SCOPE_SCORES["max_probability"](logits), strict=True
    ):
        total = sum(math.exp(each) for each in row)
        assert energy == pytest.approx(math.log(total))
        assert probability == pytest.approx(math.exp(max(row)) / total)


def test_energy_tells_a_row_that_fits_no_class_from_one_that_fits_two() -> None:
    of_none, of_two = np.array([[0.0, 0.0, -9.0]]), np.array([[8.0, 8.0, -1.0]])
    found = {name: (score(of_none)[0], score(of_two)[0]) for name, score in SCOPE_SCORES.items()}
    assert found["energy"][1] - found["energy"][0] == pytest.approx(8, abs=1e-3)
    assert found["max_probability"][1] == pytest.approx(found["max_probability"][0], abs=1e-3)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.999]))
def test_the_threshold_is_the_highest_that_keeps_the_share(values: list[int], retention: float) -> None:
    scores = np.array(values, dtype=np.float64)
    kept = scores >= retention_threshold(scores, retention)
    assert kept.mean() >= retention - 1e-12
    higher = scores > scores[kept].min()
    assert higher.mean() < retention, "a higher one would keep too few"
    assert not np.isin(retention_threshold(scores, retention), scores), "it lies between two rows"


def test_an_area_has_the_interval_of_its_rows() -> None:
    draw = np.random.default_rng(2)
    positive = draw.random(60) < 0.4
    score = draw.normal(size=60) + positive
    alone = area(positive, score)
    assert alone.value == pytest.approx(roc_auc_score(positive, score))
    assert (alone.low, alone.high) == area_interval(positive, score)
    groups = [str(number // 3) for number in range(60)]
    assert (area(positive, score, groups).low, area(positive, score, groups).high) == grouped_area_interval(
        positive, score, groups
    )
