"""The temperature is the one that makes log-loss lowest, and it repairs logits that were stretched."""

import numpy as np
import pytest
from acclimate.evaluation import best_temperature
from scipy.special import log_softmax, softmax


def drawn(classes: int, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Draw calibrated logits: each truth comes from the very probabilities."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(rows, classes)) * 2
    truth = np.array([random.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return logits, truth


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("stretch", [0.5, 1.0, 4.0])
def test_stretched_logits_are_cooled_by_as_much(classes: int, stretch: float) -> None:
    logits, truth = drawn(classes)
    temperature, _ = best_temperature(logits * stretch, truth)
    assert temperature == pytest.approx(stretch, rel=0.08)


def test_no_temperature_on_a_fine_grid_is_better() -> None:
    logits, truth = drawn(3, rows=200)
    _, loss = best_temperature(logits * 3, truth)
    for temperature in np.geomspace(0.06, 19, 200):
        other = -log_softmax(logits * 3 / temperature, axis=1)[np.arange(200), truth].mean()
        assert loss <= other + 1e-6


def test_logits_that_are_always_right_keep_a_finite_temperature() -> None:
    truth = np.arange(20) % 2
    temperature, loss = best_temperature(np.eye(2)[truth], truth)
    assert 0.04 < temperature < 1
    assert np.isfinite(loss)
