"""Both solvers find the same regressions, one for each label."""

import numpy as np
import pytest
from acclimate.methods.solvers import solver_of


@pytest.mark.parametrize("kind", ["several", 2, 3])
def test_torch_and_scikit_learn_agree_on_the_same_c(kind: str | int) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 6))
    logits = x @ random.normal(size=(6, 4)) + random.logistic(size=(200, 4))
    truth = (logits > 1).astype(np.int8) if kind == "several" else logits[:, : int(kind)].argmax(axis=1)
    classes = 4 if kind == "several" else int(kind)
    one, other = (
        solver_of(name, classes, multilabel=kind == "several").solve(x, truth, c=0.1, tolerance=1e-7)  # type: ignore[arg-type]
        for name in ("sklearn", "torch")
    )
    np.testing.assert_allclose(one[0], other[0], atol=1e-4)
    np.testing.assert_allclose(one[1], other[1], atol=1e-4)


def test_a_label_that_no_row_or_every_row_has_gets_a_constant() -> None:
    x, truth = np.eye(4), np.array([[0, 1, 1], [0, 1, 0], [0, 1, 1], [0, 1, 0]], dtype=np.int8)
    for name in ("sklearn", "torch"):
        weight, bias = solver_of(name, 3, multilabel=True).solve(x, truth, c=1, tolerance=1e-4)  # type: ignore[arg-type]
        assert bias[:2].tolist() == [-20, 20]
        assert not weight[:2].any()
        assert weight[2].any()
