"""Differences on the same rows agree with a plain bootstrap; rows and seeds count for what they say."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import ScoredRows, accuracy, auroc, macro_f1, paired, score
from sklearn.metrics import f1_score

F1, ACCURACY = {"macro_f1": macro_f1}, {"accuracy": accuracy}


def scored(truth, predicted, *, ids: Sequence[str] | None = None, groups: Sequence[str] | None = None) -> ScoredRows:
    return ScoredRows(
        ids=list(ids or [f"r{row}" for row in range(len(truth))]),
        truth=np.asarray(truth, dtype=np.int64),
        groups=groups,
        scores=np.eye(2)[np.asarray(predicted)],
    )


def one_seed(rows: int = 150, seed: int = 0, prefix: str = "r", groups=None) -> Mapping[str, ScoredRows]:
    """Three methods on the same rows: "good", "close" that agrees with it on nine rows of ten, and "bad"."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=rows)
    good = np.where(rng.random(rows) < 0.15, 1 - truth, truth)
    close = np.where(rng.random(rows) < 0.1, 1 - good, good)
    bad = np.where(rng.random(rows) < 0.45, 1 - truth, truth)
    ids = [f"{prefix}{row}" for row in range(rows)]
    return {
        name: scored(truth, predicted, ids=ids, groups=groups)
        for name, predicted in {"close": close, "good": good, "bad": bad}.items()
    }


def by_seed(seeds: Sequence[Mapping[str, ScoredRows]]) -> dict[str, dict[int, ScoredRows]]:
    return {name: {number: each[name] for number, each in enumerate(seeds)} for name in seeds[0]}


def plain_macro_f1(truth, predicted) -> float:
    hits = [2 * np.sum((truth == each) & (predicted == each)) for each in (0, 1)]
    return float(np.mean([hits[each] / (np.sum(truth == each) + np.sum(predicted == each)) for each in (0, 1)]))


