"""Overlap and distance of masks are those of scikit-learn and surface-distance, and empty masks hide nothing."""

import math

import numpy as np
import pytest
import surface_distance
from acclimate.contracts import DataError
from acclimate.evaluation import Mask
from acclimate.evaluation.segmentation import (
    dice_present,
    dice_statistics,
    false_statistics,
    hd95_agreeing,
    hd95_pixels_agreeing,
    hd95_statistics,
    iou_statistics,
    missed_statistics,
    nsd_2mm_agreeing,
    nsd_2px_agreeing,
    nsd_statistics,
)
from acclimate.evaluation.surfaces import surface_distances
from acclimate.evaluation.totals import ratio
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist
from sklearn.metrics import f1_score, jaccard_score


def blobs(seed: int) -> tuple[Mask, np.ndarray]:
    """Two masks in a plane or a volume of random size and spacing, from single voxels to smooth shapes."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(3, 16, size=2 + seed % 2)
    one, other = (gaussian_filter(rng.normal(size=shape), rng.choice([0, 1, 2])) > 0 for _ in range(2))
    one.flat[0], other.flat[-1] = True, True
    spacing = tuple(float(each) for each in rng.uniform(0.5, 4, size=len(shape)))
    return Mask(inside=one, spacing_millimetres=spacing), other


def ball(*, radius: float, spacing: tuple[float, float, float], centre: float = 0.0) -> np.ndarray:
    """A ball in a volume of 40 mm each way, its centre moved along the first axis by `centre` mm."""
    axes = [np.arange(0, 40, step) - 20 for step in spacing]
    at = np.meshgrid(*axes, indexing="ij")
    return (at[0] - centre) ** 2 + at[1] ** 2 + at[2] ** 2 <= radius**2


@given(st.integers(0, 2**32 - 1))
def test_overlap_is_that_of_scikit_learn(seed: int) -> None:
    mask, other = blobs(seed)
    flat = mask.inside.ravel(), other.ravel()
    assert dice_statistics([mask], [other], both_empty="refuse")[0, 0] == pytest.approx(f1_score(*flat), abs=1e-12)
    assert iou_statistics([mask], [other], both_empty="refuse")[0, 0] == pytest.approx(
        jaccard_score(*flat), abs=1e-12
    )


def measured(mask: Mask, other: np.ndarray, tolerance: float) -> tuple[float, float]:
    distance = hd95_statistics([mask], [other], both_empty="refuse", one_empty="refuse")
    near = nsd_statistics([mask], [other], tolerance_millimetres=tolerance, both_empty="refuse")
    return distance[0, 0], near[0, 0]


@pytest.mark.parametrize("seed", range(0, 80, 2))
@pytest.mark.parametrize("tolerance", [0.0, 2.5])
def test_distances_in_a_plane_are_those_of_surface_distance(seed: int, tolerance: float) -> None:
    mask, other = blobs(seed)
    reference = surface_distance.compute_surface_distances(mask.inside, other, mask.spacing_millimetres)
    hd95, near = measured(mask, other, tolerance)
    assert near == pytest.approx(surface_distance.compute_surface_dice_at_tolerance(reference, tolerance), abs=1e-12)
    # Where exactly 95 % is reached by rounding alone, the one or the other neighbour is the percentile.
    low, high = (surface_distance.compute_robust_hausdorff(reference, 95 + each) for each in (-1e-9, 1e-9))
    assert low - 1e-12 <= hd95 <= high + 1e-12


@pytest.mark.parametrize("seed", range(1, 41, 2))
@pytest.mark.parametrize("tolerance", [0.0, 2.5])
def test_distances_in_a_volume_are_those_of_surface_distance(seed: int, tolerance: float) -> None:
    """Some pieces of surface are no flat polygons, and are cut into other triangles there: 1 % of the surface."""
    mask, other = blobs(seed)
    reference = surface_distance.compute_surface_distances(mask.inside, other, mask.spacing_millimetres)
    hd95, near = measured(mask, other, tolerance)
    assert near == pytest.approx(surface_distance.compute_surface_dice_at_tolerance(reference, tolerance), abs=0.01)
    low, high = (surface_distance.compute_robust_hausdorff(reference, percent) for percent in (94.5, 95.5))
    assert low - 1e-9 <= hd95 <= high + 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_each_piece_is_as_far_as_the_nearest_of_all_pairs(seed: int) -> None:
    mask, other = blobs(seed)

    def centres(inside: np.ndarray) -> np.ndarray:
        padded = np.pad(inside, 1)
        views = np.lib.stride_tricks.sliding_window_view(padded, (2,) * inside.ndim)
        mixed = views.any(axis=tuple(range(inside.ndim, 2 * inside.ndim)))
        mixed &= ~views.all(axis=tuple(range(inside.ndim, 2 * inside.ndim)))
        return np.argwhere(mixed) * mask.spacing_millimetres

    pairs = cdist(centres(mask.inside), centres(other))
    for pair, axis in (((mask.inside, other), 1), ((other, mask.inside), 0)):
        distances, sizes = surface_distances(*pair, mask.spacing_millimetres)
        np.testing.assert_allclose(distances, pairs.min(axis=axis), atol=1e-9)
        assert (sizes > 0).all()


def test_a_ball_has_the_surface_and_the_distances_of_a_ball() -> None:
    spacing = (0.8, 0.5, 0.5)
    one, other = (ball(radius=12, spacing=spacing, centre=moved) for moved in (0.0, 4.0))
    _, sizes = surface_distances(one, other, spacing)
    assert sizes.sum() == pytest.approx(4 * math.pi * 12**2, rel=0.12)  # the facets of voxels are a little rough
    mask = [Mask(inside=one, spacing_millimetres=spacing)]
    hd95 = hd95_statistics(mask, [other], both_empty="refuse", one_empty="refuse")[0, 0]
    # At an angle to the axis the other ball is about 4 |cos| mm away, and |cos| is uniform: 95 % are below 3.8 mm.
    assert hd95 == pytest.approx(3.8, abs=0.4)
    near = nsd_statistics(mask, [other], tolerance_millimetres=2.0, both_empty="refuse")[0, 0]
    assert near == pytest.approx(0.5, abs=0.12)


def test_twice_the_spacing_is_twice_the_distance() -> None:
    mask, other = blobs(3)
    wide = Mask(inside=mask.inside, spacing_millimetres=tuple(2 * each for each in mask.spacing_millimetres))
    narrow, twice = (hd95_agreeing([each], [other])[0, 0] for each in (mask, wide))
    assert twice == pytest.approx(2 * narrow)
    near = [
        nsd_statistics([each], [other], tolerance_millimetres=tolerance, both_empty="refuse")[0, 0]
        for each, tolerance in ((mask, 1.0), (wide, 2.0))
    ]
    assert near[0] == pytest.approx(near[1])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_truth_and_prediction_may_change_places(seed: int) -> None:
    mask, other = blobs(seed)
    turned = Mask(inside=other, spacing_millimetres=mask.spacing_millimetres)
    assert hd95_agreeing([mask], [other]) == pytest.approx(hd95_agreeing([turned], [mask.inside]))
    for statistics in (dice_statistics, iou_statistics):
        there = statistics([mask], [other], both_empty="refuse")
        assert there == pytest.approx(statistics([turned], [mask.inside], both_empty="refuse"))


NOTHING, SOMETHING = np.zeros((3, 4), dtype=bool), np.eye(3, 4, dtype=bool)
EMPTY, FULL = (Mask(inside=inside, spacing_millimetres=(2.0, 3.0)) for inside in (NOTHING, SOMETHING))


@pytest.mark.parametrize(("policy", "row"), [("agree", [1, 1]), ("leave-out", [0, 0])])
def test_two_empty_masks_are_what_the_policy_says(policy, row: list[float]) -> None:
    assert dice_statistics([EMPTY], [NOTHING], both_empty=policy).tolist() == [row]
    assert iou_statistics([EMPTY], [NOTHING], both_empty=policy).tolist() == [row]
    assert nsd_statistics([EMPTY], [NOTHING], tolerance_millimetres=1, both_empty=policy).tolist() == [row]
    distance = hd95_statistics([EMPTY], [NOTHING], both_empty=policy, one_empty="refuse")
    assert distance.tolist() == [[0, row[1]]]


def test_a_policy_must_be_given() -> None:
    for statistics in (dice_statistics, iou_statistics, nsd_statistics, hd95_statistics):
        with pytest.raises(TypeError, match="both_empty"):
            statistics([EMPTY], [NOTHING])  # type: ignore[call-arg]


@pytest.mark.parametrize(("truth", "predicted"), [(EMPTY, SOMETHING), (FULL, NOTHING)])
def test_a_missed_or_invented_structure_is_never_left_out(truth: Mask, predicted: np.ndarray) -> None:
    assert dice_statistics([truth], [predicted], both_empty="leave-out").tolist() == [[0, 1]]
    assert iou_statistics([truth], [predicted], both_empty="leave-out").tolist() == [[0, 1]]
    near = nsd_statistics([truth], [predicted], tolerance_millimetres=99, both_empty="leave-out")
    assert near.tolist() == [[0, 1]]
    distance = hd95_statistics([truth], [predicted], both_empty="leave-out", one_empty="diagonal")
    assert distance.tolist() == [[math.hypot(6, 12), 1]]


def test_what_was_missed_is_counted_among_what_is_there() -> None:
    found = missed_statistics([FULL, FULL, EMPTY, EMPTY], [SOMETHING, NOTHING, SOMETHING, NOTHING])
    assert found.tolist() == [[0, 1], [1, 1], [0, 0], [0, 0]]
    assert ratio(found, np.ones(4)) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dice_statistics([FULL, EMPTY], [SOMETHING, NOTHING], both_empty="refuse"), "row 1 are both empty"),
        (lambda: hd95_statistics([FULL], [NOTHING], both_empty="agree", one_empty="refuse"), "'diagonal'"),
        (
            lambda: dice_statistics([FULL], [SOMETHING.T], both_empty="agree"),
            r"\[3, 4\] in row 0, found bool \[4, 3\]",
        ),
        (lambda: dice_statistics([FULL], [SOMETHING * 0.7], both_empty="agree"), "found float64"),
        (lambda: dice_statistics([FULL], [], both_empty="agree"), "found 1 rows and 0 predictions"),
        (lambda: Mask(inside=SOMETHING, spacing_millimetres=(1.0,)), r"each of 2 axes, found \(1.0,\)"),
        (lambda: Mask(inside=SOMETHING, spacing_millimetres=(1.0, 0.0)), r"above 0 .* found \(1.0, 0.0\)"),
        (lambda: Mask(inside=SOMETHING.astype(int), spacing_millimetres=(1.0, 1.0)), "found int64"),
        (lambda: Mask(inside=SOMETHING[0], spacing_millimetres=(1.0,)), r"found bool \[4\]"),
        (
            lambda: nsd_statistics([FULL], [SOMETHING], tolerance_millimetres=-1, both_empty="agree"),
            "0 mm or more, found -1",
        ),
    ],
)
def test_masks_that_cannot_be_measured_are_refused(call, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()


@given(st.integers(0, 2**32 - 1))
def test_distances_in_pixels_are_those_in_millimetres_of_pixels_of_one(seed: int) -> None:
    mask, other = blobs(seed)
    unit = Mask(inside=mask.inside, spacing_millimetres=(1.0,) * mask.inside.ndim)
    unknown = Mask(inside=mask.inside, spacing_millimetres=None)
    assert hd95_pixels_agreeing([mask], [other])[0, 0] == hd95_agreeing([unit], [other])[0, 0]
    assert nsd_2px_agreeing([unknown], [other])[0, 0] == nsd_2mm_agreeing([unit], [other])[0, 0]


def test_no_distance_in_millimetres_is_made_up_where_the_spacing_is_unknown() -> None:
    inside = np.ones((4, 4), dtype=bool)
    masks = [
        Mask(inside=inside, spacing_millimetres=(1.0, 1.0)),
        Mask(inside=inside, spacing_millimetres=None),
    ]
    for measure in (hd95_agreeing, nsd_2mm_agreeing):
        with pytest.raises(DataError, match="needs the spacing of the pixels, which row 1 does not have"):
            measure(masks, [inside, inside])
    assert ratio(dice_statistics(masks, [inside, inside], both_empty="refuse"), np.ones(2)) == 1


def test_dice_of_masks_that_are_there_leaves_the_others_out_and_false_masks_counts_those() -> None:
    full, half, empty = np.ones((2, 2), dtype=bool), np.array([[True, True], [False, False]]), np.zeros((2, 2), bool)
    truth = [Mask(inside=inside, spacing_millimetres=None) for inside in (full, full, empty, empty, empty)]
    predicted = [half, empty, empty, full, half]
    weights = np.ones(5)
    assert ratio(dice_present(truth, predicted), weights) == pytest.approx((2 * 2 / 6 + 0) / 2)
    assert ratio(false_statistics(truth, predicted), weights) == pytest.approx(2 / 3)
    assert ratio(missed_statistics(truth, predicted), weights) == pytest.approx(1 / 2)
