"""The solved head is scikit-learn's, its C is chosen on held-out log-loss, and no group helps to choose it."""

from collections.abc import Callable

import numpy as np
import pytest
from acclimate.methods import solve_head
from acclimate.methods.head import DECADES, _folds
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

Data = tuple[np.ndarray, np.ndarray]


def clusters(classes: int, rows: int, width: int, *, spread: float = 1.0, seed: int = 0) -> Data:
    """Draw one normal cluster per class, on scales that differ by feature."""
    random = np.random.default_rng(seed)
    truth = np.arange(rows) % classes
    centres = random.normal(size=(classes, width))
    scales = np.exp(random.normal(size=width))
    return ((centres[truth] + spread * random.normal(size=(rows, width))) * scales + 3).astype(np.float32), truth


def unit(features: np.ndarray) -> np.ndarray:
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_head_is_the_logistic_regression_of_scikit_learn_on_standardised_features(classes: int) -> None:
    features, truth = clusters(classes, 140, 6)
    head = solve_head(features, truth, classes)
    x = StandardScaler().fit_transform(features.astype(np.float64))
    expected = LogisticRegression(C=head.c, max_iter=300).fit(x, truth).predict_log_proba(x)
    found = log_softmax(head.logits(features), axis=1)
    assert head.weight.shape == (classes, 6)
    assert head.bias.shape == (classes,)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_c_has_the_lowest_log_loss_of_those_tried() -> None:
    features, truth = clusters(3, 120, 10, spread=2)
    head = solve_head(features, truth, 3)
    assert head.c in head.log_loss
    assert head.log_loss[head.c] == min(head.log_loss.values())
    steps = np.log10(list(head.log_loss)) * 2  # a decade at a time, then half a decade around the best
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)


def test_the_log_loss_reported_is_that_of_plain_cross_validation() -> None:
    features, truth = clusters(3, 90, 5, spread=2)
    head = solve_head(features, truth, 3, seed=3)
    x = StandardScaler().fit_transform(features.astype(np.float64))
    losses = np.empty(90)
    for train, held_out in _folds(x, truth, None, 3):
        model = LogisticRegression(C=head.c, max_iter=5000, tol=1e-8).fit(x[train], truth[train])
        losses[held_out] = -model.predict_log_proba(x[held_out])[np.arange(len(held_out)), truth[held_out]]
    assert head.log_loss[head.c] == pytest.approx(losses.mean(), abs=1e-3)


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_the_grid_is_wide_enough_for_unit_norm_embeddings(spread: float) -> None:
    features, truth = clusters(5, 200, 64, spread=spread)
    head = solve_head(unit(features - 3), truth, 5)
    assert DECADES[0] < head.c < DECADES[-1]


def test_the_scale_of_the_features_changes_nothing() -> None:
    features, truth = clusters(3, 120, 8)
    one, other = solve_head(features, truth, 3), solve_head(features * 1000, truth, 3)
    assert one.c == other.c
    np.testing.assert_allclose(one.logits(features), other.logits(features * 1000), atol=1e-3)


def test_log_loss_chooses_a_better_calibrated_head_than_no_regularisation() -> None:
    features, truth = clusters(4, 800, 60, spread=6)
    train, test = slice(0, 200), slice(200, 800)
    head = solve_head(features[train], truth[train], 4)
    scaler = StandardScaler().fit(features[train].astype(np.float64))
    loose = LogisticRegression(C=DECADES[-1], max_iter=3000).fit(scaler.transform(features[train]), truth[train])
    ours = softmax(head.logits(features[test]), axis=1)
    theirs = loose.predict_proba(scaler.transform(features[test]))
    assert calibration_error(ours, truth[test]) < 0.5 * calibration_error(theirs, truth[test])


def calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(confidence[place == box].mean() - right[place == box].mean()) * (place == box).mean()
            for box in set(place.tolist())
        )
    )


