"""Scores of an inspection: which parts are called defective, and where on them.

Whole parts: `truth` [rows] is 1 for a defective part and 0 for a good one; `scores` [rows, 2] the threshold and the
anomaly score of each part (any two numbers that differ by as much), and a part is rejected where its score lies
above the threshold. `metrics.auroc` of the same arrays needs no threshold.

Places: `truth` is one array [rows, columns] for each image, 0 where it is good; `predicted` one array of anomaly
scores of the same shape.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from acclimate.contracts import DataError
from acclimate.evaluation import multilabel
from acclimate.evaluation.metrics import Floats, Integers
from acclimate.evaluation.proportions import clopper_pearson
from acclimate.evaluation.totals import check_rows

LIMIT = 0.3
THRESHOLDS = 400
_TOUCHING = np.ones((3, 3))  # pixels that touch by a corner are one region


def escape(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The share of defective parts that are not rejected, in [0, 1]; nan where none is defective."""
    return _share(truth == 1, scores[:, 1] <= scores[:, 0], weights)


def overkill(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The share of good parts that are rejected, in [0, 1]; nan where none is good."""
    return _share(truth == 0, scores[:, 1] > scores[:, 0], weights)


def escape_interval(truth: Integers, scores: Floats) -> tuple[float, float] | None:
    """Return the exact bounds of the share that escapes (Clopper and Pearson 1934), None where none is defective."""
    defective = truth == 1
    escaped = scores[defective, 1] <= scores[defective, 0]
    return clopper_pearson(int(escaped.sum()), len(escaped)) if len(escaped) else None


def overkill_interval(truth: Integers, scores: Floats) -> tuple[float, float] | None:
    """Return the exact bounds of the share of good parts that are rejected, None where none is good."""
    good = truth == 0
    rejected = scores[good, 1] > scores[good, 0]
    return clopper_pearson(int(rejected.sum()), len(rejected)) if len(rejected) else None


def average_precision(truth: Integers, scores: Floats, weights: Floats) -> float:
    """The average precision of the defective parts, in (0, 1]; nan where none is defective.

    A score that says nothing has the share of defective parts.
    """
    above = (scores[:, 1] - scores[:, 0])[:, None]
    return multilabel.average_precision((truth == 1)[:, None].astype(np.int8), above, weights)


def region_statistics(truth: Sequence[NDArray[Any]], predicted: Sequence[NDArray[np.floating]]) -> Floats:
    """Return what each image adds to the curve of regions found against good pixels rejected: [rows, 2 + 2 points].

    First the number of its defect regions (pixels that touch, by a corner too) and of its good pixels; then, for each
    point of the curve, the sum over its regions of the share of their pixels above a threshold; then, for each point,
    how many of its good pixels are above it.

    The thresholds are the scores of good pixels, of which each gives a point above it and one from it on. They are
    all of them, highest first, where there are no more than 400 different ones; otherwise 400 of them, at equal steps
    of the share of good pixels above them, three quarters of which lie below a share of 0.3 and the others above it.

    Raises:
        DataError: when rows or shapes disagree, or a score is not finite.
    """
    rows = _checked(truth, predicted)
    thresholds = _thresholds(np.concatenate([scores[~defect] for defect, scores in rows]))
    return np.array([_image(defect, scores, thresholds) for defect, scores in rows])


def aupro(statistics: Floats, weights: Floats) -> float:
    """The area under the mean share of each region that is found, up to 0.3 of good pixels rejected, in [0, 1].

    From `region_statistics`; each region counts the same, whatever its size (Bergmann et al. 2021, "The MVTec anomaly
    detection dataset", section 5.2, "per-region overlap"). Points are joined by straight lines, also where the curve
    is cut at 0.3, and the area is divided by 0.3: 1 where every region is found before any good pixel is rejected,
    0.15 by chance. Undefined (nan) without regions or without good pixels.
    """
    regions, good, *curve = weights @ statistics
    if not (regions and good):
        return float("nan")
    found, rejected = np.split(np.array(curve), 2)
    x = np.concatenate([[0.0], rejected / good, [1.0]])
    y = np.concatenate([[0.0], found / regions, [1.0]])
    end = int((x <= LIMIT).sum())
    slope = (y[end] - y[end - 1]) / (x[end] - x[end - 1])
    last = y[end - 1] + slope * (LIMIT - x[end - 1])
    return float(np.trapezoid(np.append(y[:end], last), np.append(x[:end], LIMIT)) / LIMIT)


def pixel_statistics(truth: Sequence[NDArray[Any]], predicted: Sequence[NDArray[np.floating]]) -> Floats:
    """Return what each image adds to the ROC curve of pixels: [rows, 2 + 2 points].

    First the number of its defective and of its good pixels; then, for each point of `region_statistics`, how many of
    its defective pixels lie above it, and how many of its good ones.

    Raises:
        DataError: as `region_statistics`.
    """
    rows = _checked(truth, predicted)
    thresholds = _thresholds(np.concatenate([scores[~defect] for defect, scores in rows]))
    return np.array(
        [
            np.concatenate(
                [
                    [defect.sum(), (~defect).sum()],
                    _above(scores[defect], thresholds),
                    _above(scores[~defect], thresholds),
                ]
            )
            for defect, scores in rows
        ]
    )


def pixel_auroc(statistics: Floats, weights: Floats) -> float:
    """The chance that a defective pixel scores higher than a good one, in [0, 1]; nan without pixels of both.

    From `pixel_statistics`, whose points are joined by straight lines: ties count as half.
    """
    defective, good, *curve = weights @ statistics
    if not (defective and good):
        return float("nan")
    found, rejected = np.split(np.array(curve), 2)
    x = np.concatenate([[0.0], rejected / good, [1.0]])
    y = np.concatenate([[0.0], found / defective, [1.0]])
    return float(np.trapezoid(y, x))


def _share(parts: NDArray[np.bool_], counted: NDArray[np.bool_], weights: Floats) -> float:
    whole = weights @ parts
    return float(weights @ (parts & counted) / whole) if whole else float("nan")


def _thresholds(good: Floats) -> Floats:
    """Return different scores of good pixels, the highest first."""
    distinct = np.unique(good)[::-1]
    if len(distinct) <= THRESHOLDS:
        return distinct
    fine = 3 * THRESHOLDS // 4
    shares = np.concatenate([np.linspace(0, LIMIT, fine), np.linspace(LIMIT, 1, THRESHOLDS - fine + 1)[1:]])
    places = np.rint(shares * (len(good) - 1)).astype(np.int64)
    return np.unique(np.sort(good)[::-1][places])[::-1]


def _image(defect: NDArray[np.bool_], scores: Floats, thresholds: Floats) -> Floats:
    regions, count = label(defect, structure=_TOUCHING)
    good = scores[~defect]
    found = np.zeros(2 * len(thresholds))
    for region in range(1, count + 1):
        inside = scores[regions == region]
        found += _above(inside, thresholds) / len(inside)
    return np.concatenate([[count, len(good)], found, _above(good, thresholds)])


def _above(scores: Floats, thresholds: Floats) -> Floats:
    """How many scores lie above each threshold and how many lie on it or above, in turn: [2 thresholds]."""
    ranked = np.sort(scores)
    below = [ranked.searchsorted(thresholds, side) for side in ("right", "left")]
    return (len(ranked) - np.stack(below, axis=1)).ravel().astype(np.float64)


def _checked(
    truth: Sequence[NDArray[Any]], predicted: Sequence[NDArray[np.floating]]
) -> list[tuple[NDArray[np.bool_], Floats]]:
    check_rows(truth, predicted)
    for row, (true, given) in enumerate(zip(truth, predicted, strict=True)):
        if true.ndim != 2 or given.shape != true.shape:
            raise DataError(
                f"Expected a truth and a map of scores [rows, columns] of one shape in row {row}, "
                f"found {list(true.shape)} and {list(given.shape)}.",
                "Bring the map to the size of the truth.",
            )
        if not np.isfinite(given).all():
            raise DataError(f"Expected finite scores, found some in row {row} that are not.")
    return [(true != 0, given.astype(np.float64)) for true, given in zip(truth, predicted, strict=True)]
