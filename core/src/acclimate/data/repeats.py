"""Rows that are the same, and rows that are nearly so: clusters of them, and pairs across parts."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Which rows are the same, and which are nearly so.

    `same` [rows] is the number of each row's content, from 0: rows that share one are the same. `near` [pairs, 2]
    are pairs of such numbers, first < second, whose contents are nearly the same.
    """

    same: Integers
    near: Integers

    def clusters(self) -> Integers:
        """Return a number for each row [rows], from 0; rows that a chain of repeats connects share one."""
        size = int(self.same.max(initial=-1)) + 1
        links = coo_array((np.ones(len(self.near)), (self.near[:, 0], self.near[:, 1])), shape=(size, size))
        found: Integers = connected_components(links, directed=False)[1].astype(np.int64)[self.same]
        return found

    def twins(self, among: Flags) -> tuple[Flags, Flags]:
        """Return which rows are the same as a row of `among` [rows], and which are only nearly so, each [rows]."""
        size = int(self.same.max(initial=-1)) + 1
        held = np.zeros(size, dtype=np.bool_)
        held[self.same[among]] = True
        beside = np.zeros(size, dtype=np.bool_)
        first, second = self.near[:, 0], self.near[:, 1]
        beside[first[held[second]]] = True
        beside[second[held[first]]] = True
        return held[self.same], (beside & ~held)[self.same]

    def pairs_across(self, parts: Sequence[int] | Integers) -> Iterator[tuple[int, int]]:
        """Yield each pair of rows, first < second, that repeat each other and lie in different `parts` [rows].

        Pairs that are the same come first. There may be as many as the square of the number of rows.
        """
        rows: dict[int, list[int]] = defaultdict(list)
        for row, number in enumerate(self.same.tolist()):
            rows[number].append(row)
        for held in rows.values():
            for at, one in enumerate(held):
                yield from ((one, other) for other in held[at + 1 :] if parts[one] != parts[other])
        for first, second in self.near.tolist():
            for one in rows[first]:
                for other in rows[second]:
                    if parts[one] != parts[other]:
                        yield min(one, other), max(one, other)


def numbered(contents: Sequence[Hashable]) -> Integers:
    """Return a number for each content [rows], from 0 in order of appearance; equal contents share one."""
    order: dict[Hashable, int] = {}
    return np.array([order.setdefault(content, len(order)) for content in contents], dtype=np.int64)
