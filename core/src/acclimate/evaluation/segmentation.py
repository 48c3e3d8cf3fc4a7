"""Scores of masks, of pixels in a plane or voxels in a volume, with their spacing in millimetres.

A row is one structure in one image; where an image has several, its rows form a group. The truth of a row is a
`Mask`, its prediction an array of the same shape, true inside. Statistics are [rows, 2]: the score and 1 where the
row counts, else 0 and 0.

Empty masks have no natural score, and what is made of them decides the mean. So every function must be told:
`both_empty` where neither has anything, "agree" for the best score, "leave-out" for no score, or "refuse" for an
error; and, of distances, `one_empty`: "diagonal" for that of the image, the greatest distance there can be, or
"refuse". Overlap with an empty mask is 0: a structure that was missed is never left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.surfaces import Inside, Spacing, surface_distances
from acclimate.evaluation.totals import check_rows, table

BothEmpty = Literal["agree", "leave-out", "refuse"]
OneEmpty = Literal["diagonal", "refuse"]
_Pair = tuple[Inside, Inside, Spacing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """The true mask of a row: `inside` [rows, columns] or [slices, rows, columns], true inside the structure.

    `spacing_millimetres` is the distance from one voxel to the next along each axis, in the order of the axes; None
    where nobody knows, and then nothing can be said in millimetres.

    Raises:
        DataError: when the mask has neither two nor three axes, or the spacing not one length above 0 for each.
    """

    inside: Inside
    spacing_millimetres: Spacing | None

    def __post_init__(self) -> None:
        if self.inside.ndim not in (2, 3) or self.inside.dtype != np.bool_ or not self.inside.size:
            raise DataError(
                "Expected a mask of booleans [rows, columns] or [slices, rows, columns], "
                f"found {self.inside.dtype} {list(self.inside.shape)}."
            )
        spacing = self.spacing_millimetres
        if spacing is None:
            return
        if len(spacing) != self.inside.ndim or not all(0 < each < np.inf for each in spacing):
            raise DataError(
                f"Expected a spacing in millimetres above 0 for each of {self.inside.ndim} axes, found {spacing}.",
                "Read it from the image's header, in the order of the array's axes.",
            )


def dice_statistics(truth: Sequence[Mask], predicted: Sequence[Inside], *, both_empty: BothEmpty) -> Floats:
    """Return for each row 2 |both| / (|truth| + |prediction|), in [0, 1] (Dice 1945); areas and volumes alike.

    Raises:
        DataError: when rows or shapes disagree, or both masks are empty and `both_empty` is "refuse".
    """
    return _each(truth, predicted, _dice, best=1.0, both_empty=both_empty)


def iou_statistics(truth: Sequence[Mask], predicted: Sequence[Inside], *, both_empty: BothEmpty) -> Floats:
    """Return for each row |both| / |either|, in [0, 1] (Jaccard 1901).

    Raises:
        DataError: as `dice_statistics`.
    """
    return _each(truth, predicted, _iou, best=1.0, both_empty=both_empty)


def hd95_statistics(
    truth: Sequence[Mask], predicted: Sequence[Inside], *, both_empty: BothEmpty, one_empty: OneEmpty
) -> Floats:
    """Return for each row the distance in millimetres within which 95 % of each surface lies from the other.

    The 95th percentile is of the surface by size, and the larger of the two directions counts (Nikolov et al. 2018).

    Raises:
        DataError: as `dice_statistics`, or when one mask is empty and `one_empty` is "refuse".
    """
    _check_spacing(truth)
    return _each(truth, predicted, partial(_hd95, one_empty=one_empty), best=0.0, both_empty=both_empty)


def nsd_statistics(
    truth: Sequence[Mask], predicted: Sequence[Inside], *, tolerance_millimetres: float, both_empty: BothEmpty
) -> Floats:
    """Return for each row the share of both surfaces that lies within the tolerance of the other, in [0, 1].

    The normalised surface distance, or surface Dice (Nikolov et al. 2018). The tolerance is what two experts
    differ by.

    Raises:
        DataError: as `dice_statistics`.
    """
    if not tolerance_millimetres >= 0:
        raise DataError(f"Expected a tolerance of 0 mm or more, found {tolerance_millimetres}.")
    _check_spacing(truth)
    within = partial(_nsd, tolerance_millimetres=tolerance_millimetres)
    return _each(truth, predicted, within, best=1.0, both_empty=both_empty)


def missed_statistics(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return for each row whether a structure that is there was given an empty mask, and whether there is one."""
    pairs = _checked(truth, predicted)
    return table([(bool(true.any() and not given.any()), bool(true.any())) for true, given, _ in pairs], 2)


