"""Tiny random encoders of three kinds, each under a new head."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from acclimate.contracts import Need
from acclimate.models import Classifier
from transformers import AutoModel, BertConfig, TimmWrapperConfig, ViTConfig

KINDS = ("bert", "vit", "efficientnet")


def _bert() -> tuple[Any, int, str]:
    config = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32
    )
    return AutoModel.from_config(config, add_pooling_layer=False), 16, "mean"


def _vit() -> tuple[Any, int, str]:
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
    )
    return AutoModel.from_config(config, add_pooling_layer=False), 16, "cls"


def _efficientnet() -> tuple[Any, int, str]:
    encoder = AutoModel.from_config(TimmWrapperConfig(architecture="tf_efficientnet_lite0"))
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():  # statistics of its own random weights: with others its signal dies on the way
        encoder.train()(pixel_values=torch.rand(4, 3, 64, 64))
    return encoder, 1280, "own"


@pytest.fixture
def build() -> Callable[..., Classifier]:
    """Build a classifier: `build("bert")`, `build("vit")` or `build("efficientnet")`."""

    def make(kind: str, seed: int = 0) -> Classifier:
        torch.manual_seed(seed)
        encoder, width, pooling = {"bert": _bert, "vit": _vit, "efficientnet": _efficientnet}[kind]()
        return Classifier(encoder, width=width, labels=("a", "b", "c"), pooling=pooling).eval()

    return make


@pytest.fixture
def inputs() -> Callable[[str], dict[str, torch.Tensor]]:
    """Two random rows for a kind of encoder."""

    def make(kind: str) -> dict[str, torch.Tensor]:
        random = torch.Generator().manual_seed(1)
        if kind == "bert":
            ids = torch.randint(1, 50, (2, 7), generator=random)
            return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        return {"pixel_values": torch.rand(2, 3, *[32 if kind == "vit" else 64] * 2, generator=random)}

    return make


@pytest.fixture
def need() -> Callable[[str], Need]:
    """Describe the job of a kind of encoder."""

    def make(kind: str) -> Need:
        modality = "text" if kind == "bert" else "image"
        return Need(
            task=f"{modality}-classification",
            modality=modality,  # type: ignore[arg-type]
            rows=100,
            labels=("a", "b", "c"),
        )

    return make
