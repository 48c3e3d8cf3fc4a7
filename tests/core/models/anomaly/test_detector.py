"""A detector scores images as its parts do: patches, bank and map of each, whole or in tiles, saved and rebuilt."""

from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import OptionError
from acclimate.models import Detector, ImagePreprocessing, PartExamples, PartPreprocessing
from acclimate.models.anomaly import (
    BankScorer,
    MemoryBank,
    PadimScorer,
    Seen,
    anomaly_map,
    members_of,
    scan,
    scorer_of,
    select,
)
from acclimate.testing import tiny
from PIL import Image

PIXELS = ImagePreprocessing(size=(64, 64), mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bilinear")
BANK = {"scorer": "memory-bank", "share": 0.1, "most": 10_000, "neighbours": 9, "project": 0, "cosine": False}


def images(count: int, size: tuple[int, int] = (64, 64), seed: int = 0) -> list[Image.Image]:
    random = np.random.default_rng(seed)
    return [Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8)) for _ in range(count)]


@pytest.fixture
def detector() -> Detector:
    torch.manual_seed(0)
    return Detector(tiny.encoder("efficientnet"), labels=("good", "defective")).eval()


def learned(detector: Detector, count: int, adapter: Any = BANK, preprocessing: Any = None) -> tuple[Any, Any]:
    """Fit to some images; return what `fit` returns, and the patches of all images [patches, width]."""
    preprocessing = preprocessing or PartPreprocessing(pixels=PIXELS)

    def features() -> Any:
        return (found for _, found in scan(detector.features, preprocessing, images(count), precision="float32"))

    patches = torch.cat([each.flatten(0, -2) for each in features()])
    detector.put(adapter)
    return detector.fit(Seen(scan=features, images=count, patches=len(patches), stride=8), seed=3), patches


def test_of_many_images_the_bank_keeps_the_coreset_of_their_patches(detector: Detector) -> None:
    alone, patches = learned(detector, 30)
    kept = select(patches, round(0.1 * len(patches)), 3).indices.sort().values
    scorer = detector.learned
    assert isinstance(scorer, BankScorer)
    torch.testing.assert_close(scorer.features, patches[kept])
    assert scorer.adapter == {**BANK, "members": len(kept), "width": patches.shape[1]}
    owners = torch.arange(len(patches)) // 64
    for image in (0, 17):
        others = patches[kept[owners[kept] != image]]
        distances = torch.cdist(patches[owners == image].double(), others.double()).amin(dim=1)
        assert float(alone[image]) == pytest.approx(float(distances.max()), rel=1e-3)


def test_of_few_images_every_patch_is_kept_and_the_greatest_distance_counts(detector: Detector) -> None:
    _, patches = learned(detector, 4)
    scorer = detector.learned
    assert isinstance(scorer, BankScorer)
    torch.testing.assert_close(scorer.features, patches)
    new = images(1, seed=9)
    judged = next(detector.judged(PartPreprocessing(pixels=PIXELS), new, precision="float32"))
    found = detector.features(torch.stack([PIXELS(new[0])])).flatten(0, -2)
    assert judged.score == pytest.approx(
        float(torch.cdist(found.double(), patches.double()).amin(dim=1).max()), rel=1e-4
    )


@pytest.mark.parametrize(
    ("images", "patches", "kept"),
    [(29, 1000, 1000), (30, 1000, 100), (29, 90_000, 500), (300, 90_000, 500), (30, 4, 1)],
)
def test_how_many_patches_are_kept(images: int, patches: int, kept: int) -> None:
    assert members_of(images, patches, share=0.1, most=1000 if patches < 5000 else 500) == kept


def test_score_and_map_are_those_of_bank_and_grid(detector: Detector) -> None:
    learned(detector, 30)
    scorer, new = detector.learned, images(1, (50, 90), seed=9)
    assert isinstance(scorer, BankScorer)
    judged = next(detector.judged(PartPreprocessing(pixels=PIXELS), new, precision="float32"))
    features = detector.features(torch.stack([PIXELS(new[0])]))
    bank = MemoryBank(scorer.features)
    nearest = bank.distances(features.flatten(0, -2))
    assert judged.score == pytest.approx(bank.image_score(features.flatten(0, -2), nearest), rel=1e-5)
    expected = anomaly_map(nearest.distance.view(8, 8), read=(64, 64), size=(50, 90))
    np.testing.assert_allclose(judged.map, expected, rtol=1e-4, atol=1e-4)


