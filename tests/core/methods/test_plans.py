"""What each method trains, at which rate, and what it leaves alone."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from acclimate.contracts import BackboneError, Method, Need, OptionError, Plan, Settings
from acclimate.methods import frozen, full, lora, norm
from acclimate.methods.layers import groups, layers
from acclimate.models import Classifier
from torch import nn

KINDS = ("bert", "vit", "efficientnet")
Build = Callable[..., Classifier]
Inputs = Callable[[str], dict[str, torch.Tensor]]
Needs = Callable[[str], Need]


def logits(model: Classifier, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval()(**inputs)


def groups_of(model: Classifier, plan: Plan, module: Any = None) -> list[dict[str, Any]]:
    """Install what the plan adds, and return its optimizer groups."""
    if plan.adapter:
        module.install(model, plan.adapter)
    assert plan.groups is not None
    return list(plan.groups(model))  # type: ignore[arg-type]


def rates(found: list[dict[str, Any]]) -> dict[int, float]:
    """Return the learning rate of each parameter, by identity."""
    return {id(parameter): group["lr"] for group in found for parameter in group["params"]}


@pytest.mark.parametrize("module", [full, frozen, lora], ids=["full", "frozen", "lora"])
@pytest.mark.parametrize(
    ("options", "message"),
    [({"rnak": 4}, r"has no option 'rnak'"), ({"layer_decai": 0.5}, r"has no option 'layer_decai'")],
)
def test_an_unknown_option_is_refused(
    module: Any, options: dict[str, Any], message: str, build: Build, need: Needs
) -> None:
    with pytest.raises(OptionError, match=message):
        module.plan(build("bert"), need("bert"), Settings(options=options))


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (lora, {"rnak": 4}, r"Method 'lora' has no option 'rnak'\. Did you mean 'rank'\?"),
        (full, {"layer_decai": 0.5}, r"Method 'full' has no option 'layer_decai'\. Did you mean 'layer_decay'\?"),
        (frozen, {"rank": 4}, r"Method 'frozen' has no option 'rank'\. Known: solver\."),
        (norm, {"rank": 4}, r"Method 'norm' has no option 'rank'\. There are none\."),
        (lora, {"rank": "8"}, r"Option 'rank' of method 'lora' is a int, found '8'\. Its default is 8\."),
        (lora, {"rank": 8.0}, r"'rank' of method 'lora' is a int, found 8\.0"),
        (lora, {"rank": True}, r"'rank' of method 'lora' is a int, found True"),
        (lora, {"rank": 0}, r"rank >= 1"),
        (lora, {"dropout": 1.0}, r"0 <= dropout < 1"),
        (lora, {"alpha": 0}, r"alpha > 0"),
        (full, {"weight_decay": "no"}, r"'weight_decay' of method 'full' is a float, found 'no'"),
    ],
)
def test_a_wrong_option_says_what_was_expected(
    module: Any, options: dict[str, Any], message: str, build: Build, need: Needs
) -> None:
    model = build("bert")
    with pytest.raises(OptionError, match=message):
        module.plan(model, need("bert"), Settings(options=options))
    assert all(parameter.requires_grad for parameter in model.parameters()), "refused before anything changed"


def test_a_whole_number_is_a_float_option(build: Build, need: Needs) -> None:
    plan = lora.plan(build("bert"), need("bert"), Settings(options={"alpha": 4}))
    assert plan.adapter["alpha"] == 4.0


@pytest.mark.parametrize("kind", KINDS)
def test_layers_hold_every_parameter_once(kind: str, build: Build) -> None:
    encoder = build(kind).encoder
    found = [name for layer in layers(encoder) for name, _ in layer]
    assert sorted(found) == sorted(name.removeprefix("timm_model.") for name, _ in encoder.named_parameters())
    identities = [id(parameter) for layer in layers(encoder) for _, parameter in layer]
    assert sorted(identities) == sorted(id(parameter) for parameter in encoder.parameters())


@pytest.mark.parametrize("kind", ["bert", "vit"])
def test_layers_of_transformers_run_from_embeddings_to_the_last_block(kind: str, build: Build) -> None:
    found = layers(build(kind).encoder)
    assert len(found) == 4
    assert all("embeddings" in name for name, _ in found[0])
    for number in range(3):
        names = [name for name, _ in found[number + 1]]
        inside = [name for name in names if f".{number}." in name]
        after = [name for name in names if name.startswith("layernorm")]
        assert inside + after == names
        assert not after or number == 2, "the final normalisation belongs to the last block"


def test_layers_of_efficientnet_run_from_stem_to_head(build: Build) -> None:
    found = [[name for name, _ in layer] for layer in layers(build("efficientnet").encoder)]
    assert any(name.startswith("conv_stem") for name in found[0])
    assert all(name.startswith(("conv_stem", "bn1")) for name in found[0])
    assert any(name.startswith("conv_head") for layer in found[-2:] for name in layer)
    blocks = [
        tuple(int(part) for part in layer[0].split(".")[1:3]) for layer in found if layer[0].startswith("blocks")
    ]
    assert blocks == sorted(blocks)
    assert len(blocks) == len(set(blocks)) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_full_trains_every_parameter_in_exactly_one_group(kind: str, build: Build, need: Needs) -> None:
    model = build(kind)
    plan = full.plan(model, need(kind), Settings())
    given = [id(parameter) for group in groups_of(model, plan) for parameter in group["params"]]
    assert sorted(given) == sorted(id(parameter) for parameter in model.parameters())
    assert plan.trains
    assert not plan.adapter


@pytest.mark.parametrize("kind", KINDS)
def test_full_rates_fall_by_layer_decay_from_top_to_bottom(kind: str, build: Build, need: Needs) -> None:
    model = build(kind)
    plan = full.plan(model, need(kind), Settings(learning_rate=1e-3, options={"layer_decay": 0.5}))
    found = rates(groups_of(model, plan))
    for depth, layer in enumerate(reversed(layers(model.encoder))):
        for name, parameter in layer:
            assert found[id(parameter)] == pytest.approx(1e-3 * 0.5**depth), name
    # The solved head of a convolutional network hardly moves: its averaged steps are long.
    share = {"bert": 10, "vit": 1, "efficientnet": 0.01}[kind]
    assert all(found[id(parameter)] == pytest.approx(1e-3 * share) for parameter in model.head.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_biases_and_normalisation_are_not_decayed(kind: str, build: Build, need: Needs) -> None:
    model = build(kind)
    plan = full.plan(model, need(kind), Settings(options={"weight_decay": 0.07}))
    decay = {id(p): group["weight_decay"] for group in groups_of(model, plan) for p in group["params"]}
    normalisation = (nn.LayerNorm, nn.modules.batchnorm._BatchNorm)
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            spared = name == "bias" or isinstance(module, normalisation)
            assert decay[id(parameter)] == (0.0 if spared else 0.07), (type(module), name)


def test_full_does_what_was_asked_for(build: Build, need: Needs) -> None:
    model = build("bert")
    plan = full.plan(model, need("bert"), Settings(epochs=7, batch_size=3, learning_rate=2e-5))
    assert (plan.epochs, plan.batch_size) == (7, 3)
    assert sorted({group["lr"] for group in groups_of(model, plan)}) == pytest.approx([2e-5, 2e-4])


def test_images_learn_slower_below_and_texts_everywhere_alike(build: Build, need: Needs) -> None:
    network, bert = build("efficientnet"), build("bert")
    image = full.plan(network, need("efficientnet"), Settings())
    text = full.plan(bert, need("bert"), Settings())
    assert len({group["lr"] for group in groups_of(network, image)}) > 10
    assert len({group["lr"] for group in groups_of(bert, text)}) == 2
    assert image.augment
    assert not text.augment
    assert image.frozen_statistics


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_plans_no_training(kind: str, build: Build, need: Needs) -> None:
    plan = frozen.plan(build(kind), need(kind), Settings())
    assert not plan.trains
    assert not plan.adapter


@pytest.mark.parametrize(("kind", "count"), [("bert", 18), ("vit", 19), ("efficientnet", 33)])
def test_lora_updates_all_linear_and_dense_convolution_layers(
    kind: str, count: int, build: Build, need: Needs
) -> None:
    model = build(kind)
    modules = dict(model.encoder.named_modules())
    plan = lora.plan(model, need(kind), Settings())
    wanted = {
        name
        for name, module in modules.items()
        if type(module) is nn.Linear
        or (isinstance(module, nn.Conv2d) and module.weight.shape[1] == module.in_channels)
    }
    depthwise = {
        name
        for name, module in modules.items()
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
    }
    assert set(plan.adapter["targets"]) == wanted
    assert len(wanted) == count
    assert not wanted & depthwise
    assert bool(depthwise) == (kind == "efficientnet")
    assert not any(hasattr(module, "lora_A") for module in model.modules()), "planning changes nothing"
    groups_of(model, plan, lora)
    changed = {name for name, module in model.encoder.named_modules() if hasattr(module, "lora_A")}
    assert changed == wanted, "what was listed is what was updated"
    assert type(model.head) is nn.Linear


@pytest.mark.parametrize("kind", KINDS)
def test_lora_has_no_effect_before_training(kind: str, build: Build, inputs: Inputs, need: Needs) -> None:
    model = build(kind)
    before = logits(model, inputs(kind))
    lora.install(model, lora.plan(model, need(kind), Settings()).adapter)
    torch.testing.assert_close(logits(model, inputs(kind)), before, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_lora_trains_only_its_updates_and_the_head(kind: str, build: Build, need: Needs) -> None:
    model = build(kind)
    found = groups_of(model, lora.plan(model, need(kind), Settings()), lora)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert {name for name in trained if "lora_" not in name} == {"head.weight", "head.bias"}
    assert {name for name, _ in model.named_parameters() if "lora_" in name} <= trained
    given = [id(parameter) for group in found for parameter in group["params"]]
    assert sorted(given) == sorted(id(p) for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_lora_run_gives_equal_logits(kind: str, build: Build, inputs: Inputs, need: Needs) -> None:
    model = build(kind)
    plain = logits(model, inputs(kind))
    plan = lora.plan(model, need(kind), Settings(options={"rank": 4, "alpha": 3.0}))
    lora.install(model, plan.adapter)
    torch.manual_seed(9)
    with torch.no_grad():  # as if trained
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.1)
    expected = logits(model, inputs(kind))
    assert float((expected - plain).abs().max()) > 1e-4, "the updates have an effect"
    again = build(kind, seed=1)
    lora.install(again, plan.adapter)
    again.load_state_dict(model.state_dict())
    torch.testing.assert_close(logits(again, inputs(kind)), expected, atol=0, rtol=0)


def test_the_update_is_alpha_over_rank_times_b_times_a(build: Build, need: Needs) -> None:
    model = build("bert")
    layer = model.encoder.encoder.layer[0].intermediate.dense
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    lora.install(model, lora.plan(model, need("bert"), Settings(options={"rank": 2, "alpha": 3.0})).adapter)
    updated = model.encoder.encoder.layer[0].intermediate.dense
    a, b = updated.lora_A["default"].weight, updated.lora_B["default"].weight
    with torch.no_grad():
        b.copy_(torch.randn_like(b))
        x = torch.randn(4, 16)
        expected = x @ (weight + 3.0 / 2 * b @ a).T + bias
        torch.testing.assert_close(updated(x), expected, atol=1e-5, rtol=1e-5)


def test_lora_needs_something_to_update() -> None:
    with pytest.raises(BackboneError, match=r"Embedding has no linear or convolution layer.*'full' or 'frozen'"):
        lora.targets(nn.Embedding(3, 4))


def test_groups_leave_out_what_does_not_train(build: Build) -> None:
    model = build("bert")
    for parameter in model.encoder.embeddings.parameters():
        parameter.requires_grad_(False)
    found = groups(model.encoder, model.head, learning_rate=1.0, head_rate=2.0, layer_decay=1.0, weight_decay=0.0)
    given = {id(parameter) for group in found for parameter in group["params"]}
    assert given == {id(parameter) for parameter in model.parameters() if parameter.requires_grad}


@pytest.mark.parametrize("name", ["full", "frozen", "lora"])
def test_the_offer_names_the_plan(name: str) -> None:
    from acclimate.plugins.builtin import register_methods

    offers: dict[str, Method] = {offer.name: offer for offer in register_methods()}
    assert offers[name].plan.load() is {"full": full, "frozen": frozen, "lora": lora}[name].plan
