"""Partial fine-tuning: what trains, what rests, and what may be recorded."""

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from acclimate import training
from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods import partial
from acclimate.models import Classifier
from acclimate.testing import tiny
from acclimate.testing.observing import same, snapshot
from torch import nn

# The parameters, by the beginning of their names, that one trained block of two (or of a last stage) makes train.
TRAINED = {
    "bert": ("encoder.layer.1.",),
    "distilbert": ("transformer.layer.1.",),
    "roberta": ("encoder.layer.1.",),
    "deberta-v2": ("encoder.layer.1.",),  # not encoder.LayerNorm: all blocks read what it normalises
    "modernbert": ("layers.1.", "final_norm."),
    "electra": ("encoder.layer.1.",),
    "llama": ("layers.1.", "norm."),
    "qwen3": ("layers.1.", "norm."),
    "gpt2": ("h.1.", "ln_f."),
    "gemma": ("layers.1.", "norm."),
    "t5": ("encoder.block.1.", "encoder.final_layer_norm."),
    "vit": ("layers.1.", "layernorm."),
    "dinov2": ("encoder.layer.1.", "layernorm."),
    "swin": ("encoder.layers.1.blocks.1.", "layernorm."),
    "convnext": ("encoder.stages.3.layers.0.", "layernorm."),
    "resnet": ("encoder.stages.3.layers.0.",),
    "efficientnet": ("timm_model.blocks.4.0.", "timm_model.conv_head.", "timm_model.bn2."),
    "timm-vit": ("timm_model.blocks.1.", "timm_model.norm."),
}


def need(architecture: str) -> Need:
    modality: Any = "image" if architecture in tiny.IMAGE else "text"
    return Need(task=tiny.tasks(architecture)[0], modality=modality, rows=24, labels=tiny.LABELS)


def planned(model: Any, architecture: str, **options: Any) -> Plan:
    return partial.plan(model, need(architecture), Settings(options=options))


def groups_of(model: Any, plan: Plan) -> list[dict[str, Any]]:
    partial.install(model, plan.adapter)
    assert plan.groups is not None
    return list(plan.groups(model))  # type: ignore[arg-type]


def build(architecture: str) -> Any:
    return tiny.build(architecture, tiny.tasks(architecture)[0])


def deep_bert(layers: int) -> Classifier:
    from transformers import AutoModel, BertConfig

    config = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=32
    )
    encoder = AutoModel.from_config(config, add_pooling_layer=False)
    return Classifier(encoder, width=16, labels=tiny.LABELS, pooling="mean").eval()


@pytest.mark.parametrize("architecture", TRAINED)
def test_the_top_block_and_what_runs_after_it_train_with_the_head(architecture: str) -> None:
    model = build(architecture)
    found = groups_of(model, planned(model, architecture, blocks=1))
    trained = {name for name, p in model.encoder.named_parameters() if p.requires_grad}
    expected = {name for name, _ in model.encoder.named_parameters() if name.startswith(TRAINED[architecture])}
    assert trained == expected
    assert all(any(name.startswith(part) for name in trained) for part in TRAINED[architecture])
    given = [id(p) for group in found for p in group["params"]]
    assert sorted(given) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    assert {id(p) for p in model.head.parameters()} <= set(given)


def test_all_architectures_of_the_matrix_are_covered() -> None:
    assert set(TRAINED) == {*tiny.TEXT, *tiny.IMAGE}


def test_what_runs_between_trained_blocks_trains_too() -> None:
    model = build("swin")
    groups_of(model, planned(model, "swin", blocks=3))
    trained = {name for name, p in model.encoder.named_parameters() if p.requires_grad}
    assert trained == {name for name, _ in model.encoder.named_parameters() if not name.startswith("embeddings.")}
    assert any("downsample" in name for name in trained)
    model = build("swin")
    groups_of(model, planned(model, "swin", blocks=2))
    assert not any("downsample" in name for name, p in model.encoder.named_parameters() if p.requires_grad)


def test_a_pretrained_head_stays_as_it_was() -> None:
    model = tiny.build("gemma", "text-generation")
    groups_of(model, planned(model, "gemma", blocks=1))
    assert not any(p.requires_grad for p in model.head.parameters())


@pytest.mark.parametrize(("layers", "count"), [(3, 1), (4, 2), (6, 2), (12, 4)])
def test_a_third_of_the_blocks_trains_by_default(layers: int, count: int) -> None:
    plan = planned(deep_bert(layers), "bert")
    assert plan.adapter["first"] == f"encoder.layer.{layers - count}"
    assert plan.adapter["below"] == [f"encoder.layer.{number}" for number in range(layers - count)]
    assert plan.adapter["trained"] == [f"encoder.layer.{number}" for number in range(layers - count, layers)]


