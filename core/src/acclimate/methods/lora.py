"""LoRA: low-rank updates of the encoder's linear and convolution layers, found by structure."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings, import_bitsandbytes
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import module_at, replace_module, sizes

# What PEFT calls each initialisation. Those that need data or a quantised base (eva, corda, loftq) are not offered.
INITIALISATIONS: dict[str, bool | str] = {
    "default": True,
    "gaussian": "gaussian",
    "orthogonal": "orthogonal",
    "pissa": "pissa",
    "olora": "olora",
}
_OF_WEIGHTS = ("pissa", "olora")  # decompose the weights, which PEFT does for linear layers only
OPTIONS = {
    "rank": 8,
    "alpha": 16.0,
    "dropout": 0.0,
    "dora": False,
    "rslora": False,
    "init": "default",
    "lora_plus": 1.0,
    "weight_decay": 0.0,
}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Add low-rank updates (Hu et al. 2022) and train them with the head.

    An update of a linear layer with n inputs and m outputs trains rank (n + m) parameters; `dora` adds m.

    Options:
        rank: columns of each update.
        alpha: updates are scaled by alpha / rank.
        dropout: on the input of each update, 0 to 1.
        dora: also train the length of each weight row apart from its direction (Liu et al. 2024).
        rslora: scale by alpha / sqrt(rank) instead, which keeps high ranks learning (Kalajdzievski 2023).
        init: "default" (Kaiming), "gaussian", "orthogonal", or, for linear layers only, "pissa" (the principal
            singular vectors of the weights; Meng et al. 2024) and "olora" (their QR factors; Büyükakyüz 2024).
        lora_plus: how many times faster the up-projections learn than the down-projections; 16 in Hayou et al. 2024.
        weight_decay: AdamW's, on updates and head.

    Raises:
        BackboneError: when there is nothing to update.
        OptionError: for a value out of range, or an initialisation that the layers do not allow.
    """
    options = read_options("lora", settings.options, OPTIONS)
    check_ranges("lora", options)
    if options["init"] not in INITIALISATIONS:
        raise OptionError(
            f"Option 'init' of method 'lora' is one of {', '.join(INITIALISATIONS)}, found {options['init']!r}.",
            "Its default is 'default'.",
        )
    names = targets(model.encoder)
    convolutions = [name for name in names if isinstance(module_at(model.encoder, name), nn.Conv2d | nn.Conv3d)]
    if options["init"] in _OF_WEIGHTS and convolutions:
        raise OptionError(
            f"init {options['init']!r} decomposes linear layers; {type(model.encoder).__name__} has convolutions "
            f"({convolutions[0]}).",
            "Set init to 'default', 'gaussian' or 'orthogonal'.",
        )
    adapter = {"targets": names, **{name: options[name] for name in OPTIONS if name != "weight_decay"}}
    return plan_updates("lora", model, need, settings, options, adapter)


def plan_updates(
    method: str,
    model: Adaptable,
    need: Need,
    settings: Settings,
    options: Mapping[str, Any],
    adapter: Mapping[str, Any],
) -> Plan:
    """Return a plan that trains the updates which `adapter` describes, and a new head."""
    chosen = chosen_defaults(method, model, need, settings)

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, (p for name, p in model.encoder.named_parameters() if "lora_" in name))
        found = groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=options["weight_decay"],
        )
        return _faster(model, found, options["lora_plus"])

    return plan_with(method, chosen, need, settings, groups=train, adapter=adapter)


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add the updates that `adapter` describes; they have no effect until they are trained or loaded."""
    import_bitsandbytes()
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(
        r=adapter["rank"],
        lora_alpha=adapter["alpha"],
        lora_dropout=adapter["dropout"],
        use_dora=adapter["dora"],
        use_rslora=adapter["rslora"],
        init_lora_weights=INITIALISATIONS[adapter["init"]],
        target_modules=list(adapter["targets"]),
    )
    # Only the encoder is given: the head is new, trains whole, and can never become a target.
    inject_adapter_in_model(config, model.encoder)


def merge(model: Adaptable, adapter: Mapping[str, Any], original: Callable[[str], Tensor]) -> None:
    """Fold the updates into the weights that they update; the encoder is then of plain layers."""
    del original
    fold_in(model.encoder, adapter["targets"])


def fold_in(encoder: nn.Module, names: Sequence[str]) -> None:
    """Fold what PEFT added to the layers of these names into their weights, and leave the plain layers."""
    for name in names:
        layer: Any = module_at(encoder, name)
        if isinstance(layer.get_base_layer(), nn.Conv3d):
            # PEFT 0.21 takes a kernel of one voxel for one of a pixel, and fails.
            layer.get_delta_weight = partial(_volume_update, layer)
        layer.merge(safe_merge=True)
        replace_module(encoder, name, layer.get_base_layer())


def _volume_update(layer: Any, adapter: str) -> Tensor:
    """Return the update of a convolution of volumes as a kernel [outputs, inputs, depth, height, width]."""
    down, up = layer.lora_A[adapter].weight, layer.lora_B[adapter].weight
    update: Tensor = (up.flatten(1) @ down.flatten(1)).reshape(layer.get_base_layer().weight.shape)
    return update * float(layer.scaling[adapter])


def targets(encoder: nn.Module) -> list[str]:
    """Return the names of the layers to update: every linear layer and every dense convolution.

    Names differ between architectures and releases ("query", "q_proj", "qkv"), structure does not. Depthwise
    convolutions are left out: their kernels hold 9 or 25 numbers per channel, which no low-rank update shortens.

    Raises:
        BackboneError: when there is nothing to update.
    """
    found = [
        name
        for name, module in encoder.named_modules()
        if sizes(module) or (isinstance(module, nn.Conv2d | nn.Conv3d) and module.groups == 1)
    ]
    if not found:
        raise BackboneError(
            f"{type(encoder).__name__} has no linear or convolution layer that LoRA could update.",
            "Use method 'full' or 'frozen'.",
        )
    return found


def check_ranges(method: str, options: Mapping[str, Any]) -> None:
    """Raise OptionError for a rank, alpha, dropout or rate ratio out of range."""
    if options["rank"] < 1 or not 0 <= options["dropout"] < 1 or options["alpha"] <= 0 or options["lora_plus"] <= 0:
        raise OptionError(
            f"{method} needs rank >= 1, alpha > 0, 0 <= dropout < 1 and lora_plus > 0, found {dict(options)}.",
            "Correct the option.",
        )


def _faster(model: Adaptable, found: list[dict[str, Any]], ratio: float) -> list[dict[str, Any]]:
    """Give the up-projections a rate that is `ratio` times that of the rest."""
    if ratio == 1.0:
        return found
    up = {id(p) for name, p in model.encoder.named_parameters() if "lora_B" in name or "lora_embedding_B" in name}
    result = []
    for group in found:
        fast = [p for p in group["params"] if id(p) in up]
        rest = [p for p in group["params"] if id(p) not in up]
        result += [{**group, "params": rest}] if rest else []
        result += [{**group, "params": fast, "lr": group["lr"] * ratio}] if fast else []
    return result
