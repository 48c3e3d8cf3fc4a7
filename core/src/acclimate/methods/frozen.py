"""Frozen features: the backbone is only read, and the head is solved on its cached features."""

from acclimate.contracts import Need, Plan, Settings
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Plan no training: the head is solved in closed form on cached features."""
    del model, need
    read_options("frozen", settings.options, {})
    return Plan(method="frozen")
