"""Volumes as networks read them, resized whole or placed with their millimetres, against independent computations."""

from typing import Any

import numpy as np
import pytest
import torch
from acclimate.models import ImagePreprocessing, VolumeExamples, VolumePreprocessing
from PIL import Image


def preprocessing(size: tuple[int, int, int], **values: Any) -> VolumePreprocessing:
    slices = ImagePreprocessing(size=size[1:], mean=(0.25,), std=(0.5,), interpolation="bilinear")
    return VolumePreprocessing(slices=slices, depth=size[0], **values)


def slices(shape: tuple[int, int, int], seed: int = 0) -> list[Image.Image]:
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return [Image.fromarray(each) for each in values]


@pytest.mark.parametrize("count", [3, 8, 21])
def test_slices_are_resampled_as_pillow_resamples_the_rows_of_a_picture(count: int) -> None:
    images = slices((count, 6, 5))
    found = preprocessing((8, 6, 5))(images)
    assert found.shape == (1, 8, 6, 5)
    assert found.dtype == torch.float32
    values = (np.stack([np.asarray(each) for each in images]) / 255 - 0.25) / 0.5
    side = Image.fromarray(values.reshape(count, 30).astype(np.float32))
    expected = np.asarray(side.resize((30, 8), Image.Resampling.BILINEAR)).reshape(8, 6, 5)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=2e-3)


def test_a_volume_of_the_size_that_is_read_is_left_as_it_is() -> None:
    images = slices((4, 6, 5))
    expected = (np.stack([np.asarray(each) for each in images]) / 255 - 0.25) / 0.5
    for placed in (False, True):
        np.testing.assert_allclose(preprocessing((4, 6, 5), placed=placed)(images)[0].numpy(), expected, atol=1e-6)


def test_a_placed_volume_lies_in_the_middle_with_black_around_it_and_is_cut_on_both_sides_alike() -> None:
    images = slices((7, 4, 6))
    found = preprocessing((3, 8, 6), placed=True)(images)[0].numpy()
    values = (np.stack([np.asarray(each) for each in images]) / 255 - 0.25) / 0.5
    expected = np.full((3, 8, 6), (0 - 0.25) / 0.5)
    expected[:, 2:6] = values[2:5]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_standardised_volume_does_not_depend_on_brightness_and_contrast() -> None:
    values = np.random.default_rng(1).integers(20, 60, (4, 6, 5))
    dark, bright = (
        [Image.fromarray((each * k + b).astype(np.uint8)) for each in values] for k, b in ((1, 0), (3, 40))
    )
    read = preprocessing((4, 6, 5), standardised=True)
    torch.testing.assert_close(read(dark), read(bright), atol=1e-5, rtol=0)
    assert float(read(dark).mean()) == pytest.approx(0, abs=1e-6)
    assert float(read(dark).std(correction=0)) == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(read([Image.new("L", (5, 6))] * 4)).all()


@pytest.mark.parametrize("placed", [False, True])
def test_preprocessing_comes_back_from_what_is_written(placed: bool) -> None:
    own = preprocessing((4, 6, 5), placed=placed, standardised=True)
    assert VolumePreprocessing.from_dict(own.to_dict()) == own
    assert own.hash != preprocessing((5, 6, 5), placed=placed, standardised=True).hash


def test_what_is_cut_off_is_counted() -> None:
    shapes = [(2, 6, 5), (8, 6, 5), (4, 12, 5)]
    ids = ["a", "b", "c"]
    read = preprocessing((4, 6, 5), placed=True)
    rows = VolumeExamples(ids, ids, ids, shapes, preprocessing=read, open_stack=lambda _: slices((4, 6, 5)))
    assert rows.cut() == (2, pytest.approx(1 - (60 + 120 + 120) / (60 + 240 + 240)))
    whole = VolumeExamples(
        ids, ids, ids, shapes, preprocessing=preprocessing((4, 6, 5)), open_stack=lambda _: slices((4, 6, 5))
    )
    assert whole.cut() == (0, 0.0)


def test_augmentation_mirrors_within_slices_only_and_only_where_it_may() -> None:
    plain = preprocessing((4, 6, 5))
    for mirrored in (False, True):
        rows = VolumeExamples(
            ["a"], ["a"], ["a"], (), preprocessing=plain, open_stack=lambda _: slices((4, 6, 5)), mirrored=mirrored
        )
        own = rows.batch([0])["pixel_values"][0, 0]
        seen = set()
        for seed in range(40):
            found = rows.batch([0], np.random.default_rng(seed))["pixel_values"][0, 0]
            for sides in ((), (1,), (2,), (1, 2)):
                turned = own.flip(sides)
                if np.corrcoef(turned.flatten(), found.flatten())[0, 1] > 0.999:
                    seen.add(sides)
        assert seen == ({(), (1,), (2,), (1, 2)} if mirrored else {()})


@pytest.mark.parametrize(("placed", "slices_", "index", "expected"), [
    (False, 24, 0, 1), (False, 24, 7, 22), (False, 4, 7, 3),
    (True, 12, 0, 2), (True, 12, 7, 9), (True, 4, 2, 0), (True, 4, 5, 3), (True, 4, 0, 0),
])  # fmt: skip
def test_a_slice_of_what_is_seen_is_found_again_in_the_volume(
    placed: bool, slices_: int, index: int, expected: int
) -> None:
    assert preprocessing((8, 6, 5), placed=placed).slice_of(index, slices_) == expected


def test_what_was_put_around_a_slice_is_left_off_again() -> None:
    read = preprocessing((4, 8, 4), placed=True)
    values = np.arange(32, dtype=np.float32).reshape(8, 4)
    found = read.in_slice(values, (6, 5))  # a slice of 5 rows and 6 columns
    assert found.shape == (5, 6)
    np.testing.assert_array_equal(found[:, 1:5], values[1:6])
    assert not found[:, [0, 5]].any()
