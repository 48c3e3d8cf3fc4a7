"""Tags of tokens: what spans are as tags, and the most likely spans of a text, of which no two overlap.

Each label has a tag for the first unit of its spans and one for those after it (BIO; Ramshaw and Marcus 1995); the
first tag of all is "O", outside. A unit is a word or a piece of one: see `tagger`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTSIDE = "O"
Floats = NDArray[np.floating]
Found = tuple[int, int, int, float]


def tags_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of labels: "O", then "B-" and "I-" of each."""
    return (OUTSIDE, *(f"{letter}-{label}" for label in labels for letter in "BI"))


def begin(label: int) -> int:
    """Return the place among the tags of the one that begins a span of the label of a number; the next goes on."""
    return 1 + 2 * label


def spans_in(logits: Floats, *, outside: float = 0.0) -> list[Found]:
    """Return the most likely spans of a text: first unit, one past the last, number of the label, probability.

    `logits` are [units, tags]; `outside` is added to those of "O". Found is the likeliest sequence of tags in which a
    span is gone on with only where one of its label has begun (Viterbi 1967). The probability of a span is the least
    one of the tags of its units.
    """
    if not len(logits):
        return []
    scores = np.asarray(logits, dtype=np.float64).copy()
    scores[:, 0] += outside
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return _spans(_path(scores), scores)


def _path(scores: NDArray[np.float64]) -> list[int]:
    """Return the tag of each unit on the best path through log-probabilities [units, tags]."""
    units, tags = scores.shape
    inside = np.arange(2, tags, 2)
    best = scores[0].copy()
    best[inside] = -np.inf  # nothing has begun before the first unit
    came = np.zeros((units, tags), dtype=np.int64)
    for unit in range(1, units):
        # Outside and the begin of any span may follow all tags; going on follows only its own label's.
        last = int(best.argmax())
        came[unit] = last
        arrived = np.full(tags, best[last])
        going = np.where(best[inside] > best[inside - 1], inside, inside - 1)
        came[unit, inside], arrived[inside] = going, best[going]
        best = arrived + scores[unit]
    path = [int(best.argmax())]
    for unit in range(units - 1, 0, -1):
        path.append(int(came[unit, path[-1]]))
    return path[::-1]


def _spans(path: Sequence[int], scores: NDArray[np.float64]) -> list[Found]:
    spans: list[Found] = []
    for unit, tag in enumerate(path):
        probability = float(np.exp(scores[unit, tag]))
        if tag and tag % 2:
            spans.append((unit, unit + 1, tag // 2, probability))
        elif tag:
            start, _, label, least = spans[-1]
            spans[-1] = (start, unit + 1, label, min(least, probability))
    return spans
