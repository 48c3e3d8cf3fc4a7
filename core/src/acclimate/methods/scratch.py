"""From scratch: the same architecture with random weights, the control that shows what transfer gives."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options

OPTIONS = {"weight_decay": -1.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Throw the pretrained weights away and train all from random ones, head included.

    Options:
        weight_decay: AdamW's; 0.01 for texts, 0.05 for images.

    Raises:
        OptionError: for a model whose attention weighs the slices of a stack.
    """
    options = read_options("scratch", settings.options, OPTIONS)
    if hasattr(model, "pooler"):
        raise OptionError(
            "Attention over slices stands on features that were pretrained; from random weights it has none.",
            "Name a backbone for whole volumes, such as monai:resnet18, or use bitfit, frozen, full, layerwise, "
            "lora, norm or partial.",
        )
    chosen = chosen_defaults("scratch", model, need, settings)
    weight_decay = options["weight_decay"] if options["weight_decay"] >= 0 else chosen.weight_decay

    def train(model: Adaptable) -> list[dict[str, Any]]:
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=weight_decay,
        )

    return Plan(
        method="scratch",
        groups=train,
        adapter={"random": True},
        head="random",
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        frozen_statistics=False,
        augment=need.modality == "image",
        patience=chosen.epochs,
    )


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Replace every weight by what the architecture's own initialisation draws."""
    del adapter
    model.encoder.load_state_dict(_random(model.encoder))
    if not model.new_head and not _tied(model):
        # A language model's head begins like its embeddings do.
        with torch.no_grad():
            model.head.weight.normal_(std=getattr(model.encoder.config, "initializer_range", 0.02))


def _random(encoder: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a new encoder of the same class and configuration, whose constructor draws them."""
    build: Any = type(encoder)
    pooled = "add_pooling_layer" in inspect.signature(build.__init__).parameters
    new: nn.Module = build(copy.deepcopy(encoder.config), **({"add_pooling_layer": False} if pooled else {}))
    drawn = new.state_dict()
    return {name: drawn[name] for name in encoder.state_dict()}


def _tied(model: Adaptable) -> bool:
    return any(parameter is model.head.weight for parameter in model.encoder.parameters())
