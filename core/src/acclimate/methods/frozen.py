"""Frozen features: the backbone is only read, and the head is solved on its cached features."""

from acclimate.contracts import Need, Plan, Settings
from acclimate.methods.model import Adaptable, freeze
from acclimate.methods.options import read_options


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Freeze the encoder; the head is solved in closed form, so there are no groups to train."""
    del need
    read_options("frozen", settings.options, {})
    freeze(model.encoder)
    return Plan(method="frozen")
