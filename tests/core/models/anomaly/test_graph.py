"""A detector as one function says of resized pixels what the detector says of images."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.models import Detector, PartPreprocessing
from acclimate.models.anomaly import Seen
from acclimate.models.anomaly.graph import PartGraph, smoothing
from acclimate.models.anomaly.maps import anomaly_map
from acclimate.models.image import ImagePreprocessing
from acclimate.testing import tiny
from PIL import Image

SIDE = 64
ADAPTERS: dict[str, dict[str, Any]] = {
    "weighed": {"scorer": "memory-bank", "share": 0.2, "most": 500, "neighbours": 5, "project": 0, "cosine": False},
    "directions": {"scorer": "memory-bank", "share": 0.2, "most": 500, "neighbours": 5, "project": 0, "cosine": True},
    "nearest": {"scorer": "memory-bank", "share": 1.0, "most": 5000, "neighbours": 1, "project": 0, "cosine": False},
    "padim": {"scorer": "padim", "dimensions": 6},
}


def pictures(count: int, seed: int) -> list[Image.Image]:
    random = np.random.default_rng(seed)
    return [Image.fromarray(random.integers(0, 256, (50, 70, 3), dtype=np.uint8)) for _ in range(count)]


def learned(adapter: dict[str, Any], pixels: ImagePreprocessing) -> tuple[Detector, PartPreprocessing]:
    """Return a tiny detector that has learned from 32 pictures."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        detector = Detector(tiny.encoder("efficientnet"), labels=("good", "not good")).eval()
    detector.put(adapter)
    preprocessing = PartPreprocessing(pixels=pixels)
    inputs = torch.stack([pixels(image) for image in pictures(32, 0)])
    features = detector.features(inputs)
    patches = features.shape[0] * features.shape[1] * features.shape[2]
    scan: Callable[[], Any] = lambda: iter(features[:, None])  # noqa: E731 - one line says it
    detector.fit(Seen(scan=scan, images=32, patches=patches, stride=detector.stride), seed=0)
    return detector, preprocessing


@pytest.mark.parametrize("name", list(ADAPTERS))
@pytest.mark.parametrize("values", [(0.0, 1.0), (-1024.0, 1024.0)])
def test_scores_maps_and_decisions_are_those_of_the_detector(name: str, values: tuple[float, float]) -> None:
    mean, std = ((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)) if values == (0.0, 1.0) else ((-100.0, 0.0, 50.0), (400.0,) * 3)
    pixels = ImagePreprocessing(size=(SIDE, 96), mean=mean, std=std, interpolation="bicubic", values=values)
    detector, preprocessing = learned(ADAPTERS[name], pixels)
    images = pictures(6, 1)
    judged = list(detector.judged(preprocessing, [pixels.resized(image) for image in images], precision="float32"))
    expected = np.array([each.score for each in judged])
    assert np.array([each.score for each in detector.judged(preprocessing, images, precision="float32")]) == (
        pytest.approx(expected)
    )  # resized beforehand or not
    threshold = float(np.sort(expected)[2:4].mean())
    graph = PartGraph(detector, pixels, threshold).eval()
    with torch.inference_mode():
        score, whole, rejected = graph(torch.from_numpy(np.stack([pixels.bytes_of(image) for image in images])))
    assert score.numpy() == pytest.approx(expected, rel=2e-5)
    assert rejected.tolist() == (expected > threshold).tolist()
    assert 0 < sum(rejected.tolist()) < 6
    assert whole.shape == (6, SIDE, 96)
    for one, each in zip(whole.numpy(), judged, strict=True):
        assert one == pytest.approx(each.map, rel=1e-4, abs=1e-5 * float(np.abs(each.map).max()))


def test_maps_are_enlarged_and_smoothed_by_two_products() -> None:
    grid = torch.rand(7, 12, generator=torch.Generator().manual_seed(0))
    expected = anomaly_map(grid, read=(56, 96), size=(56, 96))
    found = smoothing(7, 56, sigma=4.0) @ grid @ smoothing(12, 96, sigma=4.0).T
    assert found.numpy() == pytest.approx(expected, abs=1e-6)


def test_bytes_are_the_pixels_before_the_statistics() -> None:
    pixels = ImagePreprocessing(size=(5, 9), mean=(0.5,), std=(0.25,), interpolation="bilinear")
    image = pictures(1, 0)[0]
    found = pixels.bytes_of(image)
    assert (found.dtype, found.shape) == (np.uint8, (1, 5, 9))
    assert pixels(image).numpy() == pytest.approx((found / np.float32(255) - 0.5) / 0.25)
