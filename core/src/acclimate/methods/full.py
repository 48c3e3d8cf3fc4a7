"""Full fine-tuning: every weight trains, from the head that the frozen features give."""

from acclimate.contracts import Need, Plan, Settings
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, parameters
from acclimate.methods.options import read_options

DEFAULTS = {"layer_decay": -1.0, "weight_decay": -1.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train all weights.

    Options:
        layer_decay: how much slower each layer learns than the one above it; 1 is no difference. Texts: 1.
            Images: 0.85, since a convolutional network that learns everywhere at one rate ends below its own
            frozen features on small sets.
        weight_decay: AdamW's; 0.01 for texts, 0.05 for images.
    """
    options = read_options("full", settings.options, DEFAULTS)
    image = need.modality == "image"
    rate = settings.learning_rate or (3e-4 if image else _text_rate(parameters(model.encoder)))
    layer_decay = options["layer_decay"] if options["layer_decay"] >= 0 else (0.85 if image else 1.0)
    weight_decay = options["weight_decay"] if options["weight_decay"] >= 0 else (0.05 if image else 0.01)
    return Plan(
        method="full",
        groups=groups(
            model.encoder,
            model.head,
            learning_rate=rate,
            head_rate=rate if image else 10 * rate,
            layer_decay=layer_decay,
            weight_decay=weight_decay,
        ),
        epochs=settings.epochs or (5 if image else 3),
        batch_size=settings.batch_size or 16,
        augment=image,
    )


def _text_rate(count: int) -> float:
    """Return the peak rate: above 1e-4 large encoders collapse to one class (FOMC authors' grids)."""
    if count < 70_000_000:
        return 5e-5
    return 2e-5 if count < 250_000_000 else 1e-5
