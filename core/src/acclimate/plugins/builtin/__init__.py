"""What core itself offers, through the same hooks as everyone; core is asked last in every choice.

Core chooses no method: where nobody names one, `adapt` searches (`acclimate.api.search`).
"""

from acclimate.plugins.builtin.backbones import choose_backbone, register_backbones
from acclimate.plugins.builtin.loaders import choose_loader, register_loaders
from acclimate.plugins.builtin.methods import register_methods
from acclimate.plugins.builtin.metrics import register_metrics
from acclimate.plugins.builtin.presets import register_presets

__all__ = [
    "choose_backbone",
    "choose_loader",
    "register_backbones",
    "register_loaders",
    "register_methods",
    "register_metrics",
    "register_presets",
]
