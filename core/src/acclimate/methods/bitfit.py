"""BitFit: only biases train (Ben Zaken, Goldberg and Ravfogel 2022)."""

from typing import Any

from torch import nn

from acclimate.contracts import BackboneError, Need, Plan, Settings
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options
from acclimate.methods.selected import plan_selected


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train the biases of the encoder, and a new head.

    A good choice for small sets on encoders of the BERT and ViT families, where 0.1 % of the weights are biases.

    Raises:
        BackboneError: for encoders that have none (Llama, Gemma, T5, ModernBERT by default).
    """
    read_options("bitfit", settings.options, {})
    found = names(model.encoder)
    if not found:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no biases.", "Use method 'norm', 'lora' or 'adapters' instead."
        )
    return plan_selected("bitfit", found, model, need, settings)


def names(encoder: nn.Module) -> list[str]:
    """Return the names of the biases: one-dimensional parameters that layers and normalisations call `bias`."""
    found = []
    for name, module in encoder.named_modules():
        bias: Any = getattr(module, "bias", None)
        if isinstance(bias, nn.Parameter):
            found.append(f"{name}.bias" if name else "bias")
    return found
