"""Normalisation tuning: only the scales and shifts of normalisation layers train."""

from torch import nn

from acclimate.contracts import BackboneError, Need, Plan, Settings
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options
from acclimate.methods.selected import plan_selected


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train the weights and biases of normalisation layers, and a new head (Zhao et al. 2024, Frankle et al. 2021).

    Raises:
        BackboneError: for encoders without any.
    """
    read_options("norm", settings.options, {})
    found = names(model.encoder)
    if not found:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no normalisation layers.", "Use method 'lora' or 'full' instead."
        )
    return plan_selected("norm", found, model, need, settings)


def names(encoder: nn.Module) -> list[str]:
    """Return the names of the parameters of normalisation layers, whatever their class is called.

    They are the layers whose only parameters are a vector that scales, `weight`, and perhaps one that shifts, `bias`.
    """
    found: list[str] = []
    for name, module in encoder.named_modules():
        own = dict(module.named_parameters(recurse=False))
        vectors = all(parameter.ndim == 1 for parameter in own.values())
        if "weight" in own and set(own) <= {"weight", "bias"} and vectors and not isinstance(module, nn.PReLU):
            found += [f"{name}.{each}" for each in own]
    return found