def test_an_image_is_cut_into_tiles_of_its_own_pixels_where_it_is_larger() -> None:
    preprocessing = PartPreprocessing(pixels=PIXELS, tile=64)
    small, large = images(1, (60, 64))[0], images(1, (64, 112))[0]
    torch.testing.assert_close(preprocessing(small)[0], PIXELS(small))
    tiles = preprocessing(large)
    assert [(place.left, place.width) for place in preprocessing.places((64, 112))] == [(0, 64), (48, 64)]
    torch.testing.assert_close(tiles[1], PIXELS(large.crop((48, 0, 112, 64))))
    assert PartPreprocessing.from_dict(preprocessing.to_dict()) == preprocessing
    assert preprocessing.hash != PartPreprocessing(pixels=PIXELS).hash


def test_tiles_and_images_are_computed_together_and_come_in_order(detector: Detector) -> None:
    preprocessing = PartPreprocessing(pixels=PIXELS, tile=64)
    mixed = [*images(2), *images(1, (64, 150), seed=1), *images(2, seed=2)]
    together = list(scan(detector.features, preprocessing, mixed, precision="float32", at_once=4))
    assert [size for size, _ in together] == [(64, 64), (64, 64), (64, 150), (64, 64), (64, 64)]
    assert [len(found) for _, found in together] == [1, 1, 3, 1, 1]
    for image, (_, found) in zip(mixed, together, strict=True):
        torch.testing.assert_close(found, detector.features(preprocessing(image)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("adapter", [BANK, {"scorer": "padim", "dimensions": 10}])
def test_a_rebuilt_detector_gives_the_same_scores(detector: Detector, adapter: dict[str, Any]) -> None:
    learned(detector, 30, adapter)
    fresh = Detector(tiny.encoder("efficientnet"), labels=detector.labels).eval()
    fresh.put(detector.learned.adapter)
    fresh.load_state_dict(detector.state_dict())
    new, preprocessing = images(3, seed=4), PartPreprocessing(pixels=PIXELS)
    pairs = zip(*(each.judged(preprocessing, new, precision="float32") for each in (detector, fresh)), strict=True)
    for one, other in pairs:
        assert one.score == other.score
        np.testing.assert_array_equal(one.map, other.map)


def test_a_bank_that_is_loaded_over_another_forgets_it(detector: Detector) -> None:
    learned(detector, 4)
    state = {name: value.clone() for name, value in detector.learned.state_dict().items()}
    new, preprocessing = images(1, seed=4), PartPreprocessing(pixels=PIXELS)
    before = next(detector.judged(preprocessing, new, precision="float32")).score
    detector.learned.load_state_dict({"features": state["features"] + 100})
    assert next(detector.judged(preprocessing, new, precision="float32")).score > before + 50


def test_by_their_directions_patches_of_any_length_are_the_same(detector: Detector) -> None:
    _, patches = learned(detector, 4, {**BANK, "cosine": True})
    scorer = detector.learned
    assert isinstance(scorer, BankScorer)
    torch.testing.assert_close(scorer.features, patches / patches.norm(dim=1, keepdim=True))
    features = detector.features(torch.stack([PIXELS(images(1, seed=9)[0])]))
    grids = scorer.grids(features)
    torch.testing.assert_close(grids, scorer.grids(3 * features), rtol=1e-3, atol=1e-3)
    cosines = (features.flatten(0, -2) / features.flatten(0, -2).norm(dim=1, keepdim=True)) @ scorer.features.T
    expected = (2 - 2 * cosines.amax(dim=1).double()).clamp(min=0).sqrt().view(1, 8, 8)
    torch.testing.assert_close(grids.double(), expected, rtol=1e-2, atol=2e-3)


def test_padim_scores_the_highest_of_its_smoothed_distances(detector: Detector) -> None:
    alone, _ = learned(detector, 30, {"scorer": "padim", "dimensions": 10})
    scorer = detector.learned
    assert isinstance(scorer, PadimScorer)
    grids = torch.rand(1, 8, 8) * 0
    grids[0, 4, 4] = 1
    assert 0 < scorer.score(torch.zeros(1, 8, 8, 1), grids) < 1
    assert len(alone) == 30


def test_nothing_of_a_detector_trains(detector: Detector) -> None:
    learned(detector, 4)
    assert not any(parameter.requires_grad for parameter in detector.parameters())


def test_an_unknown_scorer_is_refused() -> None:
    with pytest.raises(OptionError, match="no scorer 'flow'"):
        scorer_of({"scorer": "flow"})


def test_examples_open_images_when_they_are_asked_for() -> None:
    opened = []

    def open_image(path: str) -> Image.Image:
        opened.append(path)
        return images(1)[0]

    examples = PartExamples(
        ["a", "b"],
        ["", ""],
        ["1", "2"],
        ["f", "g"],
        preprocessing=PartPreprocessing(pixels=PIXELS),
        open_image=open_image,
    )
    assert examples.batch([1])["pixel_values"].shape == (1, 3, 64, 64)
    assert opened == ["b"]
