import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError, SplitPolicy
from acclimate.data import folds, sample, split
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

POLICY = SplitPolicy(test=0.2, validation=0.1)


def made(labels: list[str], **columns: list[str]) -> Dataset:
    return Dataset.from_dict({"label": labels, "line": list(range(2, len(labels) + 2)), **columns})


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(2, 40), min_size=2, max_size=8), st.integers(0, 5), st.booleans())
def test_every_row_is_in_one_part_and_every_class_in_its_share(sizes: list[int], seed: int, one: bool) -> None:
    labels = [f"c{label}" for label, size in enumerate(sizes) for _ in range(size)]
    if len(labels) < 12:
        return
    random.Random(seed).shuffle(labels)
    want = ("test",) if one else ("validation", "test")
    parts = split(made(labels), POLICY, seed=seed, want=want, grouped=False)
    assert list(parts) == ["train", *want]
    assert sorted(row for part in parts.values() for row in part) == list(range(len(labels)))
    assert all(part == sorted(part) for part in parts.values())
    shares = {"validation": 0.1, "test": 0.2}
    for name in want:
        counts = Counter(labels[row] for row in parts[name])
        for label, size in Counter(labels).items():
            assert abs(counts[label] - shares[name] * size) <= 1.0 + 1e-9
    assert {labels[row] for row in parts["train"]} == set(labels)


@pytest.mark.parametrize("seed", range(5))
def test_classes_of_two_rows_leave_one_to_train_and_fill_every_part(seed: int) -> None:
    labels = [f"c{number // 2}" for number in range(60)]
    parts = split(made(labels), SplitPolicy(test=0.5, validation=0.3), seed=seed, grouped=False)
    assert {labels[row] for row in parts["train"]} == set(labels)
    assert len(parts["validation"]) >= 6
    assert len(parts["test"]) >= 12


@pytest.mark.parametrize("seed", range(5))
def test_classes_of_two_groups_leave_one_to_train(seed: int) -> None:
    labels = [f"c{number % 6}" for number in range(60)]
    groups = [f"{number % 6} {number // 30}" for number in range(60)]
    policy = SplitPolicy(test=0.5, validation=0.3)
    parts = split(made(labels, group=groups), policy, seed=seed, grouped=True)
    assert {labels[row] for row in parts["train"]} == set(labels)


def test_the_same_seed_gives_the_same_parts_and_another_seed_others(table: Any) -> None:
    rows = table(["a", "b"] * 50)
    first, again, other = (split(rows, POLICY, seed=seed, grouped=False) for seed in (1, 1, 2))
    assert first == again != other


def test_parts_that_are_given_as_files_are_not_set_aside(table: Any) -> None:
    rows = table(["a", "b"] * 50)
    assert split(rows, POLICY, seed=0, want=(), grouped=False) == {"train": list(range(100))}
    parts = split(rows, POLICY, seed=0, want=("validation",), grouped=False)
    assert {name: len(part) for name, part in parts.items()} == {"train": 90, "validation": 10}


def test_the_mix_of_other_columns_is_kept_inside_each_class() -> None:
    labels = ["ok"] * 300 + ["bad"] * 100
    cell = (["mono"] * 30 + ["poly"] * 70) * 4
    rows = made(labels, cell=cell)
    parts = split(rows, SplitPolicy(stratify=("cell",)), seed=3, grouped=False)
    for name, share in (("test", 0.2), ("validation", 0.1)):
        counts = Counter((labels[row], cell[row]) for row in parts[name])
        for stratum, size in Counter(zip(labels, cell, strict=True)).items():
            assert abs(counts[stratum] - share * size) <= 1


def test_strata_of_one_row_still_keep_the_label_mix() -> None:
    labels = ["a"] * 50 + ["b"] * 50
    rows = made(labels, site=[str(number) for number in range(100)])
    test = split(rows, SplitPolicy(stratify=("site",)), seed=0, grouped=False)["test"]
    assert Counter(labels[row] for row in test) == {"a": 10, "b": 10}


def patients(seed: int, count: int = 60) -> tuple[list[str], list[str]]:
    rng = random.Random(seed)
    labels, groups = [], []
    for number in range(count):
        for _ in range(rng.choice([1, 1, 2, 3, 8])):
            labels.append(rng.choices(["common", "rare"], [0.8, 0.2])[0])
            groups.append(f"p{number}")
    return labels, groups


