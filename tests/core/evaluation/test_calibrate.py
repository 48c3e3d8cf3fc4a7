"""The temperature is the one that makes log-loss lowest, and it repairs logits that were stretched."""

import numpy as np
import pytest
from acclimate.evaluation import best_temperature, row_losses
from scipy.special import expit, log_softmax, softmax


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
    temperature, loss = best_temperature(logits * 3, truth)
    # As if each row were 1 / 202 of another class.
    target = np.where(np.arange(3) == truth[:, None], 201 / 202, 1 / 404)

    def smoothed(by: float) -> float:
        return float(-(target * log_softmax(logits * 3 / by, axis=1)).sum(axis=1).mean())

    assert all(smoothed(temperature) <= smoothed(other) + 1e-6 for other in np.geomspace(0.06, 19, 200))
    plain = -log_softmax(logits * 3 / temperature, axis=1)[np.arange(200), truth]
    assert loss == pytest.approx(plain.mean())
    np.testing.assert_allclose(row_losses(logits * 3 / temperature, truth), plain)


def test_several_labels_share_one_temperature() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(3000, 4)) * 2
    truth = (random.random((3000, 4)) < expit(logits)).astype(np.int8)
    temperature, loss = best_temperature(logits * 2.5, truth)
    assert temperature == pytest.approx(2.5, rel=0.08)
    plain = -np.log(np.where(truth, expit(logits * 2.5 / temperature), expit(-logits * 2.5 / temperature)))
    assert loss == pytest.approx(plain.mean())
    np.testing.assert_allclose(row_losses(logits * 2.5 / temperature, truth), plain.mean(axis=1))


@pytest.mark.parametrize("rows", [10, 50, 400])
def test_few_rows_that_are_all_right_make_no_model_sure_of_everything(rows: int) -> None:
    """So many right rows prove an error of about 1 / rows at most, and the model claims no less."""
    truth = np.arange(rows) % 2
    logits = np.eye(2)[truth] * 3
    temperature, _ = best_temperature(logits, truth)
    surest = softmax(logits / temperature, axis=1).max()
    assert 1 - surest == pytest.approx(1 / (rows + 2), rel=0.02)
