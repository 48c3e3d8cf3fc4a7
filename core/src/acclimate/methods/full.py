"""Full fine-tuning: every weight trains, from the head that the frozen features give."""

from typing import Any

from acclimate.contracts import Need, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options

OPTIONS = {"layer_decay": -1.0, "weight_decay": -1.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train all weights.

    Options:
        layer_decay: how much slower each layer learns than the one above it; 1 is no difference. Texts: 1.
            Images: 0.85 (0.75 for transformers), since a convolutional network that learns everywhere at one rate
            ends below its own frozen features on small sets.
        weight_decay: AdamW's; 0.01 for texts, 0.05 for images.

    Convolutional networks train at a rate that is too high for single steps, with a moving average of their weights
    and a head that hardly moves; lower rates leave it where it began (solar cells in docs/results.md).
    """
    options = read_options("full", settings.options, OPTIONS)
    chosen = chosen_defaults("full", model, need, settings)
    layer_decay = options["layer_decay"] if options["layer_decay"] >= 0 else chosen.layer_decay
    weight_decay = options["weight_decay"] if options["weight_decay"] >= 0 else chosen.weight_decay

    def train(model: Adaptable) -> list[dict[str, Any]]:
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=layer_decay,
            weight_decay=weight_decay,
        )

    return plan_with(
        "full",
        chosen,
        need,
        settings,
        groups=train,
    )
