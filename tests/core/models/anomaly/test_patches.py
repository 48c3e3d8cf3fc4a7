"""Patch features are the maps of the encoder's stages, averaged around each place and put side by side."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import BackboneError, OptionError
from acclimate.models import ImageExamples, Resolved
from acclimate.models.anomaly import PatchFeatures, patch_batches
from PIL import Image
from sklearn.datasets import load_sample_image


def around(values: np.ndarray, row: int, column: int) -> np.ndarray:
    """Average [channels, rows, columns] over the three by three places around one, as far as there are."""
    return values[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].mean(axis=(1, 2))


def test_they_are_the_maps_around_each_place(lite0: Resolved) -> None:
    pixels = torch.stack([lite0.preprocessing(Image.fromarray(load_sample_image("flower.jpg")))])
    found = PatchFeatures(lite0.model.encoder)(pixels)[0].numpy()
    with torch.no_grad():
        maps = lite0.model.encoder(pixel_values=pixels, output_hidden_states=True, do_pooling=False).hidden_states
    fine, coarse = (each[0].numpy() for each in maps if each.shape[-1] in (28, 14))
    assert found.shape == (28, 28, 40 + 112)
    pooled = np.array([[around(coarse, row, column) for column in range(14)] for row in range(14)])
    for row, column in [(0, 0), (27, 27), (5, 20), (14, 0), (13, 14)]:
        np.testing.assert_allclose(found[row, column, :40], around(fine, row, column), rtol=1e-4, atol=1e-4)
        places = [min(max((at + 0.5) / 2 - 0.5, 0), 13) for at in (row, column)]
        (top, left), expected = (int(at) for at in places), 0.0
        for down in (0, 1):
            for right in (0, 1):
                share = abs(1 - down - (places[0] - top)) * abs(1 - right - (places[1] - left))
                expected = expected + share * pooled[min(top + down, 13), min(left + right, 13)]
        np.testing.assert_allclose(found[row, column, 40:], expected, rtol=1e-4, atol=1e-4)


def test_one_stage_as_it_is(lite0: Resolved) -> None:
    features = PatchFeatures(lite0.model.encoder, strides=(16,), neighbourhood=1)
    pixels = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        maps = lite0.model.encoder(pixel_values=pixels, output_hidden_states=True, do_pooling=False).hidden_states
    torch.testing.assert_close(features(pixels), maps[3].permute(0, 2, 3, 1), rtol=1e-4, atol=1e-4)
    assert features.width == 112


def test_batches_have_every_row_once(lite0: Resolved) -> None:
    def noise(number: str) -> Image.Image:
        return Image.fromarray(np.random.default_rng(int(number)).integers(0, 256, (40, 40, 3), dtype=np.uint8))

    names = [str(number) for number in range(5)]
    examples = ImageExamples(names, names, names, preprocessing=lite0.preprocessing, open_image=noise)
    features = PatchFeatures(lite0.model.encoder)
    found = dict[int, Any]()
    for rows, values in patch_batches(features, examples, precision="float32", batch_size=2):
        assert len(rows) == len(values) <= 2
        found.update(zip(rows, values, strict=True))
    assert sorted(found) == list(range(5))
    alone = features(examples.batch([3])["pixel_values"])[0]
    torch.testing.assert_close(found[3], alone, rtol=1e-3, atol=1e-3)


def test_what_has_no_such_stages_is_refused(lite0: Resolved, tiny_bert: Callable[..., Any]) -> None:
    with pytest.raises(OptionError, match=r"some of 2, 4, 8, 16, 32, in rising order, found \[8, 9\]"):
        PatchFeatures(lite0.model.encoder, strides=(8, 9))
    with pytest.raises(OptionError, match="odd number of places, found 2"):
        PatchFeatures(lite0.model.encoder, neighbourhood=2)
    with pytest.raises(BackboneError, match="BertModel has no stages"):
        PatchFeatures(tiny_bert())
