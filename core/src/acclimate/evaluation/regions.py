"""Connected regions of masks: how large they are, which are found, and masks without the small ones.

Pixels belong to one region where they touch by a side or a corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from acclimate.contracts import RegionBand
from acclimate.evaluation.surfaces import Inside

Labels = NDArray[np.int32]
Counts = NDArray[np.int64]
_TOUCHING = np.ones((3, 3), dtype=np.bool_)


def regions(inside: Inside) -> tuple[Labels, Counts]:
    """Return the number of the region of each pixel [height, width], 0 outside, and the pixels of each from 1 on."""
    labels, count = ndimage.label(inside, structure=_TOUCHING)
    return labels, np.bincount(labels.ravel(), minlength=count + 1)[1:]


def without_small(inside: Inside, minimum_pixels: int) -> Inside:
    """Return a mask [height, width] without its regions of fewer than so many pixels."""
    if minimum_pixels <= 1 or not inside.any():
        return inside
    labels, areas = regions(inside)
    kept: Inside = np.concatenate([[False], areas >= minimum_pixels])[labels]
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRegions:
    """The true regions of one class in all images: their `areas` in pixels, and how many pixels of each were found.

    Both are [regions]. A region of which no pixel was found was missed.
    """

    areas: Counts
    found: Counts


def found_regions(truth: Inside, predicted: Inside) -> FoundRegions:
    """Return how much of each region of a true mask [height, width] lies in the predicted one."""
    labels, areas = regions(truth)
    found = np.bincount(labels[predicted], minlength=len(areas) + 1)[1:]
    return FoundRegions(areas=areas, found=found)


def by_area(found: Sequence[FoundRegions], *, bands: int = 4) -> tuple[RegionBand, ...]:
    """Return regions in bands of equally many by area, the smallest first; areas that are equal share a band.

    Fewer regions than bands are one band each.
    """
    areas = np.concatenate([each.areas for each in found]) if found else np.zeros(0, dtype=np.int64)
    hit = np.concatenate([each.found for each in found]) if found else areas
    if not len(areas):
        return ()
    limits = np.unique(np.quantile(areas, np.arange(1, bands + 1) / bands, method="inverted_cdf"))
    place = np.searchsorted(limits, areas)
    return tuple(
        RegionBand(
            smallest=int(areas[mine].min()),
            largest=int(areas[mine].max()),
            regions=int(mine.sum()),
            missed=int((hit[mine] == 0).sum()),
            covered=float((hit[mine] / areas[mine]).mean()),
        )
        for mine in (place == number for number in range(len(limits)))
        if mine.any()
    )
