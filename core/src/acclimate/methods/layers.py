"""The layers of any encoder, from input to output, and optimizer groups whose rates follow them."""

from collections.abc import Sequence
from typing import Any

from torch import nn

Named = tuple[str, nn.Parameter]


def layers(encoder: nn.Module) -> list[list[Named]]:
    """Return the parameters of an encoder in layers, from the input's to the output's.

    timm models say themselves how they are layered, and so do networks for volumes, by the names of their `stages`.
    In a transformers model the layers are the children of its largest module list. What stands before the named
    modules is the first layer, what stands after belongs to the last.
    """
    inner = getattr(encoder, "timm_model", None)
    if inner is not None and hasattr(inner, "group_matcher"):
        own = {id(parameter) for parameter in inner.parameters()}
        *lower, last = _timm_layers(inner)
        # What a method adds beside timm's model learns as the last layer does.
        return [*lower, [*last, *((name, p) for name, p in encoder.named_parameters() if id(p) not in own)]]
    blocks = _stated(encoder) or _largest_list(encoder)
    if blocks is None:
        return [list(encoder.named_parameters())]
    place = {id(p): index + 1 for index, block in enumerate(blocks) for p in block.parameters()}
    found: list[list[Named]] = [[] for _ in range(len(blocks) + 1)]
    passed = 0
    for name, parameter in encoder.named_parameters():
        passed = place.get(id(parameter), len(blocks) if passed else 0)
        found[passed].append((name, parameter))
    return [layer for layer in found if layer]


def groups(
    encoder: nn.Module,
    head: nn.Module,
    *,
    learning_rate: float,
    head_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Return optimizer groups: the last layer at `learning_rate`, each one below at `layer_decay` times less.

    Biases and normalisation weights (one dimension) are not decayed, as BERT and ViT were trained. A head that shares
    its weights with the encoder (tied embeddings) is in the encoder's groups.
    """
    result = []
    shared = {id(parameter) for parameter in encoder.parameters()}
    for depth, layer in enumerate(reversed(layers(encoder))):
        result += _split(layer, learning_rate * layer_decay**depth, weight_decay)
    own = [(name, parameter) for name, parameter in head.named_parameters() if id(parameter) not in shared]
    return result + _split(own, head_rate, weight_decay)


def _split(named: Sequence[Named], rate: float, weight_decay: float) -> list[dict[str, Any]]:
    trained = [parameter for _, parameter in named if parameter.requires_grad]
    parts = (
        ([p for p in trained if p.ndim > 1], weight_decay),
        ([p for p in trained if p.ndim <= 1], 0.0),
    )
    return [{"params": part, "lr": rate, "weight_decay": decay} for part, decay in parts if part]


def _timm_layers(model: nn.Module) -> list[list[Named]]:
    from timm.models import group_parameters

    named = dict(model.named_parameters())
    grouped = group_parameters(model, model.group_matcher(coarse=False))  # type: ignore[operator]
    return [[(name, named[name]) for name in names] for _, names in sorted(grouped.items())]


def _stated(encoder: nn.Module) -> list[nn.Module]:
    stages: Any = getattr(encoder, "stages", ())
    return [encoder.get_submodule(name) for name in stages] if isinstance(stages, tuple) else []


def _largest_list(encoder: nn.Module) -> nn.ModuleList | nn.Sequential | None:
    lists = [m for m in encoder.modules() if isinstance(m, nn.ModuleList | nn.Sequential) and len(m) > 1]
    return max(lists, key=lambda blocks: sum(p.numel() for p in blocks.parameters()), default=None)
