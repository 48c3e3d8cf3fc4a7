"""A part judged by the others has the score it had if the others alone had been learned."""

import pytest
import torch
from acclimate.models.anomaly import Padim, distances_to_others, without_one


def test_distances_are_those_to_the_members_of_others() -> None:
    generator = torch.Generator().manual_seed(0)
    patches = torch.randn(30, 5, generator=generator) + 7
    owners = torch.arange(30) // 6
    members = torch.randperm(30, generator=generator)[:12]
    found = distances_to_others(patches, owners, patches[members], owners[members])
    for row in range(30):
        others = patches[members[owners[members] != owners[row]]]
        assert float(found[row]) == pytest.approx(float((others - patches[row]).norm(dim=1).min()), rel=1e-4)


def test_without_another_owner_nothing_is_near() -> None:
    patches = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    owners = torch.zeros(4, dtype=torch.int64)
    assert torch.isinf(distances_to_others(patches, owners, patches, owners)).all()


def test_a_gaussian_without_an_image_is_that_of_the_others() -> None:
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(12, 2, 3, 4, generator=generator)
    features[5] += 3
    whole = Padim.fit([features], dimensions=4, seed=0, regularisation=1e-6)
    found = without_one(whole.map(features), 12)
    for row in (0, 5, 11):
        others = torch.cat([features[:row], features[row + 1 :]])
        alone = Padim.fit([others], dimensions=4, seed=0, regularisation=1e-6).map(features[row : row + 1])[0]
        torch.testing.assert_close(found[row], alone, rtol=0.01, atol=0.01)


def test_of_two_images_one_leaves_no_covariance() -> None:
    with pytest.raises(ValueError, match="leaving one of 2 images out"):
        without_one(torch.ones(2, 3, 3), 2)
