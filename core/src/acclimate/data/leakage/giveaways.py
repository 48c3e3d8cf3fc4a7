"""Labels that something beside the matter gives away: a single word of the text, or a column."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import binomtest, hypergeom

from acclimate.contracts import Finding
from acclimate.data.labels import indicators
from acclimate.data.leakage.rows import SHOWN, Leak, PartedRows
from acclimate.data.repeats import Integers, numbered

SUPPORT = 10
PERFECT = 0.95
SIGNIFICANT = 0.01
_WORD = re.compile(r"\w+")


def telling_words(rows: PartedRows) -> Iterator[Leak]:
    """Yield the words whose presence or absence in a training text tells a label almost perfectly.

    Measured is the correlation of two yes-or-no variables, "has the word" and "has the label" (phi, which is
    Matthews' coefficient): 0.95 or more, each of the four answers on 10 training rows or more, and
    significant at 0.01 by Fisher's exact test, corrected for all words and labels tried (Bonferroni). It never stops
    a run: only a reader can tell a word that was put there by the label from one that is the matter itself.
    """
    if rows.texts is None:
        return
    train = np.flatnonzero(rows.of("train")).tolist()
    present, words = _presence([rows.texts[row] for row in train])
    names = sorted({name for row in train for name in rows.labels[row]})
    truth = indicators([rows.labels[row] for row in train], names).astype(np.int64)
    both = np.asarray(present.T @ truth)
    having, carried, total = np.asarray(present.sum(axis=0)).ravel(), truth.sum(axis=0), len(train)
    tried = (np.minimum(having, total - having) >= SUPPORT)[:, None] & (
        np.minimum(carried, total - carried) >= SUPPORT
    )
    phi = np.where(tried, _phi(both, having[:, None], carried[None], total), 0.0)
    telling = []
    best = np.abs(phi).argmax(axis=1) if len(names) else np.zeros(0, dtype=np.int64)
    for word, name in enumerate(best):
        if abs(phi[word, name]) < PERFECT:
            continue
        p = _fisher(both[word, name], having[word], carried[name], total, positive=phi[word, name] > 0) * tried.sum()
        if p <= SIGNIFICANT:
            telling.append((float(phi[word, name]), words[word], names[name], int(having[word]), float(p)))
    telling.sort(key=lambda each: (-abs(each[0]), each[1:]))
    count = len(telling)
    if telling:
        shown = "; ".join(
            f"{word!r} ({'' if phi > 0 else 'absence '}tells {name!r}, phi {phi:.2f}, on {held:,} rows)"
            for phi, word, name, held, _ in telling[:SHOWN]
        )
        yield Leak(
            finding=Finding(
                code="word-tells-label",
                message=f"Single words that tell a label almost perfectly: {count:,}, among them {shown}. "
                "If they were written because of the label (a folder name, a template, a decision), remove them.",
                details={
                    "rows": total,
                    "words": count,
                    "examples": [
                        {"word": word, "label": name, "phi": phi, "rows": held, "p": p}
                        for phi, word, name, held, p in telling[:SHOWN]
                    ],
                },
            )
        )


def telling_columns(rows: PartedRows) -> Iterator[Leak]:
    """Yield the columns whose values tell the label almost perfectly.

    Each training row is given the most frequent label of the other training rows with its value; only values on 10
    rows or more count. The column tells the label when this makes at most 5 % of the errors that always giving the
    most frequent label makes, and is significant at 0.01 by a binomial test, corrected for the columns tried
    (Bonferroni). It never stops a run.
    """
    train = np.flatnonzero(rows.of("train")).tolist()
    labels = numbered([tuple(sorted(rows.labels[row])) for row in train])
    for name, column in rows.columns.items():
        values = numbered([column[row] for row in train])
        used = np.bincount(values)[values] >= SUPPORT
        count, kinds = int(used.sum()), len(np.unique(values[used]))
        if kinds < 2:
            continue
        right = int(_left_out(values[used], labels[used]).sum())
        most = int(np.bincount(labels[used]).max())
        told = 1 - (count - right) / (count - most) if most < count else 0.0
        p = float(binomtest(right, count, most / count, alternative="greater").pvalue) * len(rows.columns)
        if told < PERFECT or p > SIGNIFICANT:
            continue
        yield Leak(
            finding=Finding(
                code="column-tells-label",
                message=f"The {name} tells the label of {right:,} of {count:,} training rows ({kinds:,} values), the "
                f"most frequent label of {most:,}. A model that sees it can do without what the label is about.",
                details={
                    "column": name,
                    "rows": count,
                    "right": right,
                    "values": kinds,
                    "most_frequent": most,
                    "p": p,
                    "examples": _usual(rows, np.array(train)[used].tolist(), column),
                },
            )
        )


def _presence(texts: Sequence[str]) -> tuple[csr_array, list[str]]:
    """Return which words are in which text [texts, words] and the words; those in too few texts are left out."""
    sets = [set(_WORD.findall(text.casefold())) for text in texts]
    counts = Counter(word for words in sets for word in words)
    words = sorted(word for word, count in counts.items() if count >= SUPPORT)
    place = {word: column for column, word in enumerate(words)}
    columns = [[place[word] for word in found if word in place] for found in sets]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.array([column for row in columns for column in row], dtype=np.int64)
    present = csr_array((np.ones(len(flat), dtype=np.int64), flat, ends), shape=(len(texts), len(words)))
    return present, words


def _phi(both: Integers, having: Integers, carried: Integers, total: int) -> NDArray[np.float64]:
    """Return the correlation of two yes-or-no variables from how often both, the one, and the other are yes."""
    scale = np.sqrt(having.astype(np.float64) * (total - having) * carried * (total - carried))
    found: NDArray[np.float64] = (both * total - having.astype(np.float64) * carried) / np.maximum(scale, 1e-12)
    return found


def _fisher(both: int, having: int, carried: int, total: int, *, positive: bool) -> float:
    """Return the one-sided p-value of Fisher's exact test."""
    if positive:
        return float(hypergeom.sf(both - 1, total, carried, having))
    return float(hypergeom.cdf(both, total, carried, having))


def _left_out(values: Integers, labels: Integers) -> NDArray[np.bool_]:
    """Return of each row [rows] whether the most frequent label of the other rows with its value is its own."""
    table = np.zeros((values.max() + 1, labels.max() + 1), dtype=np.int64)
    np.add.at(table, (values, labels), 1)
    others = table[values]
    others[np.arange(len(values)), labels] -= 1
    found: NDArray[np.bool_] = others.argmax(axis=1) == labels
    return found


def _usual(rows: PartedRows, used: Sequence[int], column: Sequence[str]) -> list[list[str]]:
    """Return the most frequent values, each with its most frequent label."""
    found = []
    for value, _ in Counter(column[row] for row in used).most_common(SHOWN):
        labels = Counter(", ".join(sorted(rows.labels[row])) for row in used if column[row] == value)
        found.append([value, labels.most_common(1)[0][0]])
    return found
