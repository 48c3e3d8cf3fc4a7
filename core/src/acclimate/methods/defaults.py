"""The defaults of every method by modality and size of the encoder, with where they come from.

A bad default is a bug: in PEFT's own benchmark the accuracy of prefix tuning goes from 0.19 to 0.42, and that of
prompt tuning from 0.06 to 0.34, by initialisation and learning rate alone (peft, method_comparison/MetaMathQA).
"""

from dataclasses import dataclass, replace

from acclimate.contracts import Need, Settings
from acclimate.methods.model import Adaptable, parameters

SMALL, BASE = 70_000_000, 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Peak learning rate of the encoder's top layer or of what is added, rate of a new head, and how long.

    `layer_decay` is the factor from each layer to the one below it, `weight_decay` AdamW's.
    """

    rate: float
    head_rate: float
    epochs: int
    batch_size: int = 16
    layer_decay: float = 1.0
    weight_decay: float = 0.0


# (method, modality) → rate up to SMALL parameters, up to BASE, above; head rate as a factor; epochs; layer decay;
# weight decay. The sources are named in each method's docstring and in docs/methods.md.
_TABLE: dict[tuple[str, str], tuple[tuple[float, float, float], float, int, float, float]] = {
    ("full", "text"): ((5e-5, 2e-5, 1e-5), 10.0, 3, 1.0, 0.01),
    ("full", "image"): ((3e-4, 1e-4, 3e-5), 1.0, 5, 0.85, 0.05),
    ("layerwise", "text"): ((1e-4, 5e-5, 2e-5), 5.0, 4, 0.9, 0.01),
    ("layerwise", "image"): ((3e-4, 1e-4, 3e-5), 1.0, 6, 0.75, 0.05),
    ("partial", "text"): ((1e-4, 5e-5, 2e-5), 5.0, 4, 1.0, 0.01),
    ("partial", "image"): ((3e-4, 1e-4, 3e-5), 1.0, 6, 1.0, 0.05),
    ("lora", "text"): ((5e-4, 2e-4, 2e-4), 1.0, 4, 1.0, 0.0),
    ("lora", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("qlora", "text"): ((5e-4, 2e-4, 2e-4), 1.0, 4, 1.0, 0.0),
    ("qlora", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("adapters", "text"): ((5e-4, 3e-4, 1e-4), 1.0, 5, 1.0, 0.0),
    ("adapters", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("prefix", "text"): ((5e-3, 5e-3, 5e-3), 0.2, 6, 1.0, 0.0),
    ("prefix", "image"): ((5e-3, 5e-3, 5e-3), 0.2, 8, 1.0, 0.0),
    ("prompt", "text"): ((3e-2, 3e-2, 3e-2), 0.05, 8, 1.0, 0.0),
    ("prompt", "image"): ((1e-2, 1e-2, 1e-2), 0.1, 10, 1.0, 0.0),
    ("ia3", "text"): ((1e-2, 5e-3, 3e-3), 0.2, 6, 1.0, 0.0),
    ("ia3", "image"): ((1e-2, 5e-3, 3e-3), 0.2, 8, 1.0, 0.0),
    ("bitfit", "text"): ((1e-3, 5e-4, 3e-4), 1.0, 5, 1.0, 0.0),
    ("bitfit", "image"): ((1e-3, 1e-3, 1e-3), 1.0, 8, 1.0, 0.0),
    ("norm", "text"): ((1e-3, 5e-4, 3e-4), 1.0, 5, 1.0, 0.0),
    ("norm", "image"): ((1e-3, 1e-3, 1e-3), 1.0, 8, 1.0, 0.0),
    ("peft", "text"): ((5e-4, 2e-4, 2e-4), 1.0, 4, 1.0, 0.0),
    ("peft", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("contrastive", "text"): ((2e-5, 2e-5, 1e-5), 1.0, 1, 1.0, 0.01),
    ("scratch", "text"): ((3e-4, 1e-4, 1e-4), 1.0, 10, 1.0, 0.01),
    ("scratch", "image"): ((1e-3, 1e-3, 5e-4), 1.0, 20, 1.0, 0.05),
}


def defaults(method: str, modality: str, parameters: int) -> Defaults:
    """Return the defaults of a method for an encoder of so many parameters."""
    rates, head_factor, epochs, layer_decay, weight_decay = _TABLE[method, modality]
    rate = rates[0] if parameters < SMALL else rates[1] if parameters < BASE else rates[2]
    return Defaults(
        rate=rate,
        head_rate=rate * head_factor,
        epochs=epochs,
        layer_decay=layer_decay,
        weight_decay=weight_decay,
    )


def chosen_defaults(method: str, model: Adaptable, need: Need, settings: Settings) -> Defaults:
    """Return the defaults of a method for a model, with what the user asked for in their place."""
    found = defaults(method, need.modality, parameters(model.encoder))
    if settings.learning_rate:
        found = replace(
            found,
            rate=settings.learning_rate,
            head_rate=settings.learning_rate * found.head_rate / found.rate,
        )
    return replace(
        found,
        epochs=settings.epochs or found.epochs,
        batch_size=settings.batch_size or found.batch_size,
    )
