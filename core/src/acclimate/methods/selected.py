"""Methods that train some of the encoder's own parameters, chosen by name, and add nothing."""

from collections.abc import Sequence
from typing import Any

from acclimate.contracts import Need, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only


def plan_selected(
    method: str, names: Sequence[str], model: Adaptable, need: Need, settings: Settings, *, layer_decay: float = 1.0
) -> Plan:
    """Return a plan that trains the encoder's parameters of these names, and a new head."""
    chosen = chosen_defaults(method, model, need, settings)
    wanted = frozenset(names)

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, (p for name, p in model.encoder.named_parameters() if name in wanted))
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=layer_decay,
            weight_decay=chosen.weight_decay,
        )

    return plan_with(
        method,
        chosen,
        need,
        settings,
        groups=train,
    )
