"""IA3: trained factors on keys, values and feed-forward activations; everything else stays as it was."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from acclimate.contracts import BackboneError, Need, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import Block, blocks, module_at, replace_module, sizes

OPTIONS: dict[str, Any] = {}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train one factor for each key, value and inner feed-forward feature of each block (Liu et al. 2022).

    A block whose keys and values have k features and whose feed-forward layers have f inner ones trains 2 k + f
    parameters. In convolutional blocks the channels of the last convolution are scaled. There are no options.

    Raises:
        BackboneError: for encoders without repeated blocks.
    """
    read_options("ia3", settings.options, OPTIONS)
    found = blocks(model.encoder)
    if not found:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no repeated blocks whose activations could be scaled.",
            "Use method 'full', 'lora' or 'norm'.",
        )
    chosen = chosen_defaults("ia3", model, need, settings)
    places = [place for block in found for place in _places(model.encoder, block)]

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, (m.factors for m in model.encoder.modules() if isinstance(m, Scaled)))
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=0.0,
        )

    return plan_with("ia3", chosen, need, settings, groups=train, adapter={"places": places})


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Put factors of one on the layers that `adapter` names."""
    for place in adapter["places"]:
        base = module_at(model.encoder, place["layer"])
        replace_module(model.encoder, place["layer"], Scaled(base, place["first"], place["count"], place["side"]))


def merge(model: Adaptable, adapter: Mapping[str, Any], original: Callable[[str], Tensor]) -> None:
    """Multiply the factors into the weights of their layers; the encoder is then of plain layers."""
    del original
    for place in adapter["places"]:
        layer = cast(Scaled, module_at(model.encoder, place["layer"]))
        replace_module(model.encoder, place["layer"], layer.merged())


class Scaled(nn.Module):
    """A layer whose outputs (or, on side "input", inputs) from `first` on are multiplied by `count` factors.

    Features are the last dimension, or the channels of maps [batch, channels, height, width].
    """

    def __init__(self, base: nn.Module, first: int, count: int, side: str) -> None:
        super().__init__()
        self.base, self.first, self.side = base, first, side
        self.factors = nn.Parameter(torch.ones(count))

    @property
    def weight(self) -> Tensor:
        """The weight of the layer, which some architectures look at."""
        return cast(Tensor, self.base.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output."""
        if self.side == "input":
            return cast(Tensor, self.base(self._scale(x)))
        return self._scale(self.base(x))

    def _scale(self, x: Tensor) -> Tensor:
        axis = 1 if isinstance(self.base, nn.Conv2d) else x.ndim - 1
        factors = self._all(x.shape[axis]).to(x.dtype)
        return x * factors.view(-1, *[1] * (x.ndim - 1 - axis))

    def _all(self, features: int) -> Tensor:
        after = features - self.first - len(self.factors)
        return nn.functional.pad(self.factors, (self.first, after), value=1.0)

    def merged(self) -> nn.Module:
        """Return the layer with the factors in its weights."""
        size = sizes(self.base)
        transposed = size is not None and not isinstance(self.base, nn.Linear)  # GPT-2 keeps [inputs, outputs]
        axis = int((self.side == "input") != transposed)
        weight, bias = self.weight, cast(Any, self.base).bias
        with torch.no_grad():
            factors = self._all(weight.shape[axis])
            weight.mul_(factors.view(*[-1 if place == axis else 1 for place in range(weight.ndim)]))
            if bias is not None and self.side == "output":
                bias.mul_(factors)
        return self.base


def _places(encoder: nn.Module, block: Block) -> list[dict[str, Any]]:
    if not block.mlp_out:
        last = [
            (name, module)
            for name, module in module_at(encoder, block.name).named_modules()
            if isinstance(module, nn.Conv2d)
        ][-1]
        return [_place(f"{block.name}.{last[0]}", 0, last[1].out_channels)]
    inner = sizes(module_at(encoder, block.mlp_out))
    assert inner is not None
    places = [_place(block.mlp_out, 0, inner[0], side="input")]
    if len(block.attention) == 1:  # queries, keys and values as one: three equal parts, or two of fewer heads
        shape, out = sizes(module_at(encoder, block.attention[0])), sizes(module_at(encoder, block.attention_out))
        assert shape is not None
        assert out is not None
        places.append(_place(block.attention[0], out[0], shape[1] - out[0]))
    elif len(block.attention) >= 3:
        for name in block.attention[1:3]:
            shape = sizes(module_at(encoder, name))
            assert shape is not None
            places.append(_place(name, 0, shape[1]))
    return places


def _place(layer: str, first: int, count: int, side: str = "output") -> dict[str, Any]:
    return {"layer": layer, "first": first, "count": count, "side": side}
