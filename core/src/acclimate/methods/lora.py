"""LoRA: low-rank updates of the encoder's linear and convolution layers, found by structure."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import sizes

OPTIONS = {"rank": 8, "alpha": 16.0, "dropout": 0.0, "weight_decay": 0.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Add low-rank updates and train them with the head.

    Options:
        rank: columns of each update.
        alpha: updates are scaled by alpha / rank.
        dropout: on the input of each update, 0 to 1.
        weight_decay: AdamW's, on updates and head.
    """
    options = read_options("lora", settings.options, OPTIONS)
    if options["rank"] < 1 or not 0 <= options["dropout"] < 1 or options["alpha"] <= 0:
        raise OptionError(
            f"LoRA needs rank >= 1, alpha > 0 and 0 <= dropout < 1, found {options}.", "Correct the option."
        )
    chosen = chosen_defaults("lora", model, need, settings)
    adapter = {
        "targets": targets(model.encoder),
        "rank": options["rank"],
        "alpha": options["alpha"],
        "dropout": options["dropout"],
    }

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, (p for name, p in model.encoder.named_parameters() if "lora_" in name))
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=options["weight_decay"],
        )

    return plan_with(
        "lora",
        chosen,
        need,
        settings,
        groups=train,
        adapter=adapter,
    )


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add the updates that `adapter` describes; they have no effect until they are trained or loaded."""
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(
        r=adapter["rank"],
        lora_alpha=adapter["alpha"],
        lora_dropout=adapter["dropout"],
        target_modules=list(adapter["targets"]),
    )
    # Only the encoder is given: the head is new, trains whole, and can never become a target.
    inject_adapter_in_model(config, model.encoder)


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
        if sizes(module) or (isinstance(module, nn.Conv2d) and module.groups == 1)
    ]
    if not found:
        raise BackboneError(
            f"{type(encoder).__name__} has no linear or convolution layer that LoRA could update.",
            "Use method 'full' or 'frozen'.",
        )
    return found
