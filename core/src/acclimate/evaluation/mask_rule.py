"""From the probabilities of classes to a mask: which pixels count, and which regions are too small to be kept.

The class of a pixel is the likeliest but the first, where it is likelier than the first, or, where the class has a
threshold, where its probability reaches it; else the first. Then regions of fewer pixels than the class's least area
become the first class. A rule is chosen on validation images and then left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acclimate.evaluation.regions import regions, without_small
from acclimate.evaluation.surfaces import Inside

Mask = NDArray[np.uint8]
# Likelihoods of a network that was trained are far apart: what is doubtful lies close to 1.
THRESHOLDS = (None, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
# Of the Dice that the best rule has on the masks that are there, the share that a rule with fewer false masks keeps.
KEPT_DICE = 0.9
_GROWTH = 2**0.5  # from one least area that is tried to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Of each pixel [height, width] the likeliest class but the first, its probability, and whether it is likeliest.

    `best` are places in the classes from 1 on, `wins` says where `best` is likelier than the first class.
    """

    best: Mask
    probability: NDArray[np.float32]
    wins: Inside

    def inside(self, number: int, threshold: float | None) -> Inside:
        """Return the pixels of a class by its threshold; None asks that it is the likeliest of all."""
        counted = self.wins if threshold is None else self.probability >= np.float32(threshold)
        inside: Inside = (self.best == number) & counted
        return inside


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRule:
    """Of each class but the first the threshold of its probability, None for none, and its least area in pixels."""

    thresholds: tuple[float | None, ...]
    minimum_pixels: tuple[int, ...]

    @classmethod
    def plain(cls, classes: int) -> "MaskRule":
        """Return the rule that takes the likeliest of so many classes, and keeps all of it."""
        return cls(thresholds=(None,) * (classes - 1), minimum_pixels=(0,) * (classes - 1))

    @property
    def is_plain(self) -> bool:
        """Whether it takes the likeliest class everywhere, and keeps all of it."""
        return not any(self.minimum_pixels) and all(each is None for each in self.thresholds)

    def mask(self, ranked: Ranked) -> Mask:
        """Return the class of each pixel [height, width]."""
        mask = np.zeros(ranked.best.shape, dtype=np.uint8)
        for number, (threshold, least) in enumerate(zip(self.thresholds, self.minimum_pixels, strict=True), 1):
            mask[without_small(ranked.inside(number, threshold), least)] = number
        return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A threshold and a least area of one class, and what they do on the validation images.

    `dice` is the mean Dice of the masks that are there, `false_masks` the share of those that are not and were given
    something, `missed_masks` the share of those that are there and were given nothing.
    """

    threshold: float | None
    minimum_pixels: int
    dice: float
    false_masks: float
    missed_masks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen for one class, beside the likeliest class with all its regions, on so many images.

    `rule` and `before` are None of a class that every image shows, or none: then nothing tells a good rule.
    """

    rule: Tried | None
    before: Tried | None


class RuleSearch:
    """Tries thresholds and least areas on images one after the other; few numbers of each are kept.

    `thresholds` are those to try; `minimum_pixels` the least area, None to try areas up to that of the largest true
    region.
    """

    def __init__(self, classes: int, *, thresholds: Sequence[float | None], minimum_pixels: int | None) -> None:
        self._thresholds, self._least = tuple(thresholds), minimum_pixels
        self._images: list[list[_Counted]] = [[] for _ in range(1, classes)]

    def add(self, ranked: Ranked, truth: Mask) -> None:
        """Count what each threshold finds in an image whose true classes are `truth` [height, width]."""
        for number, images in enumerate(self._images, 1):
            images.append(_counted(ranked, truth == number, number, (None, *self._thresholds)))

    def chosen(self, number: int) -> Chosen:
        """Return the rule of a class with the fewest false masks, of those that keep nine tenths of the best Dice.

        Dice is that of the masks that are there, so that how many images show the class does not matter, and finding
        nothing is never chosen. Of equally many false masks the best Dice decides, then the plainest rule.
        """
        tried = self.tried(number)
        if tried is None:
            return Chosen(rule=None, before=None)
        enough = KEPT_DICE * max(each.dice for each in tried)
        kept = [each for each in tried if each.dice >= enough]
        return Chosen(rule=min(kept, key=lambda each: (each.false_masks, -each.dice)), before=self._plain(number))

    def _plain(self, number: int) -> Tried:
        plain = RuleSearch(2, thresholds=(None,), minimum_pixels=0)
        plain._images = [[replace(image, regions=image.regions[:1] * 2) for image in self._images[number - 1]]]
        found = plain.tried(1)
        assert found is not None, "asked for a class that some images show"
        return found[0]

    def tried(self, number: int) -> list[Tried] | None:
        """Return all that was tried for a class; None where no image shows it, or each does.

        The plainest comes first: no threshold, and then the least area.
        """
        images = self._images[number - 1]
        there = np.array([image.truth > 0 for image in images])
        if not images or not there.any() or there.all():
            return None
        areas = _areas(images) if self._least is None else np.array([self._least])
        found = []
        for place, threshold in enumerate(self._thresholds, 1):  # at 0 is the plain rule, for comparison
            kept = np.stack([image.kept(place, areas) for image in images])  # [images, areas, pixels and right ones]
            sizes = np.array([image.truth for image in images])[:, None]
            dice = 2 * kept[..., 1] / np.maximum(kept[..., 0] + sizes, 1)
            some = kept[..., 0] > 0
            found += [
                Tried(
                    threshold=threshold,
                    minimum_pixels=int(least),
                    dice=float(dice[there, at].mean()),
                    false_masks=float(some[~there, at].mean()),
                    missed_masks=float(1 - some[there, at].mean()),
                )
                for at, least in enumerate(areas)
            ]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """One class in one image: its true pixels, and of each threshold the regions by area, with the right pixels."""

    truth: int
    largest: int
    regions: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]

    def kept(self, place: int, areas: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the pixels, and those of them that are right, that each least area leaves, [areas, 2]."""
        own, right = self.regions[place]
        first = np.searchsorted(own, areas)
        sums = [np.append(np.cumsum(each[::-1])[::-1], 0) for each in (own, right)]
        return np.stack([each[first] for each in sums], axis=-1)


def _counted(ranked: Ranked, truth: Inside, number: int, thresholds: Sequence[float | None]) -> _Counted:
    found = []
    for threshold in thresholds:
        labels, areas = regions(ranked.inside(number, threshold))
        right = np.bincount(labels[truth], minlength=len(areas) + 1)[1:]
        order = np.argsort(areas, kind="stable")
        found.append((areas[order], right[order]))
    largest = int(regions(truth)[1].max(initial=0))
    return _Counted(truth=int(truth.sum()), largest=largest, regions=tuple(found))


def _areas(images: Sequence[_Counted]) -> NDArray[np.int64]:
    """Return the least areas to try: none, and from 4 pixels on to the largest true region, each larger by half."""
    largest = max(image.largest for image in images)
    steps = 4 * _GROWTH ** np.arange(0, 64)
    grown = np.unique(np.round(steps[steps <= largest]).astype(np.int64))
    return np.concatenate([[0], grown])