@pytest.mark.parametrize("architecture", ["bert", "efficientnet", "timm-vit"])
def test_planning_changes_nothing(architecture: str) -> None:
    model = build(architecture)
    model.encoder.train()
    before = snapshot(model)
    modes = [module.training for module in model.modules()]
    random = torch.random.get_rng_state()
    planned(model, architecture, blocks=1)
    assert same(before, snapshot(model)), "batch statistics included"
    assert modes == [module.training for module in model.modules()]
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert all(p.requires_grad for p in model.parameters())
    assert torch.equal(random, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": 1}, r"Method 'partial' has no option 'block'\. Did you mean 'blocks'\?"),
        ({"blocks": 3}, r"'blocks' of method 'partial' is 1 to 2 here, found 3"),
        ({"blocks": -1}, r"'blocks' of method 'partial' is 1 to 2 here, found -1"),
        ({"cache": "yes"}, r"'cache' of method 'partial' is 'auto', 'on' or 'off', found 'yes'"),
        ({"cache": True}, r"'cache' of method 'partial' is a str, found True"),
        ({"cache": "on", "blocks": 2}, r"'cache' is 'on', but all 2 blocks train"),
    ],
)
def test_a_wrong_option_says_what_was_expected(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        planned(build("bert"), "bert", **options)


def test_an_encoder_without_blocks_of_its_own_is_refused() -> None:
    from transformers import AlbertConfig, AlbertModel

    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "embedding_size": 16}
    encoder = AlbertModel(
        AlbertConfig(vocab_size=50, num_hidden_layers=4, num_hidden_groups=2, **sizes), add_pooling_layer=False
    )
    model = Classifier(encoder, width=16, labels=tiny.LABELS, pooling="mean")
    with pytest.raises(BackboneError, match=r"AlbertModel does not run each of its blocks once.*'full', 'lora'"):
        planned(model, "bert", blocks=1)
    with pytest.raises(BackboneError, match=r"Embedding has no repeated blocks.*'full', 'lora' or 'norm'"):
        planned(Classifier(nn.Embedding(3, 4), width=4, labels=("a",), pooling="mean"), "bert")


def test_what_runs_below_rests_while_the_rest_trains() -> None:
    model = build("bert")
    groups_of(model, planned(model, "bert", blocks=1))
    inputs = tiny.inputs("bert")
    entered, left = [], []
    top = model.encoder.encoder.layer[1]
    top.register_forward_pre_hook(lambda _module, args: entered.append(args[0]))
    top.register_forward_hook(lambda _module, _args, output: left.append(output))
    for _ in range(2):
        model.train()
        model(**inputs)
    assert torch.equal(*entered), "no dropout below"
    assert not torch.equal(*left), "dropout above"
    resting = {name for name, module in model.encoder.named_modules() if not module.training}
    assert {"embeddings.dropout", "encoder.layer.0.attention.self"} <= resting
    assert not any(name.startswith("encoder.layer.1") for name in resting)
    model.eval()
    model(**inputs)
    assert not any(module.training for module in model.modules())
    copy.deepcopy(model)


def test_batch_normalisation_that_rests_in_a_trained_block_is_not_woken() -> None:
    model = build("resnet")
    groups_of(model, planned(model, "resnet", blocks=1))
    model.train()
    training.engine.freeze_statistics(model)
    before = snapshot(model)
    model(**tiny.inputs("resnet"))
    assert same(before, snapshot(model))


@pytest.mark.parametrize("architecture", ["gpt2", "t5", "vit", "timm-vit", "swin", "efficientnet"])
def test_what_enters_the_first_trained_block_is_the_same_in_every_epoch(architecture: str) -> None:
    model = build(architecture)
    plan = planned(model, architecture, blocks=1)
    groups_of(model, plan)
    entered: list[torch.Tensor] = []
    first = model.encoder.get_submodule(plan.adapter["first"])
    first.register_forward_pre_hook(lambda _module, args: entered.append(args[0]))
    for mode in (False, True, True):
        model.train(mode)
        training.engine.freeze_statistics(model)
        model(**tiny.inputs(architecture))
    assert torch.equal(entered[0], entered[1])
    assert torch.equal(entered[1], entered[2])


@pytest.mark.parametrize(
    ("architecture", "options", "recorded", "augment"),
    [
        ("bert", {}, True, False),
        ("bert", {"cache": "off"}, False, False),
        ("bert", {"blocks": 2}, False, False),
        ("vit", {}, False, True),
        ("vit", {"cache": "on"}, True, False),
        ("vit", {"cache": "off"}, False, True),
    ],
)
def test_texts_are_recorded_and_images_when_asked(
    architecture: str, options: dict[str, Any], recorded: bool, augment: bool
) -> None:
    plan = planned(build(architecture), architecture, **{"blocks": 1, **options})
    found = partial.boundary(plan)
    assert (found is not None) == recorded
    assert plan.augment == augment
    if found is not None:
        assert (found.first, found.below) == (plan.adapter["first"], tuple(plan.adapter["below"]))
        assert found.required == (options.get("cache") == "on")
        assert partial.boundary(replace(plan, augment=True)) is None, "augmented rows differ in every epoch"


def test_the_boundary_of_another_method_is_none() -> None:
    assert partial.boundary(Plan(method="full")) is None


def test_rates_and_decay_are_those_asked_for() -> None:
    model = build("bert")
    settings = Settings(learning_rate=1e-3, epochs=7, batch_size=5, options={"blocks": 1, "weight_decay": 0.07})
    plan = partial.plan(model, need("bert"), settings)
    assert (plan.method, plan.epochs, plan.batch_size) == ("partial", 7, 5)
    found = groups_of(model, plan)
    by_rate = {(round(group["lr"], 6), group["weight_decay"]) for group in found}
    assert by_rate == {(1e-3, 0.07), (1e-3, 0.0), (5e-3, 0.07), (5e-3, 0.0)}
