"""Isotonic curves are scikit-learn's, repair what no temperature can, and promise no certainty."""

import numpy as np
import pytest
from acclimate.evaluation import Steps, best_temperature, follow, improves, isotonic, row_losses
from scipy.special import expit, logit, logsumexp, softmax
from sklearn.isotonic import IsotonicRegression


def drawn(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits [rows, classes] whose softmax is right, and the truth that they drew."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * 2
    return logits, np.array([rng.choice(classes, p=row) for row in softmax(logits, axis=1)])


def distorted(logits: np.ndarray) -> np.ndarray:
    """Return logits that are too sure on one side and not sure enough on the other, in the same order."""
    odds = logits[:, 1] - logits[:, 0]
    return np.stack([np.zeros(len(odds)), np.where(odds > 0, odds * 4, odds / 3) - 2], axis=1)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_probabilities_are_those_of_isotonic_regressions_of_each_label_against_the_rest(classes: int) -> None:
    logits, truth = drawn(1200, classes, seed=classes)
    new, _ = drawn(300, classes, seed=9)
    new[0], new[1] = 50.0 * np.eye(classes)[0], 50.0 * np.eye(classes)[1]
    odds, new_odds = (each - logsumexp_of_the_rest(each) for each in (logits, new))
    floor = 1 / 1202
    expected = np.stack(
        [
            IsotonicRegression(y_min=floor, y_max=1 - floor, out_of_bounds="clip")
            .fit(odds[:, k], truth == k)
            .predict(new_odds[:, k])
            for k in range(classes)
        ],
        axis=1,
    )
    expected = np.stack([1 - expected[:, 1], expected[:, 1]], 1) if classes == 2 else expected
    expected /= expected.sum(axis=1, keepdims=True)
    found = softmax(follow(isotonic(logits, truth), new, several=False), axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.min() > 0


def logsumexp_of_the_rest(logits: np.ndarray) -> np.ndarray:
    others = ~np.eye(logits.shape[1], dtype=bool)
    return np.stack([logsumexp(logits[:, other], axis=1) for other in others], axis=1)


def test_each_of_several_labels_has_its_own_curve() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(1500, 3)) * 2
    truth = (rng.random((1500, 3)) < expit(logits)).astype(np.int8)
    found = expit(follow(isotonic(logits, truth), logits, several=True))
    for k in range(3):
        expected = IsotonicRegression(y_min=1 / 1502, y_max=1 - 1 / 1502).fit_transform(logits[:, k], truth[:, k])
        np.testing.assert_allclose(found[:, k], expected, atol=1e-9)


def test_new_rows_of_a_model_that_is_wrong_in_a_way_no_temperature_mends_have_a_lower_log_loss() -> None:
    logits, truth = drawn(2000, 2, seed=1)
    new, new_truth = drawn(4000, 2, seed=2)
    temperature, _ = best_temperature(distorted(logits), truth)
    cooled = row_losses(distorted(new) / temperature, new_truth).mean()
    curved = row_losses(follow(isotonic(distorted(logits), truth), distorted(new), several=False), new_truth).mean()
    best = row_losses(new, new_truth).mean()
    assert curved < cooled - 0.02
    assert curved < best + 0.02
    assert improves(distorted(logits) / temperature, truth, None, seed=0)


@pytest.mark.parametrize("grouped", [False, True])
def test_a_model_that_is_right_is_not_said_to_gain(grouped: bool) -> None:
    for seed in range(5):
        logits, truth = drawn(1500, 2, seed=seed)
        groups = [str(row // 3) for row in range(1500)] if grouped else None
        assert not improves(logits, truth, groups, seed=0)


def test_all_right_rows_give_no_certainty() -> None:
    score = np.linspace(-3, 3, 1000)
    logits = np.stack([-score / 2, score / 2], axis=1)
    [curve] = isotonic(logits, (score > 0).astype(np.int64))
    assert curve.probabilities[0] == pytest.approx(1 / 1002)
    assert curve.probabilities[-1] == pytest.approx(1001 / 1002)
    certain = np.array([[-40.0, 40.0]])
    assert softmax(follow([curve], certain, several=False))[0, 1] == pytest.approx(1001 / 1002)


def test_a_curve_is_level_beyond_its_ends_and_straight_between_its_points() -> None:
    curve = Steps(scores=(0.0, 1.0, 3.0), probabilities=(0.1, 0.1, 0.5))
    np.testing.assert_allclose(curve.at(np.array([-9.0, 0.5, 2.0, 9.0])), [0.1, 0.1, 0.3, 0.5])
    np.testing.assert_allclose(follow([curve], np.array([[2.0]]), several=True), [[logit(0.3)]])
