"""What an encoder is made of, read from its module graph and never from the names of its layers.

A transformer block calls its linear layers in a fixed order, in which they are also registered: projections of
query, key and value (one each, or one for all), the projection back to the width of the model, then the
feed-forward layers, whose last one leads back to that width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torch import nn

Linears = list[tuple[str, nn.Module]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One repeated unit of an encoder, by the names of its layers inside the encoder.

    `attention` are the layers that make query, key and value, in this order or as one; `attention_out` leads back to
    the width of the model, `mlp_in` (two where gated) and `mlp_out` are the feed-forward layers. In a convolutional
    block all of them are empty.
    """

    name: str
    attention: tuple[str, ...] = ()
    attention_out: str = ""
    mlp_in: tuple[str, ...] = ()
    mlp_out: str = ""


def sizes(layer: nn.Module) -> tuple[int, int] | None:
    """Return the (inputs, outputs) of a linear layer, GPT-2's transposed one included; None for others.

    Layers of bitsandbytes and those that PEFT has wrapped are read through their own attributes.
    """
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if type(layer).__name__ == "Conv1D" and hasattr(layer, "nf"):
        inputs, outputs = cast(Any, layer).weight.shape
        return int(inputs), int(outputs)
    return None


def blocks(encoder: nn.Module) -> list[Block]:
    """Return the blocks of an encoder from input to output; none when it has no repeated structure."""
    return [_block(name, module) for name, module in block_modules(encoder)]


def transformer_blocks(encoder: nn.Module) -> list[Block]:
    """Return the blocks that have attention, from input to output."""
    return [block for block in blocks(encoder) if block.attention_out]


def block_modules(encoder: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the name and module of each block: the members of the encoder's outermost lists of alike modules.

    Stages (Swin, ConvNeXt, ResNet, EfficientNet) are lists of lists; their innermost members are the blocks.
    """
    return list(_walk("", encoder))


def module_at(encoder: nn.Module, name: str) -> nn.Module:
    """Return a module by its name inside the encoder."""
    return encoder.get_submodule(name)


def replace_module(encoder: nn.Module, name: str, new: nn.Module) -> None:
    """Put `new` where the module of that name is."""
    parent, _, last = name.rpartition(".")
    setattr(encoder.get_submodule(parent) if parent else encoder, last, new)


def _walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the innermost members of lists of alike modules."""
    for inner, child in module.named_children():
        full = f"{name}.{inner}" if name else inner
        # A member with an activation of its own is a block, whatever lists its layers are kept in (ResNet).
        whole = _repeats(module) and any(_is_activation(part) for part in child.children())
        deeper = [] if whole else list(_walk(full, child))
        if deeper or not _repeats(module):
            yield from deeper
        else:
            yield full, child


def _repeats(module: nn.Module) -> bool:
    """Tell whether a module is a list of blocks: modules of one class that do more than one layer's work."""
    if not isinstance(module, nn.ModuleList | nn.Sequential) or not len(module):
        return False
    kinds = {type(member) for member in module.children()}
    return len(kinds) == 1 and all(len(list(member.modules())) > 2 for member in module.children())


def _is_activation(module: nn.Module) -> bool:
    return type(module).__module__ in ("torch.nn.modules.activation", "transformers.activations")


def _block(name: str, module: nn.Module) -> Block:
    found: Linears = [(f"{name}.{inner}", layer) for inner, layer in module.named_modules() if sizes(layer)]
    shapes: list[Any] = [sizes(layer) for _, layer in found]
    if len(found) < 4:
        return _feed_forward(name, found, shapes)
    width = shapes[-1][1]
    inner = shapes[-1][0]
    first = len(found) - 1
    while first > 0 and shapes[first - 1] in ((width, inner), (width, 2 * inner)):
        first -= 1
    attention = found[:first]
    if not attention or sizes(attention[-1][1])[1] != width:  # type: ignore[index]
        return _feed_forward(name, found, shapes)
    return Block(
        name=name,
        attention=tuple(layer for layer, _ in attention[:-1]),
        attention_out=attention[-1][0],
        mlp_in=tuple(layer for layer, _ in found[first:-1]),
        mlp_out=found[-1][0],
    )


def _feed_forward(name: str, found: Linears, shapes: Sequence[Any]) -> Block:
    """Describe a block without attention: ConvNeXt's pair of linear layers, or convolutions alone."""
    pair = len(found) == 2 and shapes[0][1] == shapes[1][0] and shapes[0][0] == shapes[1][1]
    return Block(name=name, mlp_in=(found[0][0],), mlp_out=found[1][0]) if pair else Block(name=name)
