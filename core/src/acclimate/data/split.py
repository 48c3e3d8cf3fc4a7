"""Dealing rows to train, validation and test: stratified, by group, or by time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from acclimate.contracts import DataError, OptionError, SplitPolicy
from acclimate.data.deal_groups import deal_groups, join_groups
from acclimate.data.deal_labels import deal_labels, take
from acclimate.data.deal_time import deal_by_time
from acclimate.data.labels import indicators, is_multilabel, label_sets
from acclimate.data.repeats import numbered

Integers = NDArray[np.int64]
PARTS = ("train", "validation", "test")
_FLOOR = 2


def split(
    rows: Dataset,
    policy: SplitPolicy,
    *,
    seed: int,
    want: Sequence[str] = ("validation", "test"),
    grouped: bool,
    together: Integers | None = None,
) -> dict[str, list[int]]:
    """Return the row numbers of "train" and of each wanted part, in ascending order.

    Every row is in exactly one part, every class is in train, and the same rows and seed give the same parts,
    whatever groups are called.
    Rows with one number in `together` [rows] stay in one part, and with `grouped` so do the groups that share such
    rows. Where rows are dealt by time, those of an embargo, and those that repeat a row of an earlier part, are in
    none.
    Where each row is by itself, each part has the label mix of the whole to within a row per class, and the mix of
    the policy's `stratify` columns inside each class; where rows carry several labels, both mixes are kept as close
    as whole rows allow. With `grouped` no group is in two parts. Rows that stay together are dealt so that the label
    mix is as close as they allow. With a `time` column the last rows are the test part and those before them
    validation; rows of one time stay together.

    Raises:
        DataError: too few rows, groups or times to fill every part; a class that a split by time leaves
            out of train; a time that is neither a number nor an ISO date.
        OptionError: an unknown part, `grouped` without a group column, or together with a time column.
    """
    shares = _shares(policy, want, len(rows))
    timed = "time" in rows.column_names
    if grouped and timed:
        raise OptionError("Rows cannot be split by time and kept in groups at once.", "Name only one of the two.")
    if grouped and "group" not in rows.column_names:
        raise OptionError("A split by group needs a group column.", 'Name it: group="COLUMN".')
    if not shares:
        return {"train": list(range(len(rows)))}
    if timed:
        parts = deal_by_time(rows, shares, policy.embargo, together)
    else:
        parts = _deal(rows, policy.stratify, shares, np.random.default_rng(seed), grouped=grouped, together=together)
    _check_filled(parts, ("train", *shares), len(rows))
    return {name: np.flatnonzero(parts == number).tolist() for number, name in enumerate(("train", *shares))}


def folds(
    rows: Dataset,
    count: int,
    *,
    seed: int,
    grouped: bool,
    stratify: Sequence[str] = (),
    together: Integers | None = None,
) -> list[list[int]]:
    """Return the row numbers of `count` parts of about equal size, dealt as `split` deals them; times play no role.

    Raises:
        DataError: too few rows or groups for so many parts.
    """
    shares = {f"fold {number}": 1 / count for number in range(2, count + 1)}
    parts = _deal(rows, stratify, shares, np.random.default_rng(seed), grouped=grouped, together=together)
    _check_filled(parts, ("fold 1", *shares), len(rows))
    return [np.flatnonzero(parts == number).tolist() for number in range(count)]


def _deal(
    rows: Dataset,
    stratify: Sequence[str],
    shares: Mapping[str, float],
    random: np.random.Generator,
    *,
    grouped: bool,
    together: Integers | None,
) -> Integers:
    """Return the part of each row [rows]: 0 is the first, then those of `shares` in order."""
    # A preset may know of a column that the user's own data do not have.
    mixed = [name for name in stratify if name in rows.column_names]
    several = is_multilabel(rows)
    labels: Any = _indicators(rows) if several else _codes(rows["label"][:])
    within = mixed if several else ["label", *mixed]
    columns = [rows[name][:] for name in within] or [[""] * len(rows)]
    strata = _codes(list(zip(*columns, strict=True)))
    if grouped and together is None:
        return deal_groups(numbered(rows["group"][:]), labels, strata, shares, random)
    if grouped or (together is not None and len(np.unique(together)) < len(rows)):
        return _deal_clusters(kept_as_one(rows, together, grouped=grouped), labels, strata, shares, random)
    if several:
        return deal_labels(labels, strata, shares, random)
    return _deal_rows(labels, strata, shares, random)


def sample(rows: Dataset, count: int, *, seed: int) -> list[int]:
    """Return the numbers of `count` rows in their original order, with the label mix of the whole.

    Each class keeps at least two rows where it had two; all rows are returned when there are no more than
    `count`. Where rows carry several labels the mix is kept as close as whole rows allow.

    Raises:
        OptionError: `count` is too small for two rows of each class.
    """
    if count >= len(rows):
        return list(range(len(rows)))
    random = np.random.default_rng(seed)
    if "label" in rows.column_names and is_multilabel(rows):
        members = _indicators(rows)
        taken = take(members, count, np.minimum(members.sum(axis=0), _FLOOR), random)
        _check_room(count, int(taken.sum()), members.shape[1])
        return np.flatnonzero(taken).tolist()
    labels = _codes(rows["label"][:] if "label" in rows.column_names else [""] * len(rows))
    sizes = np.bincount(labels)
    floors = np.minimum(sizes, _FLOOR)
    _check_room(count, int(floors.sum()), len(sizes))
    quotas = np.maximum(quotas_of(sizes, count / len(rows)), floors)
    while quotas.sum() > count:
        quotas[np.argmax(quotas - floors)] -= 1
    while quotas.sum() < count:
        quotas[np.argmax(sizes - quotas)] += 1
    chosen = [
        random.choice(np.flatnonzero(labels == label), quota, replace=False) for label, quota in enumerate(quotas)
    ]
    return sorted(np.concatenate(chosen).tolist())


def _check_room(count: int, needed: int, classes: int) -> None:
    if count < needed:
        raise OptionError(
            f"{count:,} rows cannot hold {_FLOOR} rows of each of {classes:,} classes.",
            f"Ask for {needed:,} rows or more.",
        )


def _indicators(rows: Dataset) -> Any:
    sets = label_sets(rows)
    return indicators(sets, sorted({label for names in sets for label in names}))


def quotas_of(sizes: Integers, share: float) -> Integers:
    """Return whole shares of `sizes` [classes]: each within one of its exact share, the sum within a half."""
    ends = np.floor(np.cumsum(sizes) * share + 0.5).astype(np.int64)
    quotas: Integers = np.diff(ends, prepend=0)
    return quotas


def _shares(policy: SplitPolicy, want: Sequence[str], count: int) -> dict[str, float]:
    unknown = [name for name in want if name not in PARTS[1:]]
    if unknown:
        raise OptionError(f"There is no part {unknown[0]!r} to set aside.", "The parts are validation and test.")
    given = {"validation": policy.validation, "test": policy.test}
    # Each part gets a row even where its share is less than one.
    return {name: max(given[name], 1 / max(count, 1)) for name in PARTS[1:] if name in want}


def kept_as_one(rows: Dataset, together: Integers | None, *, grouped: bool) -> Integers:
    """Return a number [rows] from 0 for what goes to one part: groups, clusters of `together`, or both joined."""
    groups = numbered(rows["group"][:]) if grouped else np.arange(len(rows))
    return groups if together is None else join_groups(groups, numbered(together.tolist()))


def _codes(values: Sequence[Any]) -> Integers:
    """Return the values as numbers [rows] from 0, in sorted order of the values."""
    number = {value: code for code, value in enumerate(sorted(set(values)))}
    return np.array([number[value] for value in values], dtype=np.int64)


def _deal_rows(
    labels: Integers, strata: Integers, shares: Mapping[str, float], random: np.random.Generator
) -> Integers:
    """Return the part of each row [rows]: 0 is train, then the wanted parts in order."""
    parts = np.zeros(len(labels), dtype=np.int64)
    # Classes in random order, rows of a class by stratum and in random order inside it.
    rank = random.permutation(int(labels.max()) + 1)
    order = np.lexsort((random.random(len(labels)), strata, rank[labels]))
    sizes = np.bincount(rank[labels])
    quotas = _class_quotas(sizes, list(shares.values()))
    start = 0
    for size, wanted in zip(sizes, quotas, strict=True):
        mine = order[start : start + size]
        parts[mine] = _deal_class(strata[mine], wanted, random)
        start += size
    return parts


def _deal_clusters(
    clusters: Integers, labels: Any, strata: Integers, shares: Mapping[str, float], random: np.random.Generator
) -> Integers:
    try:
        return deal_groups(clusters, labels, strata, shares, random)
    except DataError as error:
        error.add_note(
            "Rows that repeat each other, exactly or nearly, count as one group, and so do groups that share such "
            "rows: a group column that does not hold what belongs together is better left out. With "
            "allow_leakage=True (--allow-leakage) repeats are dealt like all other rows."
        )
        raise


def _class_quotas(sizes: Integers, shares: Sequence[float]) -> Integers:
    """Return how many rows of each class each part gets [classes, parts], leaving one or more to train."""
    quotas = np.stack([quotas_of(sizes, share) for share in shares], axis=1)
    surplus = np.zeros(len(shares))  # what each part has above its share so far: it gives back first
    for size, row in zip(sizes, quotas, strict=True):
        surplus += row - size * np.array(shares)
        while row.sum() >= size:
            most = np.argmax(np.where(row > 0, surplus, -np.inf))
            row[most] -= 1
            surplus[most] -= 1
    return quotas


def _deal_class(strata: Integers, wanted: Integers, random: np.random.Generator) -> Integers:
    """Return the part of each row of one class; `strata` [rows] is sorted, `wanted` [parts]."""
    parts = np.zeros(len(strata), dtype=np.int64)
    for number, count in enumerate(wanted, 1):
        free = np.flatnonzero(parts == 0)
        sizes = np.unique(strata[free], return_counts=True)[1]
        taken = quotas_of(sizes, count / len(free))
        starts = np.cumsum(sizes) - sizes
        for start, size, quota in zip(starts, sizes, taken, strict=True):
            parts[random.choice(free[start : start + size], quota, replace=False)] = number
    return parts


def _check_filled(parts: Integers, names: Sequence[str], count: int) -> None:
    empty = [name for number, name in enumerate(names) if not (parts == number).any()]
    if empty:
        raise DataError(
            f"{count:,} rows are too few to fill the parts {', '.join(names)}: {empty[0]} stays empty.",
            f"Add rows, or give a file for {empty[0]}.",
        )