def false_statistics(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return for each row whether a structure that is not there was given some mask, and whether there is none."""
    pairs = _checked(truth, predicted)
    return table([(bool(given.any() and not true.any()), not true.any()) for true, given, _ in pairs], 2)


def dice_present(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `dice_statistics` of the rows whose structure is there; the others count for nothing."""
    there = [bool(mask.inside.any()) for mask in truth]
    return dice_statistics(truth, predicted, both_empty="agree") * table([(each, each) for each in there], 2)


def dice_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `dice_statistics` where two empty masks agree."""
    return dice_statistics(truth, predicted, both_empty="agree")


def iou_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `iou_statistics` where two empty masks agree."""
    return iou_statistics(truth, predicted, both_empty="agree")


def hd95_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `hd95_statistics` where two empty masks agree and one alone is the diagonal of the image away."""
    return hd95_statistics(truth, predicted, both_empty="agree", one_empty="diagonal")


def hd95_pixels_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `hd95_agreeing` in pixels, whatever their size."""
    return hd95_agreeing(_in_pixels(truth), predicted)


def nsd_2px_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `nsd_statistics` within 2 pixels, whatever their size, where two empty masks agree."""
    return nsd_2mm_agreeing(_in_pixels(truth), predicted)


def nsd_2mm_agreeing(truth: Sequence[Mask], predicted: Sequence[Inside]) -> Floats:
    """Return `nsd_statistics` within 2 mm where two empty masks agree."""
    return nsd_statistics(truth, predicted, tolerance_millimetres=2.0, both_empty="agree")


def _in_pixels(truth: Sequence[Mask]) -> list[Mask]:
    return [replace(mask, spacing_millimetres=(1.0,) * mask.inside.ndim) for mask in truth]


def _check_spacing(truth: Sequence[Mask]) -> None:
    unknown = [row for row, mask in enumerate(truth) if mask.spacing_millimetres is None]
    if unknown:
        raise DataError(
            f"A distance in millimetres needs the spacing of the pixels, which row {unknown[0]} does not have.",
            'Name the column that holds it as "row,column" in mm (spacing), or measure in pixels.',
        )


def _each(
    truth: Sequence[Mask],
    predicted: Sequence[Inside],
    measure: Callable[[Inside, Inside, Spacing], float],
    *,
    best: float,
    both_empty: BothEmpty,
) -> Floats:
    """Return [rows, 2] of the measure, which sees no pair of which both are empty."""
    rows = []
    for row, (true, given, spacing) in enumerate(_checked(truth, predicted)):
        if true.any() or given.any():
            rows.append((measure(true, given, spacing), 1.0))
        elif both_empty == "refuse":
            raise DataError(
                f"Truth and prediction of row {row} are both empty, which both_empty='refuse' does not allow.",
                "Choose 'agree' or 'leave-out', or take the row out.",
            )
        else:
            rows.append((best, 1.0) if both_empty == "agree" else (0.0, 0.0))
    return table(rows, 2)


def _dice(true: Inside, given: Inside, _: Spacing) -> float:
    return float(2 * (true & given).sum() / (true.sum() + given.sum()))


def _iou(true: Inside, given: Inside, _: Spacing) -> float:
    return float((true & given).sum() / (true | given).sum())


def _hd95(true: Inside, given: Inside, spacing: Spacing, *, one_empty: OneEmpty) -> float:
    if not (true.any() and given.any()):
        if one_empty == "refuse":
            raise DataError(
                "One of truth and prediction is empty, which one_empty='refuse' does not allow.",
                "Choose 'diagonal', or take such rows out and report how many they are.",
            )
        return float(np.linalg.norm(np.multiply(true.shape, spacing)))
    one, other = _cut(true, given)
    return max(_percentile(*surface_distances(*pair, spacing)) for pair in ((one, other), (other, one)))


def _nsd(true: Inside, given: Inside, spacing: Spacing, *, tolerance_millimetres: float) -> float:
    if not (true.any() and given.any()):
        return 0.0
    one, other = _cut(true, given)
    within = whole = 0.0
    for pair in ((one, other), (other, one)):
        distances, sizes = surface_distances(*pair, spacing)
        within += float(sizes[distances <= tolerance_millimetres].sum())
        whole += float(sizes.sum())
    return within / whole


def _percentile(distances: Floats, sizes: Floats) -> float:
    """The least distance within which 95 % of the surface lies."""
    order = distances.argsort()
    reached = sizes[order].cumsum()
    return float(distances[order[reached.searchsorted(0.95 * reached[-1])]])


def _cut(one: Inside, other: Inside) -> tuple[Inside, Inside]:
    """Return both masks cut to the box that holds them; what lies outside it changes no distance."""
    places = np.argwhere(one | other)
    box = tuple(slice(low, high + 1) for low, high in zip(places.min(axis=0), places.max(axis=0), strict=True))
    return one[box], other[box]


def _checked(truth: Sequence[Mask], predicted: Sequence[Inside]) -> list[_Pair]:
    check_rows(truth, predicted)
    for row, (mask, given) in enumerate(zip(truth, predicted, strict=True)):
        if given.dtype != np.bool_ or given.shape != mask.inside.shape:
            raise DataError(
                f"Expected a prediction of booleans {list(mask.inside.shape)} in row {row}, "
                f"found {given.dtype} {list(given.shape)}.",
                "Bring it to the grid of the truth, and choose the threshold before.",
            )
    return [
        (mask.inside, given, mask.spacing_millimetres or (1.0,) * mask.inside.ndim)
        for mask, given in zip(truth, predicted, strict=True)
    ]