@pytest.mark.parametrize("seed", range(8))
def test_groups_never_straddle_the_split_and_the_label_mix_stays_close(seed: int) -> None:
    labels, groups = patients(seed)
    parts = split(made(labels, group=groups), POLICY, seed=seed, grouped=True)
    owners = {name: {groups[row] for row in part} for name, part in parts.items()}
    assert not owners["train"] & owners["test"]
    assert not owners["train"] & owners["validation"]
    assert not owners["test"] & owners["validation"]
    assert sorted(row for part in parts.values() for row in part) == list(range(len(labels)))
    for name, share in (("test", 0.2), ("validation", 0.1)):
        assert len(parts[name]) / len(labels) == pytest.approx(share, abs=0.03)
        rare = sum(labels[row] == "rare" for row in parts[name]) / labels.count("rare")
        assert rare == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("several", [False, True], ids=["one label", "several"])
def test_another_seed_deals_other_groups_and_the_largest_do_not_always_train(several: bool) -> None:
    groups = [f"g{number}" for number in range(30) for _ in range(number + 3)]  # no two of one size
    labels = random.Random(0).choices(["common", "rare"], [0.8, 0.2], k=len(groups))
    rows = made(labels, group=groups)
    if several:
        rows = Dataset.from_dict(
            {
                "label": [["common", "rare"] if label == "rare" else ["common"] for label in labels],
                "line": rows["line"][:],
                "group": groups,
            }
        )
    dealt = [split(rows, POLICY, seed=seed, grouped=True) for seed in range(8)]
    assert dealt[0] == split(rows, POLICY, seed=0, grouped=True)
    tested = [frozenset(groups[row] for row in parts["test"]) for parts in dealt]
    assert len(set(tested)) == 8
    assert set.union(*map(set, tested)) & {"g29", "g28", "g27"}


@pytest.mark.parametrize("seed", range(5))
def test_few_groups_fill_every_part_whatever_the_seed(seed: int) -> None:
    groups = [f"g{number}" for number, size in enumerate([40, 20, 20, 5, 5, 5, 2, 2]) for _ in range(size)]
    parts = split(made(["a", "b", "c"] * 33, group=groups), POLICY, seed=seed, grouped=True)
    assert len(parts["test"]) == pytest.approx(20, abs=3)
    assert len(parts["validation"]) == pytest.approx(10, abs=3)


def test_other_names_of_groups_change_nothing() -> None:
    """Pseudonyms of patients are others on another machine."""
    labels, groups = patients(3)
    names = {group: f"{999 - place:03}" for place, group in enumerate(dict.fromkeys(groups))}  # sorted the other way
    renamed = made(labels, group=[names[group] for group in groups])
    together = np.arange(len(groups)) // 2
    for near in (None, together):
        found = split(made(labels, group=groups), POLICY, seed=1, grouped=True, together=near)
        assert split(renamed, POLICY, seed=1, grouped=True, together=near) == found


