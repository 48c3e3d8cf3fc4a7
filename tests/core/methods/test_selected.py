"""What bitfit, norm, layerwise, scratch and adapters train, by closed formula and by name."""

from typing import Any

import pytest
import torch
from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods import adapters, bitfit, layerwise, norm, scratch
from acclimate.methods.structure import blocks, sizes
from acclimate.testing import tiny
from torch import nn

CLASSIFIERS = [(name, "text-classification") for name in tiny.TEXT] + [
    (name, "image-classification") for name in tiny.IMAGE
]


def planned(module: Any, architecture: str, task: str, **values: Any) -> tuple[Any, Plan]:
    model = tiny.build(architecture, task)
    modality = "image" if architecture in tiny.IMAGE else "text"
    need = Need(task=task, modality=modality, rows=50, labels=tiny.LABELS)  # type: ignore[arg-type]
    return model, module.plan(model, need, Settings(**values))


def ready(module: Any, architecture: str, task: str, **values: Any) -> tuple[Any, Plan, list[dict[str, Any]]]:
    model, plan = planned(module, architecture, task, **values)
    if plan.adapter:
        module.install(model, plan.adapter)
    assert plan.groups is not None
    return model, plan, list(plan.groups(model))  # type: ignore[arg-type]


def trained(groups: list[dict[str, Any]]) -> int:
    return sum(parameter.numel() for group in groups for parameter in group["params"])


def head(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.head.parameters())


@pytest.mark.parametrize(("architecture", "task"), CLASSIFIERS)
def test_norm_trains_every_normalisation_layer_and_nothing_else(architecture: str, task: str) -> None:
    model, _, groups = ready(norm, architecture, task)
    wanted = [m for m in model.encoder.modules() if "norm" in type(m).__name__.lower() and hasattr(m, "weight")]
    assert trained(groups) == sum(p.numel() for m in wanted for p in m.parameters()) + head(model)


@pytest.mark.parametrize(("architecture", "task"), [cell for cell in CLASSIFIERS if cell[0] not in ("t5",)])
def test_bitfit_trains_every_bias_or_is_refused(architecture: str, task: str) -> None:
    biases = [p.numel() for name, p in tiny.build(architecture, task).encoder.named_parameters() if "bias" in name]
    if architecture in ("modernbert", "llama", "qwen3", "gemma"):
        assert not biases
        with pytest.raises(BackboneError, match="has no biases"):
            planned(bitfit, architecture, task)
        return
    model, _, groups = ready(bitfit, architecture, task)
    names = {name for name, p in model.encoder.named_parameters() if p.requires_grad}
    assert all(name.rpartition(".")[2] == "bias" for name in names)
    own = [p.numel() for name, p in model.encoder.named_parameters() if name.rpartition(".")[2] == "bias"]
    assert trained(groups) == sum(own) + head(model)


@pytest.mark.parametrize("placement", ["pfeiffer", "houlsby", "parallel"])
@pytest.mark.parametrize(("architecture", "task"), CLASSIFIERS)
def test_adapters_count_by_the_formula(architecture: str, task: str, placement: str) -> None:
    model, plan, groups = ready(adapters, architecture, task, options={"placement": placement, "width": 3})
    plain = tiny.build(architecture, task).encoder
    expected = 0
    for block in blocks(plain):
        size = sizes(plain.get_submodule(block.mlp_out)) if block.mlp_out else None
        if size is None:
            convolutions = [m for m in plain.get_submodule(block.name).modules() if isinstance(m, nn.Conv2d)]
            expected += 2 * convolutions[-1].out_channels * 3 + 3 + convolutions[-1].out_channels
            continue
        places = 2 if placement == "houlsby" and block.attention_out else 1
        expected += places * (2 * size[1] * 3 + 3 + size[1])
    assert trained(groups) == expected + head(model)
    assert len(plan.adapter["places"]) >= len(blocks(plain))


