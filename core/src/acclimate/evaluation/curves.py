"""What a report draws: ROC and precision-recall curves, reliability, accuracy against coverage, conformal sets.

Shapes: `truth` [rows] of class indices, `probabilities` [rows, classes], `positive` [rows] of booleans.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import Bin, Conformal, Coverage, Curve, Score
from acclimate.evaluation.intervals import interval, whole_groups
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.proportions import wilson
from acclimate.evaluation.scope import retention_threshold

Groups = Sequence[str] | None

BINS = 10
POINTS = 100
LEVEL = 0.9


def curve(label: str, positive: NDArray[np.bool_], score: Floats) -> Curve | None:
    """Return the curves of one label against the rest, or None where all rows have it or none has.

    Rows of one score are flagged together. Of many points some hundred are kept, the first and the last among them.
    """
    if not positive.any() or positive.all():
        return None
    order = score.argsort(kind="stable")[::-1]
    ranked = score[order]
    last = np.append(ranked[:-1] > ranked[1:], True)
    right, given = positive[order].cumsum()[last], np.flatnonzero(last) + 1
    recall, false = right / positive.sum(), (given - right) / (~positive).sum()
    kept = np.unique(np.linspace(0, len(given) - 1, POINTS).round().astype(np.int64))
    roc = [(0.0, 0.0), *zip(false[kept].tolist(), recall[kept].tolist(), strict=True)]
    precision = zip(recall[kept].tolist(), (right / given)[kept].tolist(), strict=True)
    return Curve(label=label, roc=tuple(roc), precision_recall=tuple(precision))


def reliability(truth: Integers, probabilities: Floats, groups: Groups = None) -> tuple[Bin, ...]:
    """Return bins of equally many rows, the least confident first, at most ten of at least ten rows each."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = confidence.argsort(kind="stable")
    bins = max(1, min(BINS, len(truth) // 10))
    return tuple(
        Bin(rows=len(rows), confidence=float(confidence[rows].mean()), accuracy=share(right, groups, rows))
        for rows in np.array_split(order, bins)
    )


def coverage(truth: Integers, probabilities: Floats, groups: Groups = None) -> tuple[Coverage, ...]:
    """Return the accuracy of the most confident tenth of the rows, fifth, … and of all (El-Yaniv and Wiener 2010)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = confidence.argsort(kind="stable")[::-1]
    counts = dict.fromkeys(max(1, round(part * len(truth) / 10)) for part in range(1, 11))
    return tuple(
        Coverage(
            coverage=count / len(truth),
            confidence=float(confidence[order[count - 1]]),
            rows=count,
            accuracy=share(right, groups, order[:count]),
        )
        for count in counts
    )


def answered(truth: Integers, probabilities: Floats, threshold: float, groups: Groups = None) -> Coverage | None:
    """Return how many rows have a highest probability of `threshold` or more, and their accuracy; None of none."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    kept = np.flatnonzero(confidence >= threshold)
    if not len(kept):
        return None
    return Coverage(
        coverage=len(kept) / len(truth),
        confidence=threshold,
        rows=len(kept),
        accuracy=share(right, groups, kept),
    )


def answer_threshold(probabilities: Floats, answer: float) -> float:
    """Return the confidence from which a share `answer` of rows is answered, or more where some are equal."""
    return max(0.0, retention_threshold(probabilities.max(axis=1), answer))


def conformal_threshold(truth: Integers, probabilities: Floats, *, level: float = LEVEL) -> float | None:
    """Return the probability from which a label joins a row's set, for a true label in `level` of the sets.

    Split conformal prediction: with n rows it is the k-th highest probability given to the truth, k being (n + 1)
    times the level, rounded up. Rows must be exchangeable with new ones, and have trained nothing. None where rows
    are too few to promise the level (9 for 90 %).
    """
    wanted = int(np.ceil((len(truth) + 1) * level - 1e-9))
    if wanted > len(truth):
        return None
    given = probabilities[np.arange(len(truth)), truth]
    return float(np.sort(given)[::-1][wanted - 1])


def conformal(
    truth: Integers,
    probabilities: Floats,
    threshold: float,
    *,
    rows: int,
    groups: Groups = None,
    level: float = LEVEL,
) -> Conformal:
    """Return what the sets of a threshold, chosen on `rows` validation rows, hold on these rows."""
    sets = probabilities >= threshold
    sizes = sets.sum(axis=1)
    return Conformal(
        level=level,
        threshold=threshold,
        rows=rows,
        coverage=share(sets[np.arange(len(truth)), truth], groups),
        size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
    )


def share(right: NDArray[np.bool_], groups: Groups = None, rows: NDArray[np.integer] | None = None) -> Score:
    """Return the share of `rows` that is right [all rows], with Wilson's interval or by whole groups drawn again."""
    kept = range(len(right)) if rows is None else rows.tolist()
    found = right[kept].astype(np.float64)
    if groups is None:
        return Score(
            value=float(found.mean()), **dict(zip(("low", "high"), wilson(found.sum(), len(found)), strict=True))
        )
    own = [groups[row] for row in kept]
    drawn = whole_groups(own, np.random.default_rng(0), 1000)
    return interval(float(found.mean()), [float(weights @ found / weights.sum()) for weights in drawn], len(set(own)))
