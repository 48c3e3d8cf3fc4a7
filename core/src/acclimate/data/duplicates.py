"""Texts that are nearly the same, found without comparing every pair.

The resemblance of two texts is the Jaccard similarity of their sets of five-word runs. MinHash signatures
whose bands are hashed pick the pairs worth comparing (A. Broder, "On the resemblance and containment of
documents", 1997; banding: Indyk and Motwani, 1998); each of these is then compared exactly.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import OptionError
from acclimate.data.repeats import Repeats, numbered

Hashes = NDArray[np.uint64]

_SHINGLE_WORDS = 5
_PERMUTATIONS = 128
_MISSED = 1e-3
_WORD = re.compile(r"\w+")
_PAIRS = 1_000_000
_CONSTANTS = np.random.default_rng(1997).integers(0, 2**64, (2, _PERMUTATIONS), dtype=np.uint64)
_MULTIPLIERS, _OFFSETS = _CONSTANTS[0] | np.uint64(1), _CONSTANTS[1]


def near_duplicate_groups(texts: Sequence[str], *, threshold: float = 0.7) -> list[int]:
    """Return a group number for each text, from 0 in order of appearance; near duplicates share a number.

    Two texts are near duplicates when the Jaccard similarity of their five-word runs (ignoring case and
    punctuation; a shorter text is one run) is at least `threshold`, and groups are closed under this: a chain
    of near duplicates is one group. No pair below the threshold joins two groups; a pair exactly at it is
    missed with a probability of at most one in a thousand, a closer pair more rarely, identical texts never.

    Raises:
        OptionError: the threshold is not above 0 and at most 1.
    """
    _check(threshold)
    numbers: dict[bytes, int] = {}
    distinct: list[Hashes] = []
    member: list[int] = []
    words: dict[str, int] = {}
    for text in texts:
        shingles = _shingles(text, words)
        key = shingles.tobytes()
        if key not in numbers:
            numbers[key] = len(distinct)
            distinct.append(shingles)
        member.append(numbers[key])
    return _joined(distinct, member, threshold)


def repeated_texts(texts: Sequence[str], *, threshold: float = 0.7) -> Repeats:
    """Return which texts are the same, and which pairs of different ones are near duplicates.

    Texts are the same when they have the same words in the same order, ignoring case and punctuation. Near
    duplicates are those of `near_duplicate_groups`; pairs are listed as they are, without following chains.

    Raises:
        OptionError: the threshold is not above 0 and at most 1.
    """
    _check(threshold)
    words: dict[str, int] = {}
    same = same_words(texts)
    first = np.unique(same, return_index=True)[1]
    distinct = [_shingles(texts[row], words) for row in first]
    near = [pair for pair in _likely_pairs(distinct, threshold) if _alike(distinct, pair, threshold)]
    return Repeats(same=same, near=np.array(near, dtype=np.int64).reshape(-1, 2))


def same_words(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each text [texts]; those with the same words in the same order share one, in any case."""
    return numbered([tuple(_words(text)) for text in texts])


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise OptionError(f"A similarity threshold is above 0 and at most 1, found {threshold}.")


def _alike(distinct: Sequence[Hashes], pair: tuple[int, int], threshold: float) -> bool:
    return jaccard(distinct[pair[0]], distinct[pair[1]]) >= threshold


def _joined(distinct: Sequence[Hashes], member: Sequence[int], threshold: float) -> list[int]:
    parent = list(range(len(distinct)))
    for first, second in _likely_pairs(distinct, threshold):
        one, other = _root(parent, first), _root(parent, second)
        if one != other and _alike(distinct, (first, second), threshold):
            parent[max(one, other)] = min(one, other)
    order: dict[int, int] = {}
    return [order.setdefault(_root(parent, number), len(order)) for number in member]


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def jaccard(first: Hashes, second: Hashes) -> float:
    """Return the share of two sorted sets of shingle hashes that they have in common."""
    small, large = (first, second) if len(first) < len(second) else (second, first)
    places = np.minimum(np.searchsorted(large, small), len(large) - 1)
    common = int((large[places] == small).sum())
    return common / (len(small) + len(large) - common)


