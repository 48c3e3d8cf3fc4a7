"""Odds other than even are taken only where validation texts tell them apart."""

import numpy as np
from acclimate.api.tagging.deciding import apart


def rows(right: int, given: int, true: int, texts: int) -> np.ndarray:
    return np.tile([right, given, true], (texts, 1)).astype(float)


def test_a_gain_on_every_text_is_told_apart_and_one_on_a_single_text_is_not() -> None:
    before, after = rows(1, 3, 3, 40), rows(2, 3, 3, 40)
    assert apart(after, before, seed=0)
    assert not apart(before, after, seed=0)
    assert not apart(before, before, seed=0)
    lucky = before.copy()
    lucky[0] = [3, 3, 3]
    assert not apart(lucky, before, seed=0)


def test_no_spans_at_all_are_no_gain() -> None:
    assert not apart(rows(0, 0, 0, 5), rows(0, 0, 0, 5), seed=0)
