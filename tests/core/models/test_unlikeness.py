"""How unlike good parts an image is, against distances computed pair by pair."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from acclimate.models import PartClassifier
from acclimate.models.anomaly import PatchFeatures
from acclimate.models.classifier import STAGES, feature_width
from acclimate.models.unlikeness import Unlikeness
from acclimate.testing import tiny
from torch import Tensor

ALL: Mapping[str, Any] = {"share": 1.0, "most": 100_000}


@pytest.fixture(scope="module")
def encoder() -> Any:
    torch.manual_seed(0)
    found: Any = tiny.encoder("efficientnet")
    return found.eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(7, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def patches(encoder: Any, pixels: Tensor) -> Tensor:
    return PatchFeatures(encoder)(pixels).flatten(1, 2)


def mean_of_the_farthest(distances: Tensor) -> Tensor:
    count = max(1, round(0.05 * distances.shape[1]))
    return distances.sort(dim=1, descending=True).values[:, :count].mean(dim=1).log()


def test_each_good_part_is_judged_by_the_others_alone(encoder: Any, images: Tensor) -> None:
    found = Unlikeness(encoder, **ALL)
    own = patches(encoder, images)
    alone = found.learn(own, seed=0)
    by_hand = mean_of_the_farthest(
        torch.stack([torch.cdist(one, torch.cat([*own[:k], *own[k + 1 :]])).amin(dim=1) for k, one in enumerate(own)])
    )
    middle, spread = by_hand.mean(), by_hand.std()
    assert torch.allclose(alone, (by_hand - middle) / spread, atol=1e-2)
    assert torch.allclose(found.usual, torch.stack([middle, spread]), atol=1e-3)
    assert float(found.unlike(own).max()) < float(alone.min()), "by its own patches a part would be like itself"


def test_a_new_part_is_judged_by_all(encoder: Any, images: Tensor) -> None:
    found = Unlikeness(encoder, **ALL)
    good, new = patches(encoder, images[:5]), patches(encoder, images[5:])
    found.learn(good, seed=0)
    by_hand = mean_of_the_farthest(torch.stack([torch.cdist(one, good.flatten(0, 1)).amin(dim=1) for one in new]))
    assert torch.allclose(found.unlike(new), (by_hand - found.usual[0]) / found.usual[1], atol=1e-2)


def test_a_bank_keeps_a_share_and_no_more_than_it_may(encoder: Any, images: Tensor) -> None:
    many = patches(encoder, images.repeat(6, 1, 1, 1) + 0.01 * torch.rand(42, 3, 64, 64))
    for share, most, expected in ((0.1, 10_000, round(0.1 * many.shape[0] * many.shape[1])), (0.1, 50, 50)):
        found = Unlikeness(encoder, share=share, most=most)
        found.learn(many, seed=0)
        assert len(found.members) == expected


def test_one_pass_gives_features_and_unlikeness(encoder: Any, images: Tensor) -> None:
    width = feature_width(encoder, STAGES)
    model = PartClassifier(encoder, width=width, labels=("good", "bad"), pooling=STAGES).eval()
    with torch.inference_mode():
        plain = model.features({"pixel_values": images})
        model.put({"good": "good", "images": 5, "members": 0, **ALL})
        assert model.unlikeness is not None
        model.unlikeness.learn(patches(encoder, images[:5]), seed=0)
        found = model.features({"pixel_values": images})
    assert model.head.in_features == width + 1
    assert torch.equal(found[:, :-1], plain)
    assert torch.allclose(found[:, -1], model.unlikeness.unlike(patches(encoder, images)), atol=1e-4)


def test_an_empty_adapter_changes_nothing(encoder: Any) -> None:
    model = PartClassifier(encoder, width=feature_width(encoder, STAGES), labels=("a", "b"), pooling=STAGES)
    head = model.head
    model.put({})
    assert model.head is head
    assert model.unlikeness is None