def _shingles(text: str, words: dict[str, int]) -> Hashes:
    """Return the sorted distinct 64-bit hashes of a text's five-word runs; `words` remembers word hashes."""
    hashes = np.array([_word_hash(word, words) for word in _words(text)], dtype=np.uint64)
    width = min(_SHINGLE_WORDS, len(hashes))
    count = len(hashes) - width + 1
    run = np.zeros(count, dtype=np.uint64)
    for offset in range(width):
        run = _mixed(run + hashes[offset : offset + count])
    return np.unique(run)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold()) or [text.strip()]


def _word_hash(word: str, words: dict[str, int]) -> int:
    # Python's own hash() differs from process to process.
    known = words.get(word)
    if known is None:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        known = words[word] = int.from_bytes(digest, "little")
    return known


def _mixed(values: Hashes) -> Hashes:
    """Return the values scrambled (the finaliser of SplitMix64: Steele, Lea and Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _signature(shingles: Hashes) -> NDArray[np.uint32]:
    """Return the MinHash signature [permutations]: the least hash of the set under each permutation."""
    least = np.full(_PERMUTATIONS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(shingles), 2048):  # blocks that stay in the processor's cache
        block = shingles[start : start + 2048]
        hashed = block[None, :] * _MULTIPLIERS[:, None] + _OFFSETS[:, None]
        least = np.minimum(least, hashed.min(axis=1))
    return (least >> np.uint64(32)).astype(np.uint32)


def _rows_per_band(threshold: float) -> int:
    """Return the widest band with which a pair at the threshold is missed once in a thousand or less."""
    widths = (32, 16, 8, 4, 2, 1)
    return next((w for w in widths if (1 - threshold**w) ** (_PERMUTATIONS // w) <= _MISSED), 1)


def _likely_pairs(distinct: Sequence[Hashes], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield pairs that share a band and may reach the threshold by size and estimated similarity."""
    if len(distinct) < 2:
        return
    signatures = np.stack([_signature(shingles) for shingles in distinct])
    sizes = np.array([len(shingles) for shingles in distinct])
    width = _rows_per_band(threshold)
    # Three standard errors of the estimate, and four entries more for its skew near 1.
    slack = 3 * math.sqrt(threshold * (1 - threshold) / _PERMUTATIONS) + 4 / _PERMUTATIONS
    tried = np.zeros(0, dtype=np.int64)
    for start in range(0, _PERMUTATIONS, width):
        pairs = np.unique(_band_pairs(signatures[:, start : start + width], len(distinct)))
        pairs = np.setdiff1d(pairs, tried, assume_unique=True)
        tried = np.union1d(tried, pairs)
        for block in np.array_split(pairs, len(pairs) // _PAIRS + 1):
            first, second = np.divmod(block, len(distinct))
            low, high = np.minimum(sizes[first], sizes[second]), np.maximum(sizes[first], sizes[second])
            keep = low >= threshold * high
            first, second = first[keep], second[keep]
            keep = _estimate(signatures, first, second) >= threshold - slack
            yield from zip(first[keep].tolist(), second[keep].tolist(), strict=True)


def _band_pairs(band: NDArray[np.uint32], count: int) -> NDArray[np.int64]:
    """Return the pairs of rows with equal bands, each as `first * count + second` with first < second."""
    hashed = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        hashed = _mixed(hashed + column)
    order = np.argsort(hashed, kind="stable")
    ends = np.flatnonzero(np.diff(hashed[order])) + 1
    starts, ends = np.concatenate([[0], ends]), np.concatenate([ends, [len(order)]])
    found = [np.zeros(0, dtype=np.int64)]
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        numbers = order[start:end]
        first, second = np.triu_indices(len(numbers), 1)
        found.append(numbers[first] * count + numbers[second])
    return np.concatenate(found)


def _estimate(
    signatures: NDArray[np.uint32], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the estimated similarity of each pair [pairs]: the share of equal signature entries."""
    similar = np.empty(len(first))
    for start in range(0, len(first), 10_000):
        block = slice(start, start + 10_000)
        similar[block] = (signatures[first[block]] == signatures[second[block]]).mean(axis=1)
    return similar
