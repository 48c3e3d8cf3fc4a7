"""Small regions, found regions and the rule that validation chooses, beside plain loops over scipy's labels."""

import numpy as np
import pytest
from acclimate.evaluation import MaskRule, Ranked, RuleSearch, by_area, found_regions
from acclimate.evaluation.regions import without_small
from scipy import ndimage


def blobs(seed: int, side: int = 40) -> np.ndarray:
    """Return a mask of random regions of many sizes."""
    noise = np.random.default_rng(seed).normal(size=(side, side))
    return ndimage.gaussian_filter(noise, 1.2) > 0.25


def kept_by_loop(inside: np.ndarray, minimum: int) -> np.ndarray:
    """Return a mask without small regions, one region after the other."""
    labels, count = ndimage.label(inside, structure=np.ones((3, 3)))
    kept = np.zeros_like(inside)
    for number in range(1, count + 1):
        if (labels == number).sum() >= minimum:
            kept |= labels == number
    return kept


def ranked(seed: int, side: int = 40) -> Ranked:
    random = np.random.default_rng(seed)
    best = random.integers(1, 3, (side, side)).astype(np.uint8)
    probability = ndimage.gaussian_filter(random.uniform(size=(side, side)), 1.0).astype(np.float32)
    probability = (probability - probability.min()) / np.ptp(probability)
    return Ranked(best=best, probability=probability, wins=probability > 0.5)


@pytest.mark.parametrize("minimum", [0, 1, 2, 5, 20, 10_000])
def test_regions_of_fewer_pixels_are_dropped_and_all_others_stay(minimum: int) -> None:
    inside = blobs(0)
    np.testing.assert_array_equal(without_small(inside, minimum), kept_by_loop(inside, minimum))


def test_pixels_that_touch_by_a_corner_are_one_region() -> None:
    assert without_small(np.eye(5, dtype=bool), 5).sum() == 5


def test_a_rule_gives_each_pixel_its_class_by_threshold_and_area() -> None:
    one = ranked(3)
    mask = MaskRule(thresholds=(0.6, None), minimum_pixels=(3, 0)).mask(one)
    first = kept_by_loop((one.best == 1) & (one.probability >= np.float32(0.6)), 3)
    second = (one.best == 2) & one.wins
    np.testing.assert_array_equal(mask, np.where(first, 1, np.where(second, 2, 0)))


def test_the_rule_with_the_fewest_false_masks_that_keeps_nine_tenths_of_dice_is_chosen() -> None:
    thresholds = (None, 0.6, 0.8)
    search = RuleSearch(3, thresholds=thresholds, minimum_pixels=None)
    images = []
    for seed in range(8):
        truth = np.zeros((40, 40), dtype=np.uint8)
        if seed % 2:
            truth[blobs(seed + 50)] = 1
        images.append((ranked(seed), truth))
        search.add(*images[-1])
    tried = search.tried(1)
    assert tried is not None
    assert {each.threshold for each in tried} == set(thresholds)
    for each in tried[::3]:
        dice, false, missed = [], [], []
        for one, truth in images:
            found, true = kept_by_loop(one.inside(1, each.threshold), each.minimum_pixels), truth == 1
            if true.any():
                dice.append(2 * (found & true).sum() / (found.sum() + true.sum()))
                missed.append(not found.any())
            else:
                false.append(found.any())
        assert each.dice == pytest.approx(np.mean(dice))
        assert each.false_masks == pytest.approx(np.mean(false))
        assert each.missed_masks == pytest.approx(np.mean(missed))
    chosen = search.chosen(1)
    assert chosen.rule is not None
    enough = [each for each in tried if each.dice >= 0.9 * max(other.dice for other in tried)]
    assert chosen.rule in enough
    assert chosen.rule.false_masks == min(each.false_masks for each in enough)
    assert chosen.before == tried[0]


def test_a_class_that_no_validation_image_shows_has_nothing_to_choose_by() -> None:
    search = RuleSearch(2, thresholds=(None,), minimum_pixels=None)
    search.add(ranked(0), np.zeros((40, 40), dtype=np.uint8))
    assert search.chosen(1).rule is None


def test_found_regions_are_counted_by_quarters_of_their_area() -> None:
    truth, predicted = blobs(7), blobs(7) & blobs(8)
    bands = by_area([found_regions(truth, predicted)])
    labels, count = ndimage.label(truth, structure=np.ones((3, 3)))
    areas = np.array([(labels == number).sum() for number in range(1, count + 1)])
    hit = np.array([(predicted & (labels == number)).sum() for number in range(1, count + 1)])
    assert sum(band.regions for band in bands) == count
    assert sum(band.missed for band in bands) == (hit == 0).sum()
    for band in bands:
        mine = (areas >= band.smallest) & (areas <= band.largest)
        assert band.regions == mine.sum()
        assert band.covered == pytest.approx((hit[mine] / areas[mine]).mean())
