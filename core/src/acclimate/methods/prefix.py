"""Prefix tuning: trained keys and values that every token may attend to, in every attention layer.

PEFT hands prefixes over as a key/value cache, which encoders do not take. Here they are put where attention is
computed, so that they work in encoders and decoders, for texts and images.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods.attention import Heads, attach, attention_layers
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import module_at

OPTIONS = {"length": 10, "strength": -1.0, "weight_decay": 0.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train `length` keys and values in each attention layer (Li and Liang 2021), and a new head.

    A layer with h key and value heads of d features trains 2 length h d + h parameters. Values begin at zero and keys
    at random; h trained numbers, one a head, are added to the scores of the prefix. They begin low, so that the
    model is at first nearly what it was and the solved head still fits it.

    Options:
        length: keys and values in each layer.
        strength: what is at first added to the scores of the prefix; -1 gives it about a third of the attention that
            as many tokens would get.
        weight_decay: AdamW's, on prefixes and head.

    Raises:
        BackboneError: for encoders without attention.
        OptionError: for a value out of range.
    """
    options = read_options("prefix", settings.options, OPTIONS)
    if options["length"] < 1:
        raise OptionError(f"prefix needs length >= 1, found {options['length']}.", "Correct the option.")
    layers = attention_layers(model.encoder)
    if not layers:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no attention layer that a prefix could be put into.",
            "Use method 'lora', 'adapters', 'ia3' or 'norm'.",
        )
    chosen = chosen_defaults("prefix", model, need, settings)
    adapter = {
        "layers": [
            {"name": name, "heads": heads.heads, "features": heads.features} for name, heads in layers.items()
        ],
        "length": options["length"],
        "strength": options["strength"],
    }

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, (p for m in model.encoder.modules() if isinstance(m, Prefix) for p in m.parameters()))
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=options["weight_decay"],
        )

    return plan_with("prefix", chosen, need, settings, groups=train, adapter=adapter)


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add the prefixes that `adapter` describes."""
    for layer in adapter["layers"]:
        heads = Heads(heads=layer["heads"], features=layer["features"])
        prefix = Prefix(heads, adapter["length"], adapter["strength"])
        attach(model.encoder, module_at(model.encoder, layer["name"]), prefix)


class Prefix(nn.Module):
    """Keys and values [heads, length, features] of one attention layer, and one number a head for their scores."""

    def __init__(self, heads: Heads, length: int, strength: float) -> None:
        super().__init__()
        shape = (heads.heads, length, heads.features)
        self.key = nn.Parameter(torch.randn(shape))
        self.value = nn.Parameter(torch.zeros(shape))
        self.strength = nn.Parameter(torch.full((heads.heads,), strength))

    def extended(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values [batch, heads, tokens, features] with the prefix before them."""
        times = key.shape[1] // len(self.key)  # heads of keys may be repeated by now, one for each of the queries'
        ours = (tensor.repeat_interleave(times, dim=0).to(key.dtype) for tensor in (self.key, self.value))
        first, second = (tensor.expand(key.shape[0], -1, -1, -1) for tensor in ours)
        return torch.cat([first, key], dim=2), torch.cat([second, value], dim=2)

    def scores(self, mask: Tensor, heads: int) -> Tensor:
        """Return additive scores [batch or 1, heads, queries, length + tokens] from those of the tokens alone."""
        ours = self.strength.repeat_interleave(heads // len(self.strength)).to(mask.dtype)
        shape = (mask.shape[0], heads, mask.shape[2])
        ours = ours.view(1, -1, 1, 1).expand(*shape, self.key.shape[1])
        return torch.cat([ours, mask.expand(*shape, mask.shape[3])], dim=3)
