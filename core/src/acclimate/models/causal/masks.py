"""Model inputs of packs: who may attend to whom, in the form each architecture takes it.

transformers hands a mask of four dimensions to the attention as it is, and to models whose layers differ a mapping
from kind of layer to mask. A window is then ours to draw: between positions, not between places in the pack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from acclimate.models.causal.packing import PREFIX, Pack

_FULL, _SLIDING = "full_attention", "sliding_attention"
_PADDING = -1  # group of the tokens that fill a pack up; each attends to itself alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """The masks that a decoder's layers need.

    `windows`: by kind of layer how far back a token attends, None for all tokens before it. `mapped`: the model takes
    a mapping by kind of layer. `additive`: its attention takes numbers added to scores, not truth values.
    """

    windows: Mapping[str, int | None]
    mapped: bool
    additive: bool


def masks_of(encoder: nn.Module) -> Masks | str:
    """Return the masks that a decoder needs, or why none of ours says what its layers do."""
    config: Any = encoder.config
    attention = config._attn_implementation
    if attention not in ("sdpa", "eager", "acclimate"):
        return f"its attention is {attention!r}, which takes no mask of our own"
    kinds = list(dict.fromkeys(getattr(config, "layer_types", None) or ()))
    unknown = [kind for kind in kinds if kind not in (_FULL, _SLIDING)]
    if unknown:
        return f"it has layers of {unknown[0]!r}, which see other rows whatever a mask says"
    window = getattr(config, "sliding_window", None)
    if not kinds:
        kinds = [_FULL if window is None else _SLIDING]
    windows = {kind: window if kind == _SLIDING else None for kind in kinds}
    return Masks(windows=windows, mapped=len(kinds) > 1, additive=attention == "eager")


def packed_inputs(packs: Sequence[Pack], masks: Masks) -> dict[str, Any]:
    """Return the inputs of `SupervisedLoss` for packs; shorter ones are filled up behind their last token.

    `input_ids` and `position_ids` are [packs, tokens], each mask is [packs, 1, tokens, tokens].
    """
    groups, owners = _filled(packs, "groups", _PADDING), _filled(packs, "owners", _PADDING)
    positions = _filled(packs, "positions", 0)
    same = (groups[:, :, None] == groups[:, None, :]) & (groups[:, :, None] != _PADDING)
    mine = (owners[:, None, :] == PREFIX) | (owners[:, None, :] == owners[:, :, None])
    distance = positions[:, :, None] - positions[:, None, :]  # from a query back to a key
    allowed = same & mine & (distance >= 0)
    itself = torch.eye(positions.shape[1], dtype=torch.bool)
    made = {}
    for kind, window in masks.windows.items():
        seen = allowed if window is None else allowed & (distance < window)
        made[kind] = _form((seen | itself)[:, None], additive=masks.additive)
    return {
        "input_ids": _filled(packs, "ids", 0),
        "position_ids": positions,
        "attention_mask": made if masks.mapped else next(iter(made.values())),
        **_targets(packs, positions.shape[1]),
    }


def padded_inputs(packs: Sequence[Pack]) -> dict[str, Any]:
    """Return the inputs of `SupervisedLoss` for packs of one row each, with the mask that every decoder takes."""
    ids = _filled(packs, "ids", 0)
    mask = (_filled(packs, "groups", _PADDING) != _PADDING).long()
    return {"input_ids": ids, "attention_mask": mask, **_targets(packs, ids.shape[1])}


def _targets(packs: Sequence[Pack], tokens: int) -> dict[str, Tensor]:
    """Return `sources`, places in the flattened batch [packs * tokens], and `targets`, both [targets]."""
    sources = [place * tokens + source for place, pack in enumerate(packs) for source in pack.sources]
    targets = [target for pack in packs for target in pack.targets]
    return {"sources": torch.tensor(sources), "targets": torch.tensor(targets)}


def _filled(packs: Sequence[Pack], name: str, filling: int) -> Tensor:
    values: list[tuple[int, ...]] = [getattr(pack, name) for pack in packs]
    tokens = max(map(len, values))
    return torch.tensor([[*value, *[filling] * (tokens - len(value))] for value in values])


def _form(allowed: Tensor, *, additive: bool) -> Tensor:
    if not additive:
        return allowed
    return torch.zeros(allowed.shape).masked_fill(~allowed, torch.finfo(torch.float32).min)