def test_a_class_of_one_group_stays_in_train() -> None:
    labels = ["a", "b"] * 40 + ["lone"] * 6
    groups = [str(number // 4) for number in range(80)] + ["x"] * 6
    for seed in range(10):
        train = split(made(labels, group=groups), POLICY, seed=seed, grouped=True)["train"]
        assert {labels[row] for row in train} == {"a", "b", "lone"}


def test_a_group_column_alone_does_not_group(table: Any) -> None:
    rows = table(["a", "b"] * 20, group=["same"] * 40)
    assert len(split(rows, POLICY, seed=0, grouped=False)["test"]) == 8


def test_too_few_groups_are_an_error() -> None:
    rows = made(["a", "b"] * 10, group=["1"] * 10 + ["2"] * 10)
    with pytest.raises(DataError, match=r"2 groups are too few to fill the parts train, validation, test"):
        split(rows, POLICY, seed=0, grouped=True)


def test_grouping_needs_a_group_column_and_no_time(table: Any) -> None:
    with pytest.raises(OptionError, match='group="COLUMN"'):
        split(table(["a", "b"]), POLICY, seed=0, grouped=True)
    with pytest.raises(OptionError, match="by time and kept in groups"):
        split(table(["a", "b"], group=["1", "2"], time=["1", "2"]), POLICY, seed=0, grouped=True)


def test_too_few_rows_are_an_error(table: Any) -> None:
    with pytest.raises(DataError, match=r"2 rows are too few to fill the parts train, validation, test"):
        split(table(["a", "b"]), POLICY, seed=0, grouped=False)


@pytest.mark.parametrize(
    "times",
    [
        [str(number) for number in range(100)],
        [f"{2000 + number // 12}-{number % 12 + 1:02}-01" for number in range(100)],
        [f"2024-03-01T{number // 60:02}:{number % 60:02}+00:00" for number in range(100)],
    ],
    ids=["numbers", "dates", "moments"],
)
def test_the_past_trains_and_the_future_tests(times: list[str]) -> None:
    order = list(range(100))
    random.Random(0).shuffle(order)
    rows = made(["a", "b"] * 50, time=[times[at] for at in order])
    parts = split(rows, POLICY, seed=0, grouped=False)
    assert {name: sorted(order[row] for row in part) for name, part in parts.items()} == {
        "train": list(range(70)),
        "validation": list(range(70, 80)),
        "test": list(range(80, 100)),
    }


def test_rows_of_one_day_stay_together() -> None:
    days = [f"2024-01-{number // 10 + 1:02}" for number in range(100)]
    rows = made(["a", "b"] * 50, time=days)
    parts = split(rows, SplitPolicy(test=0.25, validation=0.25), seed=0, grouped=False)
    owners = [{days[row] for row in part} for part in parts.values()]
    assert [len(days) for days in owners] == [5, 2, 3]
    assert not owners[0] & owners[1] | owners[1] & owners[2]


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        (["2024-01-01", "soon", "", "1"] * 5, "ab" * 10, r"15 of 20 times .*lines 3, 4, 5, 7, 8 and 10 more; 'soon'"),
        (["1", "nan"] * 10, "ab" * 10, r"times cannot be read"),
        (["2024-01-01"] * 20, "ab" * 10, r"1 different times are too few"),
        ([str(at) for at in range(20)], "ab" * 9 + "zz", r"1 classes occur only after .*\(13\): 'z'"),
    ],
)
def test_bad_times_are_an_error(times: list[str], labels: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        split(made(list(labels), time=times), POLICY, seed=0, grouped=False)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(12, 120), st.integers(0, 3))
def test_a_sample_keeps_the_label_mix(sizes: list[int], count: int, seed: int) -> None:
    labels = [f"c{label}" for label, size in enumerate(sizes) for _ in range(size)]
    random.Random(seed).shuffle(labels)
    chosen = sample(made(labels), count, seed=seed)
    assert chosen == sample(made(labels), count, seed=seed)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, len(labels))
    kept, whole = Counter(labels[row] for row in chosen), Counter(labels)
    assert all(kept[label] >= min(2, size) for label, size in whole.items())


def test_a_large_sample_has_the_mix_of_the_whole(table: Any) -> None:
    labels = ["a"] * 700 + ["b"] * 250 + ["c"] * 50
    kept = Counter(labels[row] for row in sample(table(labels), 100, seed=1))
    assert kept == {"a": 70, "b": 25, "c": 5}


def test_a_sample_too_small_for_its_classes_is_an_error(table: Any) -> None:
    with pytest.raises(OptionError, match=r"5 rows cannot hold 2 rows of each of 3 classes.*6 rows or more"):
        sample(table(["a", "b", "c"] * 10), 5, seed=0)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.booleans())
def test_rows_that_belong_together_stay_in_one_part_with_the_label_mix(seed: int, several: bool) -> None:
    random = np.random.default_rng(seed)
    together = random.integers(0, 60, 120)
    names = random.choice(["a", "b"], 120).tolist()
    labels: Any = [[name] for name in names] if several else names
    rows = Dataset.from_dict({"id": [str(k) for k in range(120)], "label": labels, "line": [0] * 120})
    parts = split(rows, SplitPolicy(), seed=seed, grouped=False, together=together)
    assert sorted(row for each in parts.values() for row in each) == list(range(120))
    place = {row: part for part, each in parts.items() for row in each}
    assert all(len({place[row] for row in np.flatnonzero(together == k)}) == 1 for k in set(together.tolist()))
    assert abs(len(parts["test"]) - 24) <= 4
    share = names.count("a") / 120
    assert abs(sum(names[row] == "a" for row in parts["test"]) / len(parts["test"]) - share) < 0.15


