"""From the logits of tokens to answers: the best pairs of a first and a last token, and one list of many windows.

A pair scores the logit of its first token as a start and that of its last as an end, added. Both stand against a
logit of 0 for "not here", so that a score above 0 says that the answer is likelier than none, in every window alike.
"""

from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Pair = tuple[int, int, float]


def best_pairs(starts: Floats, ends: Floats, *, longest: int, count: int) -> list[Pair]:
    """Return the best pairs (first, last, score) of tokens, the best one first, of which no two share a token.

    `starts` and `ends` are logits [tokens] of the tokens that an answer may begin and end with, none longer than
    `longest` tokens. After the best pair of all comes the best of those that share no token with it, and so on, at
    most `count`. Of equal scores the earlier and shorter pair comes first.
    """
    tokens = len(starts)
    if not tokens:
        return []
    width = min(longest, tokens)
    padded = np.concatenate([ends.astype(np.float64), np.full(width - 1, -np.inf)])
    sums = starts.astype(np.float64)[:, None] + sliding_window_view(padded, width)  # [first, length - 1]
    found: list[Pair] = []
    while len(found) < count:
        first, more = divmod(int(sums.argmax()), width)
        score = float(sums[first, more])
        if score == -np.inf:
            break
        last = first + more
        found.append((first, last, score))
        sums[first : last + 1] = -np.inf
        for before in range(max(0, first - width + 1), first):  # what begins before it and reaches into it
            sums[before, first - before :] = -np.inf
    return found


def merged(pairs: Iterable[Pair], *, count: int) -> list[Pair]:
    """Return the best of many (start, end, score) in characters, at most `count`, of which no two overlap.

    What several windows found at one place is one answer, with the best of its scores: places are compared, and never
    texts. `end` is the first character after the answer.
    """
    found: list[Pair] = []
    for start, end, score in sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])):
        if len(found) == count:
            break
        if all(end <= other[0] or start >= other[1] for other in found):
            found.append((start, end, score))
    return found
