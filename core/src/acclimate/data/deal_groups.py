"""Whole groups (patient, contract, lot) dealt to parts so that the label mix stays close."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from acclimate.contracts import DataError

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_ROUNDS = 10
# With few groups some orders leave a part empty or far from its share; with many, every order comes close to it.
_ORDERS, _MANY = 10, 1000


def join_groups(groups: Integers, clusters: Integers) -> Integers:
    """Return the number of each row's group [rows], where groups with rows of one cluster [rows] count as one."""
    first = int(groups.max(initial=-1)) + 1
    size = first + int(clusters.max(initial=-1)) + 1
    links = coo_array((np.ones(len(groups), dtype=np.int8), (groups, first + clusters)), shape=(size, size))
    components: Integers = connected_components(links, directed=False)[1].astype(np.int64)
    return np.unique(components[groups], return_inverse=True)[1]


def deal_groups(
    groups: Integers,
    labels: NDArray[np.integer],
    strata: Integers,
    shares: Mapping[str, float],
    random: np.random.Generator,
) -> Integers:
    """Return the part of each row [rows]: 0 is train, then the wanted parts in order.

    `labels` are [rows] class numbers, or [rows, classes] of 0 and 1 where rows may carry several labels. Groups go,
    in random order, to the part whose counts of labels, strata and rows come closest to its share; then single groups
    move as long as that brings the counts closer. Were the largest to go first, they would always train, and every
    seed would give much the same parts. A class that train would miss is moved there with its smallest group.

    Raises:
        DataError: there are too few groups for every part to have one.
    """
    targets = np.array([1 - sum(shares.values()), *shares.values()])
    counts = _counts(groups, labels, strata)
    # Every label, stratum and the number of rows weigh the same, however many rows they have.
    scaled = counts / counts.sum(axis=0)
    tried = [_assign(scaled, targets, random) for _ in range(_ORDERS if len(counts) < _MANY else 1)]
    parts = min(tried, key=lambda parts: _distance(parts, scaled, targets))
    give_train_every_class(parts, counts[:, : _classes(labels)])
    for number, name in enumerate(("train", *shares)):
        if not (parts == number).any():
            raise DataError(
                f"{len(counts):,} groups are too few to fill the parts {', '.join(('train', *shares))}: "
                f"{name} stays empty, or train would miss a class.",
                f"Add groups, or give a file for {name if number else 'test'}.",
            )
    return parts[groups]


def _classes(labels: NDArray[np.integer]) -> int:
    return labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1


def _counts(groups: Integers, labels: NDArray[np.integer], strata: Integers) -> Floats:
    """Return rows per group: of each label, of each stratum, in all [groups, labels + strata + 1]."""
    rows = np.arange(len(groups))
    carrying, carried = np.nonzero(labels) if labels.ndim == 2 else (rows, labels)
    first, last = _classes(labels), _classes(labels) + int(strata.max()) + 1
    counts = np.zeros((int(groups.max()) + 1, last + 1))
    for of, column in ((carrying, carried), (rows, strata + first), (rows, np.full(len(rows), last))):
        np.add.at(counts, (groups[of], column), 1)
    return counts


def _assign(scaled: Floats, targets: Floats, random: np.random.Generator) -> Integers:
    """Return the part of each group [groups]; `scaled` [groups, features], `targets` [parts]."""
    order = random.permutation(len(scaled))
    parts = np.full(len(scaled), -1)
    # What each part still lacks of its share [parts, features].
    lacking = np.repeat(targets[:, None], scaled.shape[1], axis=1)
    for group in order:
        parts[group] = _best(lacking, scaled[group])
        lacking[parts[group]] -= scaled[group]
    for _ in range(_ROUNDS):
        if not _improve(parts, lacking, scaled, order):
            break
    return parts


def _distance(parts: Integers, scaled: Floats, targets: Floats) -> tuple[int, float]:
    """Return how many parts are empty, and the squared distance of all counts to their shares."""
    held = np.stack([scaled[parts == number].sum(axis=0) for number in range(len(targets))])
    empty = len(targets) - len(np.unique(parts))
    return empty, float(np.square(held - targets[:, None]).sum())


def _best(lacking: Floats, group: Floats) -> int:
    """Return the part in which a group most lowers the squared distance to the shares."""
    # |lacking - group|² - |lacking|² = |group|² - 2 lacking·group, and |group|² is the same for all.
    return int(np.argmax(lacking @ group))


def _improve(parts: Integers, lacking: Floats, scaled: Floats, order: Integers) -> bool:
    moved = False
    sizes = np.bincount(parts, minlength=len(lacking))
    for group in order:
        old = parts[group]
        if sizes[old] == 1:
            continue
        lacking[old] += scaled[group]
        gain = lacking @ scaled[group]
        new = _best(lacking, scaled[group])
        better = gain[new] > gain[old] + 1e-12
        parts[group] = new if better else old
        sizes[old] -= 1
        sizes[parts[group]] += 1
        lacking[parts[group]] -= scaled[group]
        moved = moved or bool(better)
    return moved


def give_train_every_class(parts: Integers, classes: Floats) -> None:
    """Move to train (part 0) the smallest group of each class that train misses; `classes` are [groups, classes]."""
    for label in range(classes.shape[1]):
        holders = np.flatnonzero(classes[:, label])
        if not (parts[holders] == 0).any():
            parts[holders[np.argmin(classes[holders].sum(axis=1))]] = 0
