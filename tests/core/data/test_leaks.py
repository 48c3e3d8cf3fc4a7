"""Each leak check against hand-made cases and against counting by hand; and no alarm on clean rows."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.data import find_leaks, kept_together, repeated_texts
from acclimate.data.leakage import (
    class_shift,
    conflicting_labels,
    repeated_across,
    shared_groups,
    time_overlap,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from .conftest import TEST, TRAIN, VALIDATION, only, parted, repeats

# Repeated rows


def test_a_repeat_is_counted_as_the_same_or_as_near_with_examples() -> None:
    rows = parted([TRAIN, TRAIN, TEST, TEST, TEST], repeats=repeats([0, 1, 0, 2, 3], [(1, 2)]))
    leak = only(repeated_across(rows))
    assert leak.finding.code == "repeated-across-parts"
    assert leak.finding.details == {
        "part": "test",
        "repeats": "train",
        "rows": 3,
        "same": 1,
        "near": 1,
        "share": 2 / 3,
        "examples": [["r2", "r0"], ["r3", "r1"]],
    }
    assert "2 of 3 test rows (66.7 %) repeat a row of train, 1 exactly and 1 nearly" in leak.finding.message
    assert leak.stops
    assert "--group" in leak.mend


@pytest.mark.parametrize(("copies", "stops"), [(0, None), (1, False), (2, True)])
def test_more_than_one_in_a_hundred_test_rows_stop_a_run(copies: int, stops: bool | None) -> None:
    same = [*range(50), *range(copies), *range(100, 200 - copies)]
    leaks = list(repeated_across(parted([TRAIN] * 50 + [TEST] * 100, repeats=repeats(same))))
    assert [leak.stops for leak in leaks] == ([] if stops is None else [stops])


def test_validation_rows_count_against_test_rows_and_never_stop_against_train() -> None:
    rows = parted([TRAIN, VALIDATION, VALIDATION, TEST], repeats=repeats([0, 0, 1, 1]))
    found = [(leak.finding.details["part"], leak.stops) for leak in repeated_across(rows)]
    assert found == [("test", True), ("validation", False)]


def test_the_same_row_twice_in_one_part_is_no_leak() -> None:
    assert list(repeated_across(parted([TRAIN, TRAIN, TEST], repeats=repeats([0, 0, 1])))) == []


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=12), st.data())
def test_counts_are_those_of_looking_at_every_pair(table: list[tuple[int, int]], data: st.DataObject) -> None:
    parts, same = zip(*table, strict=True)
    near = data.draw(st.sets(st.sampled_from(list(itertools.combinations(range(6), 2))), max_size=3))
    labels = data.draw(st.lists(st.sampled_from("xyz"), min_size=len(same), max_size=len(same)))
    top = max(same)
    rows = parted(parts, labels, repeats=repeats(same, sorted(pair for pair in near if max(pair) <= top)))

    def near_pair(one: int, other: int) -> bool:
        pair = (min(same[one], same[other]), max(same[one], same[other]))
        return pair in near

    found = {
        (leak.finding.details["part"], leak.finding.details["repeats"]): leak.finding.details
        for leak in repeated_across(rows)
    }
    names = ("train", "validation", "test")
    for early, late in ((0, 2), (1, 2), (0, 1)):
        there = [row for row, part in enumerate(parts) if part == early]
        here = [row for row, part in enumerate(parts) if part == late]
        exact = [row for row in here if any(same[row] == same[other] for other in there)]
        close = [row for row in here if row not in exact and any(near_pair(row, other) for other in there)]
        details = found.get((names[late], names[early]), {"same": 0, "near": 0, "examples": []})
        assert (details["same"], details["near"]) == (len(exact), len(close))
        assert {pair[0] for pair in details["examples"]} <= {f"r{row}" for row in (*exact, *close)}
    other_label = [
        [labels[row] != labels[other] and relation(row, other) for other in range(len(same))]
        for relation in (lambda one, two: same[one] == same[two], near_pair)
        for row in range(len(same))
    ]
    exact = [any(each) for each in other_label[: len(same)]]
    close = [any(each) and not exact[row] for row, each in enumerate(other_label[len(same) :])]
    conflicts = list(conflicting_labels(rows))
    counted = [(leak.finding.details["same"], leak.finding.details["near"]) for leak in conflicts]
    assert counted == ([(sum(exact), sum(close))] if sum(exact) + sum(close) else [])


def test_conflicting_labels_of_the_same_content_warn_and_of_near_ones_are_a_note() -> None:
    same = only(conflicting_labels(parted([TRAIN, TEST], ["a", "b"], repeats=repeats([0, 0]))))
    near = only(conflicting_labels(parted([TRAIN, TRAIN], ["a", "b"], repeats=repeats([0, 1], [(0, 1)]))))
    assert (same.finding.level, near.finding.level, same.stops, near.stops) == ("warning", "note", False, False)
    assert same.finding.details["examples"] == [["r0", "r1", "a", "b"]]
    assert "'r0' (a) and 'r1' (b)" in near.finding.message


def test_the_order_of_several_labels_makes_no_conflict() -> None:
    rows = parted([TRAIN, TRAIN], [("a", "b"), ("b", "a")], repeats=repeats([0, 0]))
    assert list(conflicting_labels(rows)) == []


def test_clusters_that_hold_much_of_the_data_are_a_warning() -> None:
    some = only(kept_together(np.array([0, 0, 1, 1, *range(2, 40)])))
    much = only(kept_together(np.array([0] * 10 + list(range(1, 31)))))
    assert (some.finding.level, much.finding.level) == ("note", "warning")
    assert some.finding.details == {"rows": 42, "repeating": 4, "clusters": 2, "largest": 2}
    assert list(kept_together(np.arange(5))) == []


# Contradictions


def test_a_group_in_two_parts_stops_and_is_named() -> None:
    rows = parted([TRAIN, TRAIN, TEST, TEST], groups=["p1", "p2", "p2", "p3"])
    leak = only(shared_groups(rows))
    assert leak.stops
    assert leak.finding.details == {
        "part": "test",
        "other": "train",
        "groups": 1,
        "rows": 2,
        "shared": 1,
        "share": 0.5,
        "examples": ["p2"],
    }
    assert "--group" in leak.mend
    assert list(shared_groups(parted([TRAIN, TEST], groups=["p1", "p2"]))) == []
    assert list(shared_groups(parted([TRAIN, TEST]))) == []


def test_a_training_row_later_than_a_test_row_stops_and_is_named() -> None:
    times = ["2024-01-05", "2024-03-01", "2024-02-01", "2024-02-01T12:00", "2024-04-01"]
    leak = only(time_overlap(parted([TRAIN, TRAIN, TRAIN, TEST, TEST], times=times)))
    assert leak.stops
    assert leak.finding.details == {
        "part": "train",
        "other": "test",
        "rows": 3,
        "later": 1,
        "share": 1 / 3,
        "begins": "2024-02-01T12:00",
        "examples": ["r1"],
    }
    assert "--time" in leak.mend


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=12))
def test_overlaps_in_time_are_those_of_looking_at_every_pair(table: list[tuple[int, int]]) -> None:
    parts, times = zip(*table, strict=True)
    found = {
        (leak.finding.details["part"], leak.finding.details["other"]): leak.finding.details["later"]
        for leak in time_overlap(parted(parts, times=[str(time) for time in times]))
    }
    names = ("train", "validation", "test")
    for early, late in ((0, 2), (1, 2), (0, 1)):
        future = [time for part, time in table if part == late]
        late_rows = sum(part == early and any(time > other for other in future) for part, time in table)
        assert found.get((names[early], names[late]), 0) == late_rows


def test_a_time_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(DataError, match="'soon'"):
        list(time_overlap(parted([TRAIN, TEST], times=["2024-01-05", "soon"])))


def test_a_shift_is_the_total_variation_distance_with_its_permutation_p() -> None:
    labels = ["a"] * 40 + ["b"] * 40 + ["a"] * 24 + ["b"] * 6
    rows = parted([TRAIN] * 80 + [TEST] * 30, labels)
    details = only(class_shift(rows, several=False, seed=0)).finding.details
    assert details["distance"] == pytest.approx(0.3)
    assert details["shares"]["a"] == {"train": 0.5, "test": 0.8}
    deals = np.arange(31)
    distance = np.abs(deals / 30 - (64 - deals) / 80)
    exact = hypergeom.pmf(deals, 110, 64, 30)[distance >= 0.3 - 1e-12].sum()
    assert details["p"] == pytest.approx(exact, abs=0.004)
    assert details["p"] <= 0.01


@pytest.mark.parametrize(
    "labels",
    [
        ["a"] * 30 + ["b"] * 30 + ["a"] * 13 + ["b"] * 12,  # the same mix
        ["a"] * 30 + ["b"] * 30 + ["a"] * 4 + ["b"] * 1,  # far, but of five rows
        ["a"] * 5000 + ["b"] * 5000 + ["a"] * 2200 + ["b"] * 1800,  # sure, but near
    ],
)
def test_small_or_chance_shifts_are_not_told(labels: list[str]) -> None:
    train = 10000 if len(labels) > 1000 else 60
    rows = parted([TRAIN] * train + [TEST] * (len(labels) - train), labels)
    assert list(class_shift(rows, several=False, seed=0)) == []


def test_rows_without_any_of_the_labels_shift_no_mix() -> None:
    labels = ["a"] * 40 + ["b"] * 40 + ["a"] * 20 + ["b"] * 20 + ["none"] * 40
    rows = parted([TRAIN] * 80 + [TEST] * 80, labels)
    assert only(class_shift(rows, several=False, seed=0)).finding.details["rows"] == 80
    assert list(class_shift(replace(rows, outside="none"), several=False, seed=0)) == []


def test_with_several_labels_each_is_looked_at_by_itself() -> None:
    train = [("a",), ("a", "b"), ("b",), ()] * 25
    test = [("a",), ("a", "b"), ("a", "b"), ("a",)] * 15
    rows = parted([TRAIN] * 100 + [TEST] * 60, [*train, *test])
    details = only(class_shift(rows, several=True, seed=0)).finding.details
    assert details["distance"] == pytest.approx(0.5)
    assert list(details["shares"]) == ["a", "b"]
    assert list(class_shift(parted([TRAIN] * 100 + [TEST] * 100, [*train, *train]), several=True, seed=0)) == []


# All checks


@pytest.mark.parametrize("seed", range(5))
def test_clean_rows_raise_no_alarm(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.choice(["a", "b", "c"], 400).tolist()
    texts = [" ".join(random.choice([f"w{k}" for k in range(300)], 12)) for _ in range(400)]
    parts = random.permutation([TRAIN] * 280 + [VALIDATION] * 40 + [TEST] * 80)
    rows = parted(
        parts,
        labels,
        texts=texts,
        repeats=repeated_texts(texts),
        groups=[f"g{part}-{number % 30}" for number, part in enumerate(parts)],
        times=[str(1000 * part + number) for number, part in enumerate(parts)],
        columns={"site": random.choice(["n", "s"], 400).tolist()},
    )
    assert list(find_leaks(rows, several=False, seed=seed)) == []


def test_every_check_is_asked() -> None:
    labels = ["a", "b"] * 30 + ["a"] * 30
    texts = [f"{'zz9' if label == 'a' else 'yy8'} text number {row}" for row, label in enumerate(labels)]
    same = [*range(60), *range(30)]
    conflict = ["b", *labels[1:]]
    rows = parted(
        [TRAIN] * 60 + [TEST] * 30,
        conflict,
        texts=texts,
        repeats=repeats(same),
        groups=["g"] * 90,
        times=[str(90 - row) for row in range(90)],
        columns={"site": labels},
    )
    assert [leak.finding.code for leak in find_leaks(rows, several=False, seed=0)] == [
        "repeated-across-parts",
        "group-in-two-parts",
        "time-overlap",
        "conflicting-labels",
        "word-tells-label",
        "column-tells-label",
        "class-shift",
    ]