def test_with_one_seed_the_score_is_that_of_a_single_run():
    for groups in (None, [str(row // 3) for row in range(150)]):
        each = one_seed(groups=groups)
        found = paired(by_seed([each]), {**F1, **ACCURACY}, seed=5)
        for name, run in each.items():
            expected = score(run.truth, run.scores, {**F1, **ACCURACY}, groups=groups, seed=5)
            assert found.scores[name] == expected
            assert found.values[name]["accuracy"] == {0: expected["accuracy"].value}


def test_the_difference_agrees_with_a_plain_bootstrap_by_numpy_and_scikit_learn():
    each = one_seed()
    found = paired(by_seed([each]), F1, resamples=2000)
    assert found.best == "good"
    assert set(found.differences) == {"close", "bad"}
    rng = np.random.default_rng(99)
    truth = each["good"].truth
    predicted = {name: run.scores.argmax(axis=1) for name, run in each.items()}
    draws: dict[str, list[float]] = {"close": [], "bad": []}
    for _ in range(1500):
        rows = rng.choice(150, size=150)
        f1 = {name: plain_macro_f1(truth[rows], values[rows]) for name, values in predicted.items()}
        for name, kept in draws.items():
            kept.append(f1[name] - f1["good"])
    for name, kept in draws.items():
        low, high = np.percentile(kept, [2.5, 97.5])
        difference = found.differences[name]
        exact = f1_score(truth, predicted[name], average="macro") - f1_score(
            truth, predicted["good"], average="macro"
        )
        assert difference.value == pytest.approx(exact)
        assert difference.low == pytest.approx(low, abs=0.15 * (high - low))
        assert difference.high == pytest.approx(high, abs=0.15 * (high - low))
    assert found.differences["bad"].high < 0


def test_pairing_sees_through_what_all_methods_find_hard():
    found = paired(by_seed([one_seed(rows=400, seed=3)]), ACCURACY)
    scores = [found.scores[name]["accuracy"] for name in ("close", "good")]
    alone = np.hypot(*[each.high - each.low for each in scores])
    assert found.differences["close"].high - found.differences["close"].low < 0.8 * alone


def test_methods_that_predict_alike_differ_by_nothing():
    run = one_seed()["good"]
    found = paired({"a": {0: run, 1: run}, "b": {0: run, 1: run}}, F1)
    assert found.best == "a"
    assert (found.differences["b"].low, found.differences["b"].value, found.differences["b"].high) == (0, 0, 0)


def test_seeing_the_same_rows_again_is_no_new_evidence():
    each = one_seed()
    order = np.random.default_rng(1).permutation(150)
    turned = {
        name: ScoredRows(
            ids=[run.ids[row] for row in order], truth=run.truth[order], groups=None, scores=run.scores[order]
        )
        for name, run in each.items()
    }
    once, thrice = paired(by_seed([each]), F1), paired(by_seed([each, turned, each]), F1)
    for name in ("close", "bad"):
        for bound in ("low", "high"):
            expected = getattr(once.differences[name], bound)
            assert getattr(thrice.differences[name], bound) == pytest.approx(expected)


def test_new_rows_in_every_seed_are_new_evidence():
    seeds = [one_seed(seed=number, prefix=f"{number}-") for number in range(8)]
    wide, narrow = (paired(by_seed(each), F1).differences["bad"] for each in (seeds[:1], seeds))
    assert narrow.high - narrow.low < 0.7 * (wide.high - wide.low)


def test_the_spread_of_seeds_enters_with_the_variance_of_their_mean():
    # Every row is right in a seed or wrong, so that rows add nothing; the mean of eight seeds varies by s / sqrt(8).
    right = [True, False, True, True, False, True, False, True]
    truth = np.arange(20) % 2
    runs = {"a": {number: scored(truth, truth if each else 1 - truth) for number, each in enumerate(right)}}
    found = paired(runs, ACCURACY, resamples=4000).scores["a"]["accuracy"]
    draws = np.random.default_rng(0).choice(np.array(right, dtype=float), size=(4000, 7)).mean(axis=1)
    assert draws.std() == pytest.approx(np.std(right, ddof=1) / np.sqrt(8), rel=0.03)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(draws, [2.5, 97.5])), abs=1 / 14)
    assert found.value == pytest.approx(5 / 8)


def test_rows_of_a_group_stay_together():
    rng = np.random.default_rng(2)
    truth = np.repeat(rng.integers(2, size=30), 10)
    other = np.where(np.repeat(rng.random(30) < 0.3, 10), 1 - truth, truth)
    groups = [str(row // 10) for row in range(300)]
    single, whole = (
        paired(
            {"best": {0: scored(truth, truth, groups=each)}, "other": {0: scored(truth, other, groups=each)}},
            ACCURACY,
        ).differences["other"]
        for each in (None, groups)
    )
    # Ten rows that are always right or wrong together say as much as one: sqrt(10) times as wide.
    assert (whole.high - whole.low) / (single.high - single.low) == pytest.approx(np.sqrt(10), rel=0.15)


def test_methods_are_compared_on_the_seeds_that_they_share():
    truth = np.arange(40) % 2
    half = np.where(np.arange(40) < 20, truth, 1 - truth)
    most = np.where(np.arange(40) < 36, truth, 1 - truth)
    second = scored(truth, truth, ids=[f"s{row}" for row in range(40)])
    found = paired({"short": {0: scored(truth, most)}, "long": {0: scored(truth, half), 4: second}}, ACCURACY)
    # Over its own two seeds "long" is at 0.75, on the seed that both have at 0.5.
    assert found.values == {"short": {"accuracy": {0: 0.9}}, "long": {"accuracy": {0: 0.5, 4: 1.0}}}
    assert found.scores["long"]["accuracy"].value == 0.75
    assert found.best == "short"
    assert found.differences["long"].value == pytest.approx(-0.4)


def test_where_lower_is_better_the_best_is_the_lowest():
    def error(truth, scores, weights):
        return 1 - accuracy(truth, scores, weights)

    found = paired(by_seed([one_seed()]), {"error": error}, better="lower")
    assert found.best == "good"
    assert found.differences["bad"].low > 0


def test_what_is_not_defined_makes_no_best_and_no_bounds():
    truth = np.zeros(10, dtype=np.int64)
    found = paired({"a": {0: scored(truth, truth)}, "b": {0: scored(truth, 1 - truth)}}, {"auroc": auroc})
    assert (found.best, found.differences) == (None, {})
    assert np.isnan(found.scores["a"]["auroc"].value)
    empty = paired({}, F1)
    assert (empty.best, empty.scores, empty.differences) == (None, {}, {})
    truth = np.arange(10) % 2
    single = {name: {0: scored(truth, each, groups=["g"] * 10)} for name, each in (("a", truth), ("b", 1 - truth))}
    difference = paired(single, ACCURACY).differences["b"]
    assert difference.value == -1
    assert np.isnan([difference.low, difference.high]).all()


def test_an_interval_does_not_depend_on_what_else_is_compared():
    each = one_seed()
    whole = paired(by_seed([each, each]), F1)
    fewer = paired(by_seed([{name: each[name] for name in ("good", "bad")}] * 2), F1)
    assert fewer.differences["bad"] == whole.differences["bad"]
    assert fewer.scores["good"] == whole.scores["good"]
    assert whole != paired(by_seed([each, each]), F1, seed=2)


def test_the_interval_of_a_difference_covers_no_difference_as_often_as_it_says():
    rng = np.random.default_rng(11)
    covered = 0
    for number in range(60):
        truth, hard = rng.integers(2, size=300), rng.random(300)
        runs: dict[str, dict[int, ScoredRows]] = {"a": {}, "b": {}}
        for seed in range(5):
            for name in runs:
                # Ability differs by method and seed, and is the same on average.
                wrong = 0.7 * hard + 0.3 * rng.random(300) > 0.8 + 0.03 * rng.normal()
                runs[name][seed] = scored(truth, np.where(wrong, 1 - truth, truth))
        (difference,) = paired(runs, ACCURACY, resamples=200, seed=number).differences.values()
        covered += difference.low <= 0 <= difference.high
    assert covered >= 51  # fewer than that has a chance of 0.2 % at 95 % coverage


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (
            {"a": {0: scored([0, 1], [0, 1]), 1: scored([1, 1], [0, 1])}},
            r"Row 'r0' is \(0, None\) under one seed and \(1, None\) under another",
        ),
        (
            {"a": {0: scored([0, 1], [0, 1], groups="gh"), 1: scored([0, 1], [0, 1], groups="gg")}},
            r"Row 'r1' is \(1, 'h'\) under one seed and \(1, 'g'\)",
        ),
        (
            {"a": {0: scored([0, 1], [0, 1], groups="gh"), 1: scored([0, 1], [0, 1], ids="xy")}},
            "a group for all of 4 rows or for none, found 2",
        ),
        (
            {"a": {3: scored([0, 1], [0, 1])}, "b": {3: scored([0, 1], [0, 1], ids="xy")}},
            "Under seed 3, 'b' and 'a' were tested on different rows",
        ),
        (
            {"a": {0: ScoredRows(ids=["x", "y"], truth=np.array([0, 1]), groups=None, scores=np.zeros((3, 2)))}},
            r"truth \[rows\] and scores",
        ),
    ],
    ids=["truth", "group", "some groups", "rows", "shapes"],
)
def test_runs_that_cannot_be_paired_are_refused(runs, message):
    with pytest.raises(DataError, match=message):
        paired(runs, ACCURACY)
