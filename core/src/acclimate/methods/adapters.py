"""Bottleneck adapters: small trained layers inside every block of an encoder that itself stays as it was.

Houlsby et al. 2019 put one after the attention and one after the feed-forward layers of a block, Pfeiffer et al. 2020
only the second, He et al. 2021 one beside the feed-forward layers. In a convolutional block an adapter of 1 × 1
convolutions follows the block (Rebuffi et al. 2018). All start at zero, so that the model is at first what it was.
"""

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import Block, blocks, replace_module, sizes

PLACEMENTS = ("houlsby", "pfeiffer", "parallel")
ACTIVATIONS: dict[str, type[nn.Module]] = {"gelu": nn.GELU, "relu": nn.ReLU}
OPTIONS = {
    "placement": "pfeiffer",
    "reduction": 6,
    "width": 0,
    "activation": "gelu",
    "scale": 1.0,
    "weight_decay": 0.0,
}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Add bottleneck adapters and train them with a new head.

    They cannot be merged: between down and up stands a nonlinearity. An adapter on d features with a bottleneck of b
    trains 2 d b + b + d parameters.

    Options:
        placement: "pfeiffer", "houlsby" or "parallel"; blocks of convolutions have one place, after the block.
        reduction: the bottleneck is the width of the layer divided by this.
        width: the bottleneck itself; 0 leaves it to `reduction`.
        activation: "gelu" or "relu".
        scale: factor on what an adapter adds.
        weight_decay: AdamW's, on adapters and head.

    Raises:
        BackboneError: for encoders without repeated blocks.
        OptionError: for a value out of range.
    """
    options = read_options("adapters", settings.options, OPTIONS)
    _check(options)
    found = blocks(model.encoder)
    if not found:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no repeated blocks that adapters could be put into.",
            "Use method 'full', 'norm' or 'frozen'.",
        )
    chosen = chosen_defaults("adapters", model, need, settings)
    places = [place for block in found for place in _places(model.encoder, block, options["placement"])]
    adapter = {
        "places": [
            {**place, "width": options["width"] or max(1, place["features"] // options["reduction"])}
            for place in places
        ],
        "activation": options["activation"],
        "scale": options["scale"],
    }

    def train(model: Adaptable) -> list[dict[str, Any]]:
        added = [p for m in model.encoder.modules() if isinstance(m, Bottleneck) for p in m.parameters()]
        train_only(model, added)
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=options["weight_decay"],
        )

    return plan_with(
        "adapters",
        chosen,
        need,
        settings,
        groups=train,
        adapter=adapter,
    )


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add the adapters that `adapter` describes."""
    for place in adapter["places"]:
        base = model.encoder.get_submodule(place["after"])
        bottleneck = Bottleneck(
            place["features"],
            place["width"],
            ACTIVATIONS[adapter["activation"]],
            adapter["scale"],
            convolution=place["kind"] == "convolution",
        )
        if place["beside"]:
            reader = Read(model.encoder.get_submodule(place["beside"]))
            replace_module(model.encoder, place["beside"], reader)
            replace_module(model.encoder, place["after"], Beside(base, bottleneck, reader))
        else:
            replace_module(model.encoder, place["after"], After(base, bottleneck))


class Bottleneck(nn.Module):
    """scale · up(activation(down(x))), zero at first; linear on the last dimension, or 1 × 1 convolutions on maps."""

    def __init__(
        self, features: int, width: int, activation: type[nn.Module], scale: float, *, convolution: bool = False
    ) -> None:
        super().__init__()
        self.down: nn.Module = nn.Conv2d(features, width, 1) if convolution else nn.Linear(features, width)
        self.activation = activation()
        self.up: nn.Module = nn.Conv2d(width, features, 1) if convolution else nn.Linear(width, features)
        self.scale = scale
        nn.init.normal_(self.down.weight, std=0.02)
        for tensor in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(cast(Tensor, tensor))

    def forward(self, x: Tensor) -> Tensor:
        """Return what is added to x, in its shape."""
        added: Tensor = self.up(self.activation(self.down(x)))
        return self.scale * added


class _Around(nn.Module):
    """A layer in another's place; `weight` is still the layer's own, which some architectures look at."""

    base: nn.Module

    @property
    def weight(self) -> Tensor:
        """The weight of the layer."""
        return cast(Tensor, self.base.weight)


class After(_Around):
    """A layer, followed by an adapter on its output."""

    def __init__(self, base: nn.Module, adapter: Bottleneck) -> None:
        super().__init__()
        self.base, self.adapter = base, adapter

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return the layer's output with the adapter's added; further outputs pass through."""
        output = self.base(*inputs, **named)
        if isinstance(output, tuple):
            return (output[0] + self.adapter(output[0]), *output[1:])
        return output + self.adapter(output)


class Read(_Around):
    """A layer that remembers its input until the adapter beside it has read it."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.seen: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output."""
        self.seen = x
        return cast(Tensor, self.base(x))


class Beside(_Around):
    """The last feed-forward layer, to whose output the adapter adds what it makes of the first one's input."""

    def __init__(self, base: nn.Module, adapter: Bottleneck, reader: Read) -> None:
        super().__init__()
        self.base, self.adapter = base, adapter
        self._reader = (reader,)  # in a tuple: it is registered where it stands, not here

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output with the adapter's added."""
        reader = self._reader[0]
        seen, reader.seen = reader.seen, None
        output: Tensor = self.base(x)
        return output + cast(Tensor, self.adapter(seen))


def _check(options: Mapping[str, Any]) -> None:
    if options["placement"] not in PLACEMENTS or options["activation"] not in ACTIVATIONS:
        raise OptionError(
            f"placement is one of {', '.join(PLACEMENTS)} and activation one of {', '.join(ACTIVATIONS)}, found "
            f"{options['placement']!r} and {options['activation']!r}.",
            "Correct the option.",
        )
    if options["reduction"] < 1 or options["width"] < 0 or options["scale"] <= 0:
        raise OptionError(
            f"adapters need reduction >= 1, width >= 0 and scale > 0, found {dict(options)}.", "Correct the option."
        )


def _places(encoder: nn.Module, block: Block, placement: str) -> list[dict[str, Any]]:
    if not block.mlp_out:
        return [_place(block.name, _channels(encoder, block.name), kind="convolution")]
    outputs = sizes(encoder.get_submodule(block.mlp_out))
    assert outputs is not None
    if placement == "parallel":
        return [_place(block.mlp_out, outputs[1], beside=block.mlp_in[0])]
    places = [_place(block.mlp_out, outputs[1])]
    if placement == "houlsby" and block.attention_out:
        places.insert(0, _place(block.attention_out, outputs[1]))
    return places


def _place(after: str, features: int, *, beside: str = "", kind: str = "linear") -> dict[str, Any]:
    return {"after": after, "features": features, "beside": beside, "kind": kind}


def _channels(encoder: nn.Module, name: str) -> int:
    """Return the channels that a convolutional block gives: those of its last convolution on the main path.

    A shortcut's convolution has as many, since the two are added.
    """
    found = [module for module in encoder.get_submodule(name).modules() if isinstance(module, nn.Conv2d)]
    return found[-1].out_channels