@pytest.mark.parametrize("smallest", [40, 3], ids=["stratified", "a class smaller than the folds"])
def test_rows_of_one_group_stay_in_one_fold(smallest: int) -> None:
    truth = np.array([0] * 40 + [1] * smallest)
    groups = [f"patient-{number // 4}" for number in range(len(truth))]
    folds = list(_folds(np.zeros((len(truth), 1)), truth, groups, 0))
    assert len(folds) >= 2
    assert sorted(row for _, held_out in folds for row in held_out) == list(range(len(truth)))
    for train, held_out in folds:
        assert not {groups[row] for row in train} & {groups[row] for row in held_out}


def test_groups_change_the_choice_where_rows_of_a_group_are_copies() -> None:
    random = np.random.default_rng(0)
    people = random.normal(size=(20, 30)).astype(np.float32)
    features = (people.repeat(6, axis=0) + 0.01 * random.normal(size=(120, 30))).astype(np.float32)
    truth = random.permutation(np.arange(20) % 2).repeat(6)  # nothing to learn but who it is
    groups = [f"p{number // 6}" for number in range(120)]
    careless, careful = solve_head(features, truth, 2), solve_head(features, truth, 2, groups=groups)
    assert careful.c < careless.c / 10
    assert careful.log_loss[careful.c] > 0.6, "held-out people cannot be told apart"


def two_rows_of_one_class() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2]), None


def one_row_of_a_class() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0] * 9 + [1] * 2 + [2]), None


def binary_with_one_row() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0] * 11 + [1]), None


def second_class_in_one_group() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0] * 8 + [1] * 4), ["a", "a", "a", "b", "b", "b", "c", "c", "d", "d", "d", "d"]


def two_groups_of_one_class_each() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0] * 6 + [1] * 6), ["a"] * 6 + ["b"] * 6


def one_group() -> tuple[np.ndarray, list[str] | None]:
    return np.array([0, 1] * 6), ["a"] * 12


@pytest.mark.parametrize(
    "rows",
    [
        two_rows_of_one_class,
        one_row_of_a_class,
        binary_with_one_row,
        second_class_in_one_group,
        two_groups_of_one_class_each,
        one_group,
    ],
)
def test_a_class_that_is_absent_from_a_fold_does_not_stop_the_solver(
    rows: Callable[[], tuple[np.ndarray, list[str] | None]],
) -> None:
    truth, groups = rows()
    classes = len(set(truth.tolist()))
    features = (np.eye(classes)[truth] + np.random.default_rng(0).normal(size=(12, classes)) / 9).astype(np.float32)
    head = solve_head(features, truth, classes, groups=groups)
    logits = head.logits(features)
    assert np.isfinite(logits).all()
    assert head.c in head.log_loss
    assert (logits.argmax(axis=1) == truth).mean() >= 0.75


def test_a_constant_feature_has_no_say() -> None:
    features, truth = clusters(2, 60, 4)
    features[:, 2] = 0.1
    head = solve_head(features, truth, 2)
    np.testing.assert_allclose(head.weight[:, 2], 0, atol=1e-6)


def test_the_same_seed_gives_the_same_head() -> None:
    features, truth = clusters(3, 90, 5, spread=2)
    one, other = (solve_head(features, truth, 3, seed=5) for _ in range(2))
    assert one.log_loss == other.log_loss
    np.testing.assert_array_equal(one.weight, other.weight)


def test_a_feature_of_another_kind_counts_where_it_helps_and_not_where_it_does_not() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 2
    noise = rng.normal(size=(60, 400)).astype(np.float32)
    telling = (truth + 0.3 * rng.normal(size=60)).astype(np.float32)[:, None]
    plain, loud = (solve_head(np.concatenate([noise, telling], axis=1), truth, 2, loud=number) for number in (0, 1))
    assert min(loud.log_loss.values()) < 0.5 * min(plain.log_loss.values())
    new = np.concatenate([rng.normal(size=(200, 400)), np.repeat([0, 1], 100)[:, None]], axis=1).astype(np.float32)
    right = [(head.logits(new).argmax(axis=1) == np.repeat([0, 1], 100)).mean() for head in (plain, loud)]
    assert right[1] > 0.95 > right[0]
