"""The area under regions found is that of a count over every threshold; escape and overkill have exact bounds."""

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import score
from acclimate.evaluation.anomaly import (
    LIMIT,
    THRESHOLDS,
    aupro,
    average_precision,
    escape,
    escape_interval,
    overkill,
    overkill_interval,
    pixel_auroc,
    pixel_statistics,
    region_statistics,
)
from acclimate.evaluation.metrics import auroc
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score


def images(seed: int, *, levels: int = 12, size: int = 9, count: int = 4) -> tuple[list, list]:
    """Truths with regions of a few pixels, the first image good, and maps of scores with many ties."""
    rng = np.random.default_rng(seed)
    truth = [(rng.random((size, size)) < 0.12) & (number > 0) for number in range(count)]
    maps = [np.round(rng.normal(size=(size, size)) + 1.2 * defect, 1) for defect in truth]
    edges = np.linspace(-3, 4, levels)
    return truth, [edges[np.digitize(each, edges[1:-1])] for each in maps]


def regions_of(defect: np.ndarray) -> list[list[tuple[int, int]]]:
    """Collect pixels that touch, by a corner too, by walking from one to the next."""
    left = {(int(row), int(column)) for row, column in np.argwhere(defect)}
    found = []
    while left:
        walk = [left.pop()]
        for row, column in walk:
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= near
            walk += sorted(near)
        found.append(walk)
    return found


def by_every_threshold(truth: list, maps: list, limit: float) -> float:
    """Walk down all scores there are; add up the pieces of the curve that lie below the limit."""
    regions = [(number, region) for number, defect in enumerate(truth) for region in regions_of(defect)]
    good = np.concatenate([each[~defect] for defect, each in zip(truth, maps, strict=True)])
    area, x, y = 0.0, 0.0, 0.0
    for threshold in sorted({float(value) for each in maps for value in each.ravel()}, reverse=True):
        to_x = float((good >= threshold).mean())
        to_y = float(np.mean([np.mean([maps[n][at] >= threshold for at in region]) for n, region in regions]))
        if to_x > limit:
            at_limit = y + (to_y - y) * (limit - x) / (to_x - x)
            return (area + (limit - x) * (y + at_limit) / 2) / limit
        area += (to_x - x) * (y + to_y) / 2
        x, y = to_x, to_y
    return area / limit


@given(st.integers(0, 2**32 - 1), st.integers(3, 60))
def test_the_area_is_that_of_a_count_over_every_threshold(seed: int, levels: int) -> None:
    truth, maps = images(seed, levels=levels)
    if not any(defect.any() for defect in truth):
        return
    found = aupro(region_statistics(truth, maps), np.ones(4))
    assert found == pytest.approx(by_every_threshold(truth, maps, LIMIT), abs=1e-12)


def test_with_more_scores_than_thresholds_the_area_is_nearly_that_of_all() -> None:
    rng = np.random.default_rng(5)
    truth = [rng.random((40, 40)) < 0.03 for _ in range(3)]
    maps = [rng.normal(size=(40, 40)) + defect for defect in truth]
    counted = region_statistics(truth, maps)
    assert counted.shape == (3, 2 + 4 * THRESHOLDS)
    assert aupro(counted, np.ones(3)) == pytest.approx(by_every_threshold(truth, maps, LIMIT), abs=5e-4)


def test_an_example_worked_by_hand() -> None:
    """Regions of 1 and 2 pixels, 10 good pixels: scores 9 | 9, 5 | 7, 5, 1 and so on."""
    truth = np.zeros((1, 14), dtype=int)
    truth[0, [0, 2, 3]] = 1
    scores = np.array([[9.0, 7, 9, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 0]])
    # 11 good pixels: 0 of them until regions are 1 and 0.5 found, then one at 7, then one at 5 with the last pixel.
    points_x, points_y = [0, 1 / 11, 2 / 11], [0.75, 0.75, 1.0]
    area = np.trapezoid(points_y, points_x) + (0.3 - 2 / 11) * 1.0
    assert aupro(region_statistics([truth], [scores]), np.ones(1)) == pytest.approx(area / 0.3, abs=1e-12)


def test_every_region_counts_the_same_whatever_its_size() -> None:
    truth = np.zeros((10, 10), dtype=bool)
    truth[:4, :], truth[9, 9] = True, True
    only_large, only_small = (np.zeros((10, 10)) for _ in range(2))
    only_large[:4, :], only_small[9, 9] = 1.0, 1.0
    large, small = (aupro(region_statistics([truth], [each]), np.ones(1)) for each in (only_large, only_small))
    assert large == pytest.approx(small)