def test_without_repeats_the_split_is_the_one_of_single_rows(table: Callable[..., Dataset]) -> None:
    rows = table(["a", "b"] * 30)
    plain = split(rows, SplitPolicy(), seed=3, grouped=False)
    assert split(rows, SplitPolicy(), seed=3, grouped=False, together=np.arange(60)) == plain


def test_too_few_clusters_say_that_repeats_count_as_one(table: Callable[..., Dataset]) -> None:
    with pytest.raises(DataError, match="too few to fill the parts") as caught:
        split(table(["a", "b"] * 5), SplitPolicy(), seed=0, grouped=False, together=np.array([0, 1] * 5))
    assert "count as one group" in caught.value.__notes__[0]
    assert "--allow-leakage" in caught.value.__notes__[0]


@pytest.mark.parametrize(("times", "unit"), [("numbers", 1), ("days", 1)])
def test_rows_within_the_embargo_before_a_later_part_are_in_no_part(times: str, unit: int) -> None:
    first = date(2024, 1, 1)
    values = [str(at) if times == "numbers" else (first + timedelta(days=at)).isoformat() for at in range(100)]
    policy = SplitPolicy(test=0.2, validation=0.1, embargo=5 * unit)
    parts = split(made(["a", "b"] * 50, time=values), policy, seed=0, grouped=False)
    assert parts == {
        "train": list(range(66)),  # validation begins at 70: what is less than 5 before it is left out
        "validation": list(range(70, 76)),
        "test": list(range(80, 100)),
    }


def test_dates_without_hyphens_have_an_embargo_of_days() -> None:
    values = [(date(2024, 1, 20) + timedelta(days=at)).strftime("%Y%m%d") for at in range(100)]
    policy = SplitPolicy(test=0.2, validation=0.1, embargo=5)
    parts = split(made(["a", "b"] * 50, time=values), policy, seed=0, grouped=False)
    assert (parts["train"], parts["validation"], parts["test"][0]) == (list(range(66)), list(range(70, 76)), 80)


def test_by_time_what_repeats_a_row_of_an_earlier_part_is_left_out() -> None:
    together = np.arange(100)
    together[[3, 4, 72, 90]] = 3  # told twice in train, again in validation and test
    together[[85, 95]] = 85  # told twice in the test: no earlier part has it
    rows = made(["a", "b"] * 50, time=[str(at) for at in range(100)])
    parts = split(rows, POLICY, seed=0, grouped=False, together=together)
    assert parts == {
        "train": list(range(70)),
        "validation": [row for row in range(70, 80) if row != 72],
        "test": [row for row in range(80, 100) if row != 90],
    }


def test_an_embargo_that_leaves_nothing_is_an_error() -> None:
    policy = SplitPolicy(test=0.2, validation=0.1, embargo=30)
    with pytest.raises(DataError, match=r"validation stays empty\..*a shorter embargo"):
        split(made(["a", "b"] * 50, time=[str(at) for at in range(100)]), policy, seed=0, grouped=False)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 6), st.integers(0, 5), st.booleans(), st.booleans())
def test_folds_are_of_equal_size_and_mix_and_keep_together_what_belongs_together(
    count: int, seed: int, grouped: bool, repeats: bool
) -> None:
    labels = [("a", "b", "b")[number % 3] for number in range(120)]
    groups = [f"g{number // 4}" for number in range(120)]
    together = np.repeat(np.arange(60), 2) if repeats else None
    rows = made(labels, group=groups)
    dealt = folds(rows, count, seed=seed, grouped=grouped, together=together)
    assert sorted(row for fold in dealt for row in fold) == list(range(120))
    assert len(dealt) == count
    for fold in dealt:
        assert abs(len(fold) - 120 / count) <= (8 if grouped else 4 if repeats else 2)
        assert abs(sum(labels[row] == "a" for row in fold) - 40 / count) <= (4 if grouped or repeats else 2)
        if grouped:
            assert len(fold) == 4 * len({groups[row] for row in fold})
        elif repeats:
            assert len(fold) == 2 * len({row // 2 for row in fold})
    assert dealt == folds(rows, count, seed=seed, grouped=grouped, together=together)


def test_too_few_rows_for_so_many_folds_are_an_error() -> None:
    with pytest.raises(DataError, match="too few to fill the parts fold 1, fold 2"):
        folds(made(["a", "b", "a"]), 5, seed=0, grouped=False)
