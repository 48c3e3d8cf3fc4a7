"""Logistic regression at a given strength C: by scikit-learn, or by torch for all labels at once.

Both minimise |weight|² / 2 + C · (sum of the log-losses of the rows), without a penalty on the bias. Where rows may
carry several labels, the log-loss of a row is the sum over its labels, so that each label has its own regression and
C means the same with one label and with many.
"""

import warnings
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

# The logit of a label that no training row shows: e^-20 is one in half a billion.
ABSENT = -20.0
_ITERATIONS = 300


class Solver(Protocol):
    """Something that fits a linear head."""

    def solve(self, x: Array, truth: Integers, *, c: float, tolerance: float) -> tuple[Array, Array]:
        """Return weight [classes, width] and bias [classes], starting from the last solution.

        `x` is [rows, width], `truth` [rows] class indices or [rows, labels] of 0 and 1, `tolerance` the largest
        partial derivative of the mean loss at which the search ends.
        """
        ...


def solver_of(name: Literal["sklearn", "torch"], classes: int, *, multilabel: bool) -> Solver:
    """Return a new solver."""
    if name == "torch":
        return TorchLinear(classes)
    return LogisticPerLabel(classes) if multilabel else Logistic(classes)


class Logistic:
    """scikit-learn's multinomial logistic regression, for one label per row."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.model = _regression()

    def solve(self, x: Array, truth: Integers, *, c: float, tolerance: float) -> tuple[Array, Array]:
        _fit(self.model, x, truth, c, tolerance)
        coefficients, intercepts = self.model.coef_, self.model.intercept_
        if len(self.model.classes_) == 2:
            coefficients, intercepts = _split(coefficients[0], intercepts[0])
        return _spread(coefficients, intercepts, self.model.classes_, self.classes)


class LogisticPerLabel:
    """scikit-learn's logistic regression once for each label."""

    def __init__(self, classes: int) -> None:
        self.models = [_regression() for _ in range(classes)]

    def solve(self, x: Array, truth: Integers, *, c: float, tolerance: float) -> tuple[Array, Array]:
        weight = np.zeros((len(self.models), x.shape[1]))
        bias = _constant(truth)
        for label in np.flatnonzero(bias == 0):
            model = self.models[label]
            _fit(model, x, truth[:, label], c, tolerance)
            weight[label], bias[label] = model.coef_[0], model.intercept_[0]
        return weight, bias


class TorchLinear:
    """One linear layer on all labels by L-BFGS in torch, in float64: the products are shared by all labels."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.weight: torch.Tensor | None = None
        self.bias: torch.Tensor | None = None

    def solve(self, x: Array, truth: Integers, *, c: float, tolerance: float) -> tuple[Array, Array]:
        if truth.ndim == 2:
            constant = _constant(truth)
            varied = np.flatnonzero(constant == 0)
            found, bias = self._descend(x, truth[:, varied], c, tolerance)
            weight = np.zeros((self.classes, x.shape[1]))
            weight[varied], constant[varied] = found, bias
            return weight, constant
        present, index = np.unique(truth, return_inverse=True)
        if len(present) == 2:  # one regression, as scikit-learn has it
            weight, bias = self._descend(x, index[:, None], c, tolerance)
            weight, bias = _split(weight[0], bias[0])
        else:
            weight, bias = self._descend(x, index, c, tolerance)
        return _spread(weight, bias, present, self.classes)

    def _descend(self, x: Array, truth: Integers, c: float, tolerance: float) -> tuple[Array, Array]:
        """Return weight [outputs, width] and bias [outputs] where the mean loss has no slope above `tolerance`."""
        inputs = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))
        target = torch.from_numpy(truth.astype(np.float64 if truth.ndim == 2 else np.int64))
        outputs = truth.shape[1] if truth.ndim == 2 else int(truth.max()) + 1
        weight, bias = self._start(outputs, x.shape[1])
        optimizer = torch.optim.LBFGS(
            [weight, bias],
            max_iter=_ITERATIONS,
            tolerance_grad=tolerance,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )

        def loss() -> torch.Tensor:
            optimizer.zero_grad()
            logits = inputs @ weight.T + bias
            if target.ndim == 2:
                fit = binary_cross_entropy_with_logits(logits, target, reduction="sum")
            else:
                fit = cross_entropy(logits, target, reduction="sum")
            total = (fit + weight.square().sum() / (2 * c)) / len(inputs)
            torch.autograd.backward(total)
            return total

        optimizer.step(loss)  # type: ignore[no-untyped-call]
        self.weight, self.bias = weight.detach(), bias.detach()
        return self.weight.numpy().copy(), self.bias.numpy().copy()

    def _start(self, outputs: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        if self.weight is None or self.bias is None or self.weight.shape != (outputs, width):
            self.weight, self.bias = torch.zeros(outputs, width).double(), torch.zeros(outputs).double()
        return self.weight.clone().requires_grad_(), self.bias.clone().requires_grad_()


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=_ITERATIONS, warm_start=True)


def _fit(model: Any, x: Array, truth: Integers, c: float, tolerance: float) -> None:
    from sklearn.exceptions import ConvergenceWarning

    model.set_params(C=c, tol=tolerance)
    with warnings.catch_warnings():
        # At a large C the solution may lie at infinity; log-loss on held-out rows then decides against that C.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, truth)


def _split(weight: Array, bias: float) -> tuple[Array, Array]:
    """Return one regression between two classes as weight [2, width] and bias [2], half for each."""
    return np.vstack([-weight / 2, weight / 2]), np.array([-bias / 2, bias / 2])


def _spread(weight: Array, bias: Array, present: Integers, classes: int) -> tuple[Array, Array]:
    """Return weight [classes, width] and bias [classes]; classes that were not seen get a bias of -20."""
    whole, biases = np.zeros((classes, weight.shape[1])), np.full(classes, ABSENT)
    whole[present], biases[present] = weight, bias
    return whole, biases


def _constant(truth: Integers) -> Array:
    """Return the bias [labels] of labels that no row has (-20) or every row has (20); 0 for all others."""
    share = truth.mean(axis=0)
    return np.where(share == 0, ABSENT, np.where(share == 1, -ABSENT, 0.0))
