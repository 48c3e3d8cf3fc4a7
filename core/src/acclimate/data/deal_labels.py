"""Rows with several labels dealt to parts so that each part has its share of every label.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data",
algorithm 1): the label with the fewest rows left is dealt first, each row to the part that lacks most of it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acclimate.data.deal_groups import give_train_every_class
from acclimate.data.labels import Indicators

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def deal_labels(
    labels: Indicators, strata: Integers, shares: Mapping[str, float], random: np.random.Generator
) -> Integers:
    """Return the part of each row [rows]: 0 is train, then the wanted parts in order.

    `labels` are [rows, labels], `strata` [rows] the number of each row's stratum, which counts as one more label. A
    label that train would miss is moved there with one of its rows.
    """
    targets = np.array([1 - sum(shares.values()), *shares.values()])
    every = np.concatenate([labels, strata[:, None] == np.arange(strata.max() + 1)], axis=1).astype(np.int8)
    parts = iterate(every, np.outer(targets, every.sum(axis=0)), targets * len(labels), random)
    give_train_every_class(parts, labels.astype(np.float64))
    return parts


def take(labels: Indicators, count: int, floors: Integers, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return which rows [rows] to take, `count` of them in all, so that every label keeps its share of rows.

    `floors` [labels] are the fewest rows of each label. Where they cannot be kept, more than `count` rows are taken.
    """
    share = count / len(labels)
    wanted = np.maximum(labels.sum(axis=0) * share, floors)
    lacking = np.stack([labels.sum(axis=0) - wanted, wanted])
    taken: NDArray[np.bool_] = (
        iterate(labels, lacking, np.array([len(labels) - count, count], dtype=np.float64), random) == 1
    )
    order = random.permutation(len(labels))
    # Rows of frequent labels go first: what a rare label loses shows more.
    order = order[np.argsort(_rarest(labels)[order], kind="stable")][::-1]
    surplus, kept = int(taken.sum()) - count, labels[taken].sum(axis=0)
    for row in order[taken[order]]:
        if surplus > 0 and (kept - labels[row] >= floors).all():
            taken[row] = False
            surplus, kept = surplus - 1, kept - labels[row]
    taken[order[~taken[order]][: max(-surplus, 0)]] = True
    return taken


def _rarest(labels: Indicators) -> Floats:
    """Return how many rows have the rarest label of each row [rows]; infinity where it has none."""
    sizes = labels.sum(axis=0).astype(np.float64)
    found: Floats = np.where(labels > 0, sizes, np.inf).min(axis=1, initial=np.inf)
    return found


def iterate(labels: Indicators, lacking: Floats, room: Floats, random: np.random.Generator) -> Integers:
    """Return the part of each row [rows].

    `lacking` [parts, labels] is how many rows of each label each part is to get, `room` [parts] how many in all; both
    are counted down. Ties go to the part with most room, then to chance.
    """
    parts = np.full(len(labels), -1)
    left = labels.sum(axis=0).astype(np.int64)
    order = random.permutation(len(labels))
    while (left > 0).any():
        label = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        for row in order[(parts[order] < 0) & (labels[order, label] > 0)]:
            parts[row] = _neediest(lacking[:, label], room, random)
            lacking[parts[row]] -= labels[row]
            room[parts[row]] -= 1
            left -= labels[row]
    for row in order[parts[order] < 0]:  # rows without labels
        parts[row] = _neediest(room, room, random)
        room[parts[row]] -= 1
    return parts


def _neediest(lacking: Floats, room: Floats, random: np.random.Generator) -> int:
    most = np.flatnonzero(lacking >= lacking.max() - 1e-9)
    best = most[room[most] >= room[most].max() - 1e-9]
    return int(best[0] if len(best) == 1 else random.choice(best))
