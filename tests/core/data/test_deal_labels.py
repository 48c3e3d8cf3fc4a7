"""Rows with several labels: each part has its share of every label, and groups and times stay whole."""

import random
from collections import Counter

import pytest
from acclimate.contracts import DataError, OptionError, SplitPolicy
from acclimate.data import sample, split
from datasets import Dataset, Features, List, Value

POLICY = SplitPolicy(test=0.2, validation=0.1)
SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def sets_of(count: int, seed: int = 0) -> list[list[str]]:
    """Draw labels that are frequent, half as frequent, and so on, independently; some rows have none."""
    rng = random.Random(seed)
    chances = {"a": 0.6, "b": 0.3, "c": 0.15, "d": 0.05}
    return [[label for label, chance in chances.items() if rng.random() < chance] for _ in range(count)]


def made(sets: list[list[str]], **columns: list[str]) -> Dataset:
    rows = {"label": sets, "line": list(range(2, len(sets) + 2)), **columns}
    text = Value("string")
    return Dataset.from_dict(
        rows, features=Features({"label": List(text), "line": Value("int64"), **dict.fromkeys(columns, text)})
    )


@pytest.mark.parametrize("seed", range(4))
def test_each_part_has_its_share_of_every_label_and_of_rows_without(seed: int) -> None:
    sets = sets_of(400, seed)
    parts = split(made(sets), POLICY, seed=seed, grouped=False)
    assert sorted(row for part in parts.values() for row in part) == list(range(400))
    whole = Counter(label for names in sets for label in names or ["none"])
    for name, share in SHARES.items():
        assert len(parts[name]) == pytest.approx(400 * share, abs=3)
        found = Counter(label for row in parts[name] for label in sets[row] or ["none"])
        for label in "abcd":
            assert found[label] == pytest.approx(whole[label] * share, abs=2), (name, label)


def test_a_seed_gives_one_split_and_another_seed_another() -> None:
    rows = made(sets_of(120))
    first, again, other = (split(rows, POLICY, seed=seed, grouped=False) for seed in (1, 1, 2))
    assert first == again
    assert first["test"] != other["test"]


def test_the_mix_of_another_column_is_kept() -> None:
    sets, site = sets_of(300), ["north", "south", "south"] * 100
    parts = split(made(sets, site=site), SplitPolicy(test=0.2, stratify=("site",)), seed=0, grouped=False)
    assert sum(site[row] == "north" for row in parts["test"]) == pytest.approx(20, abs=2)


@pytest.mark.parametrize("seed", range(5))
def test_a_label_of_one_row_is_trained_on(seed: int) -> None:
    sets = [*sets_of(60), ["a", "lone"]]
    assert 60 in split(made(sets), POLICY, seed=seed, grouped=False)["train"]


@pytest.mark.parametrize("seed", range(5))
def test_groups_never_straddle_and_labels_keep_their_shares(seed: int) -> None:
    sets, rng = sets_of(400, seed), random.Random(seed)
    groups = [f"g{rng.randrange(80)}" for _ in sets]
    parts = split(made(sets, group=groups), POLICY, seed=seed, grouped=True)
    owners = [{groups[row] for row in part} for part in parts.values()]
    assert sum(map(len, owners)) == len(set(groups))
    assert sorted(row for part in parts.values() for row in part) == list(range(400))
    whole = Counter(label for names in sets for label in names)
    for name, share in SHARES.items():
        found = Counter(label for row in parts[name] for label in sets[row])
        assert all(found[label] / whole[label] == pytest.approx(share, abs=0.08) for label in "abc"), name


def test_the_past_trains_and_rows_of_one_time_stay_together() -> None:
    days = [f"2024-01-{number // 10 + 1:02}" for number in range(100)]
    parts = split(made(sets_of(100), time=days), POLICY, seed=0, grouped=False)
    owners = [{days[row] for row in part} for part in parts.values()]
    assert [len(own) for own in owners] == [7, 1, 2]
    assert max(owners[0]) < min(owners[1]) <= max(owners[1]) < min(owners[2])


def test_a_label_that_comes_after_training_ends_is_an_error() -> None:
    sets = [["a"], ["b"], ["a", "b"], []] * 5 + [["a", "new"]]
    with pytest.raises(DataError, match=r"1 classes occur only after .*'new'"):
        split(made(sets, time=[str(at) for at in range(21)]), POLICY, seed=0, grouped=False)


@pytest.mark.parametrize("seed", range(4))
def test_a_sample_keeps_the_share_of_every_label(seed: int) -> None:
    sets = sets_of(400, seed)
    chosen = sample(made(sets), 100, seed=seed)
    assert chosen == sample(made(sets), 100, seed=seed) != sample(made(sets), 100, seed=seed + 1)
    assert len(set(chosen)) == 100
    whole, kept = (Counter(label for names in part for label in names) for part in (sets, [sets[n] for n in chosen]))
    assert all(kept[label] == pytest.approx(whole[label] / 4, abs=2.5) for label in "abcd")


def test_a_sample_too_small_for_its_labels_is_an_error() -> None:
    sets = [[label] for label in "abcdef"] * 5
    with pytest.raises(OptionError, match=r"5 rows cannot hold 2 rows of each of 6 classes"):
        sample(made(sets), 5, seed=0)