@pytest.mark.parametrize("placement", ["pfeiffer", "houlsby", "parallel"])
@pytest.mark.parametrize("architecture", ["bert", "llama", "gpt2", "t5", "vit", "swin", "convnext", "efficientnet"])
def test_adapters_change_nothing_until_they_are_trained_and_something_then(architecture: str, placement: str) -> None:
    task = "image-classification" if architecture in tiny.IMAGE else "text-classification"
    plain = tiny.build(architecture, task)
    model, _, _ = ready(adapters, architecture, task, options={"placement": placement})
    inputs = tiny.inputs(architecture)
    with torch.inference_mode():
        expected = plain(**inputs)
        torch.testing.assert_close(model(**inputs), expected, atol=1e-6, rtol=0)
        for module in model.modules():
            if isinstance(module, adapters.Bottleneck):
                module.down.weight.normal_()
                module.up.weight.normal_()
        assert float((model(**inputs) - expected).abs().max()) > 1e-4


def test_a_parallel_adapter_reads_the_input_of_the_feed_forward_layers() -> None:
    model, _, _ = ready(adapters, "bert", "text-classification", options={"placement": "parallel", "scale": 2.0})
    layer = model.encoder.encoder.layer[0]
    torch.manual_seed(0)
    with torch.no_grad():
        layer.output.dense.adapter.up.weight.normal_()
        x = torch.randn(2, 4, 16)
        first, last = layer.intermediate.dense, layer.output.dense
        inner = nn.functional.gelu(first(x))
        bottleneck = last.adapter
        beside = bottleneck.up(nn.functional.gelu(bottleneck.down(x)))
        expected = last.base(inner) + 2.0 * beside
        first(x)
        torch.testing.assert_close(last(inner), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"placement": "anywhere"}, "placement is one of houlsby, pfeiffer, parallel"),
        ({"activation": "step"}, "activation one of gelu, relu"),
        ({"reduction": 0}, "reduction >= 1"),
        ({"scale": 0.0}, "scale > 0"),
    ],
)
def test_adapters_refuse_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        planned(adapters, "bert", "text-classification", options=options)


def test_layerwise_rates_fall_and_layers_wait_their_turn() -> None:
    model, plan, groups = ready(
        layerwise,
        "bert",
        "text-classification",
        epochs=9,
        learning_rate=1e-3,
        options={"layer_decay": 0.5, "unfreeze_every": 2},
    )
    found = {id(p): (group["lr"], group["from_epoch"]) for group in groups for p in group["params"]}
    encoder = model.encoder
    expected = {0: (1e-3, 0), 1: (5e-4, 2), 2: (2.5e-4, 4)}
    for depth, part in enumerate([encoder.encoder.layer[1], encoder.encoder.layer[0], encoder.embeddings]):
        assert {found[id(p)] for p in part.parameters()} == {expected[depth]}
    assert {found[id(p)][1] for p in model.head.parameters()} == {0}
    assert plan.patience == 9, "no early stop before the lowest layers have begun"


def test_layers_that_would_never_begin_are_an_error() -> None:
    with pytest.raises(OptionError, match=r"the lowest of 3 layers would begin in epoch 5 of 4"):
        planned(layerwise, "bert", "text-classification", epochs=4, options={"unfreeze_every": 2})


@pytest.mark.parametrize("options", [{"layer_decay": 0.0}, {"layer_decay": 1.5}, {"warmup": 1.0}])
def test_layerwise_refuses_options_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="0 < layer_decay <= 1"):
        planned(layerwise, "bert", "text-classification", options=options)


@pytest.mark.parametrize(
    ("architecture", "task"), [*CLASSIFIERS, ("llama", "text-generation"), ("gpt2", "text-generation")]
)
def test_scratch_keeps_no_pretrained_weight(architecture: str, task: str) -> None:
    plain = tiny.build(architecture, task)
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter.fill_(7.0)  # what no initialisation draws
    scratch.install(plain, {"random": True})
    left = [name for name, p in plain.encoder.named_parameters() if bool((p == 7.0).any())]
    assert not left
    if not plain.new_head:
        assert not bool((plain.head.weight == 7.0).any())
    _, plan = planned(scratch, architecture, task)
    assert plan.head == "random"
    assert not plan.frozen_statistics
