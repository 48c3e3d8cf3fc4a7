"""Layer-wise rates: the nearer a layer is to the input, the slower it learns, and the later it may begin."""

from typing import Any

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups, layers
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options

OPTIONS = {"layer_decay": -1.0, "weight_decay": -1.0, "unfreeze_every": 0, "warmup": 0.1}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train all weights at discriminative rates (Howard and Ruder 2018; Clark et al. 2020; Bao et al. 2022).

    Options:
        layer_decay: the rate of each layer as a share of the one above it, above 0 and at most 1. Texts: 0.9.
            Convolutional networks: 0.75. Vision transformers: 0.65.
        unfreeze_every: epochs after which the next layer below begins to train, the top layer and the head first;
            0 trains all layers from the start. Layers that would never begin are an error.
        warmup: share of the steps over which the rates rise from 0.
        weight_decay: AdamW's; 0.01 for texts, 0.05 for images.

    Raises:
        OptionError: for a value out of range.
    """
    options = read_options("layerwise", settings.options, OPTIONS)
    chosen = chosen_defaults("layerwise", model, need, settings)
    layer_decay = chosen.layer_decay if options["layer_decay"] == -1.0 else options["layer_decay"]
    weight_decay = chosen.weight_decay if options["weight_decay"] == -1.0 else options["weight_decay"]
    if (
        not 0 < layer_decay <= 1
        or weight_decay < 0
        or not 0 <= options["warmup"] < 1
        or options["unfreeze_every"] < 0
    ):
        raise OptionError(
            "layerwise needs 0 < layer_decay <= 1, weight_decay >= 0, 0 <= warmup < 1 and unfreeze_every >= 0, found "
            f"{options}.",
            "Correct the option.",
        )
    every, depth = options["unfreeze_every"], len(layers(model.encoder))
    last = every * (depth - 1)
    if last >= chosen.epochs:
        raise OptionError(
            f"With unfreeze_every {every} the lowest of {depth} layers would begin in epoch {last + 1} of "
            f"{chosen.epochs}.",
            "Raise epochs, or lower unfreeze_every.",
        )

    def train(model: Adaptable) -> list[dict[str, Any]]:
        found = groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=layer_decay,
            weight_decay=weight_decay,
        )
        return _later(model, found, every) if every else found

    return plan_with(
        "layerwise",
        chosen,
        need,
        settings,
        groups=train,
        warmup=options["warmup"],
        patience=chosen.epochs if every else chosen.patience,
    )


def _later(model: Adaptable, found: list[dict[str, Any]], every: int) -> list[dict[str, Any]]:
    """Give each group the epoch at which its layer begins: 0 for the top layer and the head."""
    begins = {
        id(parameter): depth * every
        for depth, layer in enumerate(reversed(layers(model.encoder)))
        for _, parameter in layer
    }
    return [{**group, "from_epoch": begins.get(id(group["params"][0]), 0)} for group in found]
