"""The defaults of every method by modality and size of the encoder, with where they come from.

A bad default is a bug: in PEFT's own benchmark the accuracy of prefix tuning goes from 0.19 to 0.42, and that of
prompt tuning from 0.06 to 0.34, by initialisation and learning rate alone (peft, method_comparison/MetaMathQA).
"""

from dataclasses import dataclass
from typing import Any

from acclimate.contracts import INFERENCE, PREFERENCE, STACKS, SUMMARIES, Need, Plan, Settings
from acclimate.methods.model import Adaptable, parameters
from acclimate.methods.structure import transformer_blocks

SMALL, BASE = 70_000_000, 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Peak learning rate of the encoder's top layer or of what is added, rate of a new head, and how long.

    `layer_decay` is the factor from each layer to the one below it, `weight_decay` AdamW's, `average` the decay of a
    moving average of the weights (0 for none), `patience` the epochs without a better one after which training stops.
    """

    rate: float
    head_rate: float
    epochs: int
    batch_size: int = 16
    layer_decay: float = 1.0
    weight_decay: float = 0.0
    average: float = 0.0
    patience: int = 2


# (method, kind of encoder) → rate up to SMALL parameters, up to BASE, above; head rate as a factor; epochs; layer
# decay; weight decay. The sources are named in each method's docstring and in docs/methods.md.
_TABLE: dict[tuple[str, str], tuple[tuple[float, float, float], float, int, float, float]] = {
    ("full", "text"): ((5e-5, 2e-5, 1e-5), 10.0, 3, 1.0, 0.01),
    # One tag for each word: more to learn from a text than one label, and more weights to move for it.
    ("full", "tokens"): ((2e-4, 5e-5, 2e-5), 10.0, 3, 1.0, 0.01),
    ("full", "image"): ((4e-4, 1e-4, 3e-5), 0.01, 8, 0.85, 0.05),
    ("full", "masks"): ((1e-4, 1e-4, 3e-5), 30.0, 30, 1.0, 1e-4),
    ("full", "vit"): ((5e-5, 3e-5, 1e-5), 1.0, 8, 0.75, 0.05),
    ("layerwise", "text"): ((1e-4, 5e-5, 2e-5), 5.0, 4, 0.9, 0.01),
    ("layerwise", "image"): ((4e-4, 1e-4, 3e-5), 0.01, 8, 0.75, 0.05),
    ("layerwise", "masks"): ((1e-4, 1e-4, 3e-5), 30.0, 30, 0.75, 1e-4),
    ("layerwise", "vit"): ((5e-5, 3e-5, 1e-5), 1.0, 8, 0.65, 0.05),
    ("partial", "text"): ((1e-4, 5e-5, 2e-5), 5.0, 4, 1.0, 0.01),
    ("partial", "image"): ((4e-4, 1e-4, 3e-5), 0.01, 8, 1.0, 0.05),
    ("partial", "masks"): ((1e-4, 1e-4, 3e-5), 30.0, 30, 1.0, 1e-4),
    ("partial", "vit"): ((5e-5, 3e-5, 1e-5), 1.0, 8, 1.0, 0.05),
    ("lora", "text"): ((1e-3, 2e-4, 2e-4), 1.0, 4, 1.0, 0.0),
    ("lora", "image"): ((1e-3, 5e-4, 2e-4), 0.01, 8, 1.0, 0.0),
    ("qlora", "text"): ((1e-3, 2e-4, 2e-4), 1.0, 4, 1.0, 0.0),
    ("qlora", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("adapters", "text"): ((2e-3, 3e-4, 1e-4), 1.0, 8, 1.0, 0.0),
    ("adapters", "image"): ((1e-3, 5e-4, 2e-4), 1.0, 6, 1.0, 0.0),
    ("prefix", "text"): ((2e-2, 1e-2, 1e-2), 0.2, 6, 1.0, 0.0),
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
    ("contrastive", "text"): ((5e-5, 2e-5, 1e-5), 1.0, 1, 1.0, 0.01),
    ("scratch", "text"): ((3e-4, 1e-4, 1e-4), 1.0, 10, 1.0, 0.01),
    ("scratch", "image"): ((1e-3, 1e-3, 5e-4), 1.0, 20, 1.0, 0.05),
    ("scratch", "masks"): ((1e-3, 1e-3, 5e-4), 1.0, 50, 1.0, 1e-4),
    ("frozen", "tokens"): ((1e-2, 1e-2, 1e-2), 1.0, 10, 1.0, 0.0),
    ("frozen", "stacks"): ((1e-3, 1e-3, 1e-3), 1.0, 40, 1.0, 0.01),
    ("frozen", "masks"): ((3e-3, 3e-3, 3e-3), 1.0, 30, 1.0, 1e-4),
}


def chosen_defaults(method: str, model: Adaptable, need: Need, settings: Settings) -> Defaults:
    """Return the defaults of a method for a model, with what the user asked for in their place."""
    kind: str = "masks" if need.task == "image-segmentation" else need.modality
    if (method, "stacks") in _TABLE and need.task == STACKS and hasattr(model, "pooler"):
        kind = "stacks"
    if (method, "tokens") in _TABLE and need.task in ("token-classification", "question-answering"):
        kind = "tokens"
    if kind == "image" and (method, "vit") in _TABLE and transformer_blocks(model.encoder):
        kind = "vit"
    rates, head_factor, epochs, layer_decay, weight_decay = _TABLE[method, kind]
    size = parameters(model.encoder)
    rate = settings.learning_rate or (rates[0] if size < SMALL else rates[1] if size < BASE else rates[2])
    epochs = settings.epochs or epochs
    if settings.head == "random":  # the small factors are for heads that only follow what the probe found
        head_factor = max(1.0, head_factor)
    # Convolutional networks and bottlenecks first get worse, and better only as the rate falls to zero: stopping
    # early stops there.
    whole_schedule = kind in ("image", "masks", "stacks") or method == "adapters"
    return Defaults(
        rate=rate,
        head_rate=rate * head_factor,
        epochs=epochs,
        batch_size=settings.batch_size or _batch_size(kind, need),
        layer_decay=layer_decay,
        weight_decay=weight_decay,
        average=0.99 if kind == "image" else 0.0,
        patience=epochs if whole_schedule else 2,
    )


def _batch_size(kind: str, need: Need) -> int:
    """Return how many rows a step learns from; stacks are some twenty images each, unless they are encoded."""
    if kind == "stacks":
        return 16
    # A chat, or a window of a long text, is as long as several texts with labels.
    few = kind == "masks" or need.task in ("text-generation", "question-answering", INFERENCE, SUMMARIES, PREFERENCE)
    return 2 if need.task == STACKS else 8 if few else 16


def plan_with(method: str, chosen: Defaults, need: Need, settings: Settings, **values: Any) -> Plan:
    """Return a plan of these defaults; `values` are further fields of `Plan`, or others in their place."""
    return Plan(
        **{
            "method": method,
            "head": settings.head,
            "epochs": chosen.epochs,
            "batch_size": chosen.batch_size,
            "augment": need.modality == "image",
            "average": chosen.average,
            "patience": chosen.patience,
            **values,
        }
    )
