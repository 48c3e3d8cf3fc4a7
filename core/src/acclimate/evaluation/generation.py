"""Scores of written text: words and sequences shared with a reference, exact answers, and the right numbers.

The truth of a row is one reference text, or several of which the best counts; the prediction is one text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import check_rows, table

References = Sequence[str | Sequence[str]]
_WORD = re.compile(r"[^\W_]+")


def exact_match_statistics(truth: References, predicted: Sequence[str]) -> Floats:
    """Return [rows, 2]: 1 where a prediction is one of its references, else 0; and 1.

    Case, runs of white space and one final full stop do not matter, nor do Unicode's compatibility forms (NFKC).
    Other punctuation and articles do, unlike in SQuAD's script, which takes 1.5 and 15 for the same.

    Raises:
        DataError: when rows disagree in number, or a row has no reference.
    """
    return table(
        [
            (float(_plain(given) in {_plain(text) for text in texts}), 1.0)
            for texts, given in _checked(truth, predicted)
        ],
        2,
    )


def rouge_1_statistics(truth: References, predicted: Sequence[str]) -> Floats:
    """Return `rouge_n_statistics` of single words."""
    return rouge_n_statistics(truth, predicted, n=1)


def rouge_2_statistics(truth: References, predicted: Sequence[str]) -> Floats:
    """Return `rouge_n_statistics` of pairs of words."""
    return rouge_n_statistics(truth, predicted, n=2)


def rouge_n_statistics(truth: References, predicted: Sequence[str], *, n: int) -> Floats:
    """Return [rows, 2]: F1 of the sequences of `n` words shared with the best reference; and 1.

    ROUGE-N of Lin 2004, "ROUGE: a package for automatic evaluation of summaries". Words are runs of letters and
    digits of any script in lower case, without stemming. F1 is 0 where either text is too short to have a sequence.

    Raises:
        DataError: as `exact_match_statistics`.
    """
    rows = []
    for texts, given in _checked(truth, predicted):
        found = sequences_of(given, n)
        shared = [
            f1_of((found & true).total(), found.total(), true.total())
            for true in (sequences_of(text, n) for text in texts)
        ]
        rows.append((max(shared), 1.0))
    return table(rows, 2)


def rouge_l_statistics(truth: References, predicted: Sequence[str]) -> Floats:
    """Return [rows, 2]: F1 of the longest common subsequence of words with the best reference; and 1.

    ROUGE-L of Lin 2004 on the whole text as one sentence.

    Raises:
        DataError: as `exact_match_statistics`.
    """
    rows = []
    for texts, given in _checked(truth, predicted):
        found = _words(given)
        shared = [f1_of(_common(found, true), len(found), len(true)) for true in map(_words, texts)]
        rows.append((max(shared), 1.0))
    return table(rows, 2)


def checked_texts(truth: Sequence[str], predicted: Sequence[str]) -> list[tuple[str, str]]:
    """Return reference and prediction of each row.

    Raises:
        DataError: when rows disagree in number, or a row has several references.
    """
    rows = _checked(truth, predicted)
    for row, (texts, _) in enumerate(rows):
        if len(texts) != 1:
            raise DataError(f"Expected one reference text for each row, found {len(texts)} in row {row}.")
    return [(texts[0], given) for texts, given in rows]


def _checked(truth: References, predicted: Sequence[str]) -> list[tuple[tuple[str, ...], str]]:
    check_rows(truth, predicted)
    rows = [
        ((texts,) if isinstance(texts, str) else tuple(texts), given)
        for texts, given in zip(truth, predicted, strict=True)
    ]
    for row, (texts, _) in enumerate(rows):
        if not texts:
            raise DataError(f"Expected at least one reference text in row {row}, found none.")
    return rows


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removesuffix(".").rstrip()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def sequences_of(text: str, n: int) -> Counter[tuple[str, ...]]:
    """Return how often each sequence of `n` words is in a text; words are as in `rouge_n_statistics`."""
    words = _words(text)
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, a row of the table at a time in the bits of one integer.

    Hyyro 2004, "Bit-parallel LCS-length computation revisited": a 0 in bit i of `row` says that the subsequence with
    the first i + 1 words of `one` is longer by one than that with the first i.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(one)) - 1
    row = every
    for word in other:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & every
    return len(one) - row.bit_count()


def f1_of(shared: int, given: int, true: int) -> float:
    """Return the harmonic mean of the shares of what is given and of what is true that both have; 0 for none."""
    return 2 * shared / (given + true) if shared else 0.0
