"""Blocks and their layers are found by structure, whatever an architecture calls them."""

import pytest
from acclimate.methods.structure import blocks, replace_module, sizes, transformer_blocks
from acclimate.testing import tiny
from torch import nn
from transformers import AutoModel, TimmWrapperConfig

TRANSFORMERS = tuple(name for name in (*tiny.TEXT, *tiny.IMAGE) if name not in ("convnext", "resnet", "efficientnet"))
COUNTS = {"swin": 3, "convnext": 5, "resnet": 5}


@pytest.mark.parametrize("architecture", TRANSFORMERS)
def test_a_transformer_block_has_attention_and_feed_forward_layers(architecture: str) -> None:
    encoder = tiny.encoder(architecture)
    found = transformer_blocks(encoder)
    assert len(found) == COUNTS.get(architecture, 2)
    for block in found:
        out, back = (encoder.get_submodule(name) for name in (block.attention_out, block.mlp_out))
        width = sizes(back)[1]  # type: ignore[index]
        assert sizes(out)[1] == width  # type: ignore[index]
        assert all(sizes(encoder.get_submodule(name))[0] == width for name in block.mlp_in)  # type: ignore[index]
        made = [sizes(encoder.get_submodule(name)) for name in block.attention]
        assert all(size is not None and size[0] == width for size in made)
        names = [*block.attention, block.attention_out, *block.mlp_in, block.mlp_out]
        assert len(set(names)) == len(names)
        assert all(name.startswith(f"{block.name}.") for name in names)


@pytest.mark.parametrize(
    ("architecture", "attention", "mlp"),
    [("bert", 3, 1), ("llama", 3, 2), ("gpt2", 1, 1), ("modernbert", 1, 1), ("deberta-v2", 5, 1), ("timm-vit", 1, 1)],
)
def test_projections_are_counted(architecture: str, attention: int, mlp: int) -> None:
    block = transformer_blocks(tiny.encoder(architecture))[0]
    assert (len(block.attention), len(block.mlp_in)) == (attention, mlp)


@pytest.mark.parametrize(
    ("architecture", "count"), [("convnext", 5), ("resnet", 5), ("swin", 3), ("efficientnet", 8)]
)
def test_stages_are_opened_to_their_blocks(architecture: str, count: int) -> None:
    encoder = tiny.encoder(architecture)
    found = blocks(encoder)
    if architecture == "efficientnet":
        count = sum(len(stage) for stage in encoder.timm_model.blocks)  # type: ignore[union-attr,arg-type]
    assert len(found) == count
    if architecture != "swin":
        assert not transformer_blocks(encoder)


@pytest.mark.parametrize(("name", "count"), [("resnet18", 8), ("resnet50", 16), ("mobilenetv3_small_100", 12)])
def test_networks_of_timm_have_their_blocks(name: str, count: int) -> None:
    assert len(blocks(AutoModel.from_config(TimmWrapperConfig(architecture=name)))) == count


def test_a_module_is_replaced_where_it_stands() -> None:
    network = nn.Sequential(nn.Sequential(nn.Linear(2, 3)), nn.ReLU())
    replace_module(network, "0.0", nn.Identity())
    assert isinstance(network.get_submodule("0.0"), nn.Identity)
    replace_module(network, "1", nn.GELU())
    assert isinstance(network[1], nn.GELU)


def test_only_linear_layers_have_sizes() -> None:
    assert sizes(nn.Linear(2, 3)) == (2, 3)
    assert sizes(tiny.encoder("gpt2").get_submodule("h.0.mlp.c_fc")) == (16, 64)
    assert sizes(nn.Conv2d(2, 3, 1)) is None
