"""Decision curves against the definition counted row by row, against theory, and against what groups must do."""

from fractions import Fraction

import numpy as np
import pytest
from acclimate.evaluation import decision_curve, for_prevalence
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.505, 0.8, 1.0])), min_size=2)


def simulated(rows: int, *, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and the exact probability of it, from scores of two normal laws."""
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < share
    score = rng.normal(size=rows) + 2.0 * positive
    return positive, posterior(score, share)


def posterior(score: np.ndarray, share: float) -> np.ndarray:
    right, wrong = share * norm.pdf(score - 2.0), (1 - share) * norm.pdf(score)
    return right / (right + wrong)


def test_worked_by_hand() -> None:
    """Of ten rows four are positive; from 0.2 on three of them are flagged, and two others: 3/10 - 2/10 / 4."""
    probability = np.array([0.9, 0.8, 0.2, 0.1, 0.7, 0.3, 0.1, 0.1, 0.0, 0.15])
    curve = decision_curve("sick", np.arange(10) < 4, probability)
    assert curve is not None
    assert (curve.label, curve.share) == ("sick", 0.4)
    point = curve.points[19]
    assert point.threshold == pytest.approx(0.2)
    assert point.model.value == pytest.approx(0.25)
    assert point.all == pytest.approx(0.4 - 0.6 / 4)
    assert point.gain.value == pytest.approx(0.0)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.sampled_from([None, 0.3]))
def test_every_point_is_the_definition_counted_row_by_row(
    rows: list[tuple[bool, float]], prevalence: float | None
) -> None:
    positive, probability = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    curve = decision_curve("sick", positive, probability, prevalence=prevalence)
    if positive.all() or not positive.any():
        assert curve is None
        return
    assert curve is not None
    share = positive.mean() if prevalence is None else prevalence
    for point in curve.points:
        flagged = probability >= point.threshold
        tp, fn = (positive & flagged).sum(), (positive & ~flagged).sum()
        fp, tn = (~positive & flagged).sum(), (~positive & ~flagged).sum()
        odds = point.threshold / (1 - point.threshold)
        expected = share * tp / (tp + fn) - (1 - share) * fp / (fp + tn) * odds
        assert point.model.value == pytest.approx(expected, abs=1e-9)
        assert point.all == pytest.approx(share - (1 - share) * odds, abs=1e-9)
        assert point.gain.value == pytest.approx(expected - max(0.0, share - (1 - share) * odds), abs=1e-9)
        assert point.model.low <= point.model.value <= point.model.high


def test_thresholds_lie_where_rare_rows_are_flagged() -> None:
    positive, probability = simulated(2000, share=0.3)
    curve = decision_curve("sick", positive, probability)
    assert curve is not None
    assert [point.threshold for point in curve.points] == pytest.approx([k / 100 for k in range(1, 100)])
    rare = decision_curve("sick", positive, for_prevalence(probability, 0.3, 0.01), prevalence=0.01)
    assert rare is not None
    assert rare.points[-1].threshold == pytest.approx(0.1)
    assert rare.share == 0.01


def test_the_band_holds_the_true_net_benefit_as_often_as_it_says() -> None:
    threshold, share = 0.2, 0.3
    cut = 1.0 + np.log((1 - share) / share * threshold / (1 - threshold)) / 2.0  # the score with that posterior
    true = share * norm.sf(cut - 2.0) - (1 - share) * norm.sf(cut) * threshold / (1 - threshold)
    held = 0
    for seed in range(60):
        curve = decision_curve("sick", *simulated(100, share=share, seed=seed), seed=seed)
        assert curve is not None
        held += curve.points[19].model.low <= true <= curve.points[19].model.high
    assert 53 <= held <= 60


def test_probabilities_moved_to_another_mix_are_bayes_theorem() -> None:
    score = np.linspace(-3, 5, 50)
    np.testing.assert_allclose(for_prevalence(posterior(score, 0.4), 0.4, 0.03), posterior(score, 0.03), rtol=1e-9)


def test_a_good_model_is_better_where_its_gain_is_clear_and_a_coin_nowhere() -> None:
    positive, probability = simulated(1000, share=0.3)
    curve = decision_curve("sick", positive, probability)
    assert curve is not None
    clear = [point.threshold for point in curve.points if point.gain.low > 0]
    inside = [t for t in clear if any(low <= t <= high for low, high in curve.better)]
    assert clear == inside
    assert any(low < 0.3 < high for low, high in curve.better)
    others = [point.threshold for point in curve.points if not point.gain.low > 0]
    assert not any(low <= t <= high for t in others for low, high in curve.better)
    coin = decision_curve("sick", positive, np.random.default_rng(1).random(1000))
    assert coin is not None
    assert not coin.better


def test_a_model_that_flags_all_rows_is_worth_what_flagging_all_is() -> None:
    positive, _ = simulated(100, share=0.3)
    curve = decision_curve("sick", positive, np.ones(100))
    assert curve is not None
    assert not curve.better
    assert all(point.model.value == point.all for point in curve.points)
    assert all(point.gain.high <= 0 for point in curve.points)


def test_rows_said_four_times_over_have_the_bands_of_their_groups() -> None:
    positive, probability = simulated(60, share=0.3)
    one = decision_curve("sick", positive, probability)
    groups = [str(row) for row in range(60)] * 4
    four = decision_curve("sick", np.tile(positive, 4), np.tile(probability, 4), groups=groups)
    naive = decision_curve("sick", np.tile(positive, 4), np.tile(probability, 4))
    assert one is not None
    assert four is not None
    assert naive is not None

    def width(curve: object) -> float:
        return float(np.mean([point.model.high - point.model.low for point in curve.points[:50]]))  # type: ignore[attr-defined]

    assert width(four) == pytest.approx(width(one), rel=0.1)
    assert width(naive) == pytest.approx(width(one) / 2, rel=0.15)


def test_a_single_group_has_no_band() -> None:
    positive, probability = simulated(50, share=0.3)
    curve = decision_curve("sick", positive, probability, groups=["a"] * 50)
    assert curve is not None
    assert all(np.isnan(point.model.low) for point in curve.points)
    assert not curve.better


def test_a_share_is_counted_and_not_rounded() -> None:
    curve = decision_curve("sick", np.arange(7) < 3, np.full(7, 0.5))
    assert curve is not None
    assert Fraction(curve.share).limit_denominator(10) == Fraction(3, 7)