def test_all_found_first_is_one_and_chance_is_a_half_of_the_limit() -> None:
    truth, _ = images(1, size=40)
    sure = [np.where(defect, 1.0, 0.0) for defect in truth]
    assert aupro(region_statistics(truth, sure), np.ones(4)) == 1.0
    flat = [np.zeros(defect.shape) for defect in truth]
    assert aupro(region_statistics(truth, flat), np.ones(4)) == pytest.approx(LIMIT / 2)


def test_without_regions_or_without_good_pixels_there_is_no_area() -> None:
    truth, maps = images(2)
    assert np.isnan(aupro(region_statistics(truth[:1], maps[:1]), np.ones(1)))
    assert np.isnan(aupro(region_statistics([np.ones((2, 2))], [np.eye(2)]), np.ones(1)))


TRUTH = np.array([1] * 12 + [0] * 40)
SCORES = np.column_stack([np.full(52, 0.5), np.r_[np.linspace(0.3, 1, 12), np.linspace(0, 0.55, 40)]])


def test_escape_and_overkill_are_plain_shares_with_exact_bounds() -> None:
    missed, rejected = int((SCORES[:12, 1] <= 0.5).sum()), int((SCORES[12:, 1] > 0.5).sum())
    formulas = {"escape": escape_interval, "overkill": overkill_interval}
    found = score(TRUTH, SCORES, {"escape": escape, "overkill": overkill}, formulas=formulas)
    for name, count, parts in (("escape", missed, 12), ("overkill", rejected, 40)):
        exact = binomtest(count, parts).proportion_ci(method="exact")
        assert 0 < count < parts
        assert found[name].value == count / parts
        assert (found[name].low, found[name].high) == pytest.approx((exact.low, exact.high))


def test_a_part_on_the_threshold_is_not_rejected() -> None:
    on = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert escape(np.array([1, 0]), on, np.ones(2)) == 1.0
    assert overkill(np.array([1, 0]), on, np.ones(2)) == 0.0


def test_no_escape_among_few_defects_is_no_promise() -> None:
    truth, scores = np.ones(10, dtype=np.int64), np.tile([0.0, 1.0], (10, 1))
    assert escape(truth, scores, np.ones(10)) == 0.0
    assert escape_interval(truth, scores) == pytest.approx((0.0, 0.3085), abs=5e-5)
    assert np.isnan(overkill(truth, scores, np.ones(10)))
    assert overkill_interval(truth, scores) is None
    assert escape_interval(1 - truth, scores) is None


def test_the_area_of_whole_parts_is_the_one_that_classes_have() -> None:
    assert auroc(TRUTH, SCORES, np.ones(52)) == pytest.approx(roc_auc_score(TRUTH, SCORES[:, 1]))


@pytest.mark.parametrize(
    ("truth", "maps", "message"),
    [
        ([np.zeros((2, 2))], [], "found 1 rows and 0 predictions"),
        ([np.zeros((2, 2))], [np.zeros((2, 3))], r"in row 0, found \[2, 2\] and \[2, 3\]"),
        ([np.zeros(4)], [np.zeros(4)], r"found \[4\] and \[4\]"),
        ([np.zeros((1, 2))], [np.array([[0, np.nan]])], "some in row 0"),
    ],
)
def test_maps_that_cannot_be_scored_are_named(truth: list, maps: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        region_statistics(truth, maps)


@given(st.integers(0, 2**16))
def test_average_precision_and_area_of_all_pixels_are_those_of_scikit_learn(seed: int) -> None:
    truth, maps = images(seed)
    defect, given_ = np.concatenate([each.ravel() for each in truth]), np.concatenate([each.ravel() for each in maps])
    if not defect.any():
        return
    found = pixel_auroc(pixel_statistics(truth, maps), np.ones(len(truth)))
    assert found == pytest.approx(roc_auc_score(defect, given_))
    parts, scores = defect.astype(np.int64), np.stack([np.full(len(defect), 0.5), given_], axis=1)
    ones = np.ones(len(parts))
    assert average_precision(parts, scores, ones) == pytest.approx(average_precision_score(parts, given_))


def test_the_area_of_pixels_counts_images_as_often_as_they_are_drawn() -> None:
    truth, maps = images(5, count=3)
    weights = np.array([0, 2, 1])
    drawn = [1, 1, 2]
    found = pixel_auroc(pixel_statistics(truth, maps), weights.astype(float))
    twice = pixel_auroc(pixel_statistics([truth[k] for k in drawn], [maps[k] for k in drawn]), np.ones(3))
    assert found == pytest.approx(twice, abs=0.02)
    assert np.isnan(pixel_auroc(pixel_statistics(truth, maps), np.array([1.0, 0, 0])))
    assert np.isnan(average_precision(np.zeros(3, dtype=np.int64), np.zeros((3, 2)), np.ones(3)))
