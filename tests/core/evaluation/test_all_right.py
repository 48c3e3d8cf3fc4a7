"""Where all rows are right the bounds leave room for mistakes that new rows may show."""

from collections.abc import Callable

import numpy as np
import pytest
from acclimate.evaluation import accuracy, all_right, macro_f1, mcc, metrics, score
from acclimate.evaluation.proportions import wilson
from scipy.stats import beta
from sklearn.metrics import cohen_kappa_score, f1_score, matthews_corrcoef

FORMULAS = {
    "macro_f1": (metrics.macro_f1, all_right.macro_f1_interval),
    "weighted_f1": (metrics.weighted_f1, all_right.weighted_f1_interval),
    "mcc": (metrics.mcc, all_right.mcc_interval),
    "quadratic_kappa": (metrics.quadratic_kappa, all_right.quadratic_kappa_interval),
}
REFERENCES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "macro_f1": lambda truth, given: f1_score(truth, given, average="macro"),
    "weighted_f1": lambda truth, given: f1_score(truth, given, average="weighted"),
    "mcc": matthews_corrcoef,
    "quadratic_kappa": lambda truth, given: cohen_kappa_score(truth, given, weights="quadratic"),
}


def right(*rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and scores of so many rows of each class, all right."""
    truth = np.repeat(np.arange(len(rows)), rows)
    return truth, np.eye(len(rows))[truth]


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("rows", [(12, 30), (8, 20, 15)])
def test_the_lower_bound_is_that_of_tables_drawn_row_by_row(name: str, rows: tuple[int, ...]) -> None:
    metric, formula = FORMULAS[name]
    truth, scores = right(*rows)
    rng, classes, large = np.random.default_rng(1), len(rows), 100
    drawn = []
    many = np.repeat(np.arange(classes), [large * count for count in rows])
    for _ in range(200):
        shares = [rng.dirichlet(np.full(classes, 1 / classes) + n * np.eye(classes)[k]) for k, n in enumerate(rows)]
        given = [rng.choice(classes, size=large * n, p=p) for n, p in zip(rows, shares, strict=True)]
        drawn.append(REFERENCES[name](many, np.concatenate(given)))
    bounds = formula(truth, scores)
    assert bounds is not None
    assert bounds[0] == pytest.approx(np.quantile(drawn, 0.025), abs=0.03)
    found = score(truth, scores, {name: metric}, formulas={name: formula}, resamples=50)[name]
    assert (found.value, found.low, found.high) == pytest.approx((1.0, *bounds))
    assert found.low < 0.98


def test_of_a_single_class_in_doubt_it_is_jeffreys_bound() -> None:
    truth, scores = right(10, 1_000_000)
    bounds = all_right.balanced_accuracy_interval(truth, scores)
    assert bounds is not None
    assert bounds[0] == pytest.approx((1 + beta.ppf(0.025, 10.5, 0.5)) / 2, abs=0.01)


def test_rows_of_a_group_say_as_much_as_one() -> None:
    truth, scores = right(20, 20)
    groups = [str(row // 10) for row in range(40)]
    alone = [str(row) for row in range(40)]
    for _, formula in FORMULAS.values():
        wide, narrow = formula(truth, scores, groups), formula(truth, scores, alone)
        assert wide is not None
        assert narrow == formula(truth, scores)
        assert narrow is not None
        assert wide[0] < narrow[0] - 0.1
    assert all_right.accuracy_interval(truth, scores, groups) == wilson(4, 4)
    given = {"group_formulas": {"accuracy": all_right.accuracy_interval}, "formulas": {}}
    found = score(truth, scores, {"accuracy": accuracy}, groups=groups, **given)["accuracy"]
    assert (found.low, found.high) == wilson(4, 4)


def test_of_a_distance_the_upper_bound_has_room() -> None:
    truth, scores = right(9, 9, 9)
    bounds = all_right.ordinal_mae_interval(truth, scores)
    assert bounds is not None
    assert bounds[0] == 0.0
    # Every mistake is one or two places off, so that it lies between the share of mistakes and twice that.
    wrong = 1 - wilson(27, 27)[0]
    assert wrong / 2 < bounds[1] < 2 * wrong
    found = score(truth, scores, {"mae": metrics.ordinal_mae}, formulas={"mae": all_right.ordinal_mae_interval})[
        "mae"
    ]
    assert (found.value, found.low, found.high) == (0.0, *bounds)
    scores[0] = (0.0, 0.0, 1.0)
    assert all_right.ordinal_mae_interval(truth, scores) is None
    assert metrics.ordinal_mae(truth, scores, np.ones(27)) == pytest.approx(2 / 27)


def test_with_a_mistake_or_nothing_to_tell_apart_it_does_not_apply() -> None:
    truth, scores = right(9, 9)
    scores[0] = (0.0, 1.0)
    assert all(formula(truth, scores) is None for _, formula in FORMULAS.values())
    assert all_right.accuracy_interval(truth, scores, list("ab" * 9)) is None
    one, sure = np.zeros(5, dtype=np.int64), np.tile([1.0, 0.0], (5, 1))
    assert all_right.mcc_interval(one, sure) is None
    assert all_right.macro_f1_interval(one, sure) is not None
    assert all_right.macro_f1_interval(*right(3, 3), ["a"] * 6) is None
    found = score(truth, scores, {"macro_f1": macro_f1, "mcc": mcc}, resamples=200)
    assert all(each.low < each.high for each in found.values())
