"""The attention layers of an encoder, and a place in them for more keys and values.

Most models of transformers call one exchangeable function for attention, which is exchanged here. DeBERTa-v2 and timm
compute it themselves; their layers get a forward pass of ours, which calls the same parts in the same order.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from acclimate.methods.order import run_once

_NAME = "acclimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """How many heads of keys and values an attention layer has, and the features of each."""

    heads: int
    features: int


class Addition(Protocol):
    """Keys and values before those of the tokens; `extended` and `scores` are explained in `Prefix`."""

    def extended(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]: ...

    def scores(self, mask: Tensor, heads: int) -> Tensor: ...


def attention_layers(encoder: nn.Module) -> dict[str, Heads]:
    """Return the self-attention layers by name, in the order in which they run, as one small input shows them."""
    names = {module: name for name, module in encoder.named_modules()}
    own = {name: kind.heads(module) for module, name in names.items() if (kind := _own(module))}
    config: Any = getattr(encoder, "config", None)
    before = getattr(config, "_attn_implementation", None)
    if own or before is None:
        return own
    found: dict[str, Heads] = {}

    def record(module: nn.Module, query: Tensor, key: Tensor, *inputs: Any, **named: Any) -> Any:
        found[names[module]] = Heads(heads=key.shape[1], features=key.shape[3])
        return _attend(module, query, key, *inputs, **named)

    _register(record)
    config._attn_implementation = _NAME
    try:
        run_once(encoder)
    finally:
        config._attn_implementation = before
        _register(_attend)
    return found


def attach(encoder: nn.Module, layer: nn.Module, addition: nn.Module) -> None:
    """Put an addition into an attention layer, as its submodule `prefix`."""
    layer.add_module("prefix", addition)
    if own := _own(layer):
        layer.forward = MethodType(own.forward, layer)
        return
    _register(_attend)
    config = cast(Any, encoder).config
    if config._attn_implementation != _NAME:
        config._attn_implementation = _NAME
        encoder.register_forward_pre_hook(_positions, with_kwargs=True)


def _positions(encoder: nn.Module, args: Any, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
    """Count the positions of rotary encoders from each row's first token.

    Between tokens only their distance matters; between a token and a prefix its position does, which padding on the
    left would otherwise shift.
    """
    mask = inputs.get("attention_mask")
    rotary = any("RotaryEmbedding" in type(module).__name__ for module in encoder.modules())
    if mask is None or not rotary or "position_ids" in inputs:
        return None
    return args, {**inputs, "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)}


def _register(function: Callable[..., Any]) -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(_NAME, function)
    AttentionMaskInterface.register(_NAME, sdpa_mask)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attention as transformers' SDPA computes it, over the layer's prefix too where it has one."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    addition: Any = getattr(module, "prefix", None)
    if addition is None:
        kwargs |= {"is_causal": is_causal, "position_bias": position_bias}
        return cast(tuple[Tensor, None], sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs))
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    mask = _additive(query, key, attention_mask, causal)
    if position_bias is not None:
        mask = mask + position_bias
    scores = addition.scores(mask, query.shape[1])
    key, value = addition.extended(key, value)
    return cast(
        tuple[Tensor, None],
        sdpa_attention_forward(module, query, key, value, scores, is_causal=False, **kwargs),
    )


def _additive(query: Tensor, key: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
    """Return what is added to the scores [batch or 1, heads or 1, queries, keys]."""
    if mask is None:
        shape = (1, 1, query.shape[2], key.shape[2])
        allowed = torch.ones(shape, dtype=torch.bool, device=query.device)
        mask = allowed.tril() if causal and query.shape[2] > 1 else allowed
    if mask.dtype != torch.bool:
        return mask
    # A row that may attend to nothing (padding on the left) attends to the prefix; no score is minus infinity.
    return torch.zeros(mask.shape, dtype=query.dtype, device=query.device).masked_fill(
        ~mask, torch.finfo(query.dtype).min
    )


def _timm(self: Any, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    """timm's Attention over the prefix too."""
    batch, tokens, _ = x.shape
    gate = self.gate(x).sigmoid() if self.gate is not None else None
    parts = self.qkv(x).reshape(batch, tokens, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
    query, key, value = parts.unbind(0)
    query, key = self.q_norm(query), self.k_norm(key)
    scores = self.prefix.scores(_additive(query, key, attn_mask, is_causal), self.num_heads)
    key, value = self.prefix.extended(key, value)
    dropout = self.attn_drop.p if self.training else 0.0
    x = scaled_dot_product_attention(query, key, value, attn_mask=scores.to(query.dtype), dropout_p=dropout)
    x = self.norm(x.transpose(1, 2).reshape(batch, tokens, self.attn_dim))
    return cast(Tensor, self.proj_drop(self.proj(x if gate is None else x * gate)))


def _deberta(
    self: Any,
    hidden_states: Tensor,
    attention_mask: Tensor,
    output_attentions: bool = False,
    query_states: Tensor | None = None,
    relative_pos: Tensor | None = None,
    rel_embeddings: Tensor | None = None,
) -> tuple[Tensor, None]:
    """DeBERTa-v2's disentangled attention over the prefix too, which has no position relative to any token."""
    del output_attentions
    heads = self.num_attention_heads
    states = hidden_states if query_states is None else query_states
    query, key, value = (
        self.transpose_for_scores(project(x), heads)
        for project, x in (
            (self.query_proj, states),
            (self.key_proj, hidden_states),
            (self.value_proj, hidden_states),
        )
    )
    parts = 1 + ("c2p" in self.pos_att_type) + ("p2c" in self.pos_att_type)
    bias = query.new_zeros(1, 1, 1, 1)
    if self.relative_attention:
        bias = self.disentangled_attention_bias(query, key, relative_pos, self.pos_dropout(rel_embeddings), parts)
        bias = bias.view(-1, heads, *bias.shape[-2:])
    query, key, value = (x.view(-1, heads, *x.shape[-2:]) for x in (query, key, value))
    mask = _additive(query, key, attention_mask.bool(), causal=False) + bias
    scores = self.prefix.scores(mask, heads)
    key, value = self.prefix.extended(key, value)
    scale = 1 / math.sqrt(query.shape[-1] * parts)
    dropout = self.dropout.p if self.training else 0.0
    x = scaled_dot_product_attention(
        query, key, value, attn_mask=scores.to(query.dtype), dropout_p=dropout, scale=scale
    )
    return x.transpose(1, 2).flatten(2), None


@dataclass(frozen=True, slots=True)
class _Own:
    """Our forward pass for a layer that computes attention itself, and how to read its heads."""

    forward: Callable[..., Any]
    heads: Callable[[Any], Heads]


_OWN = {
    "transformers.models.deberta_v2.modeling_deberta_v2.DisentangledSelfAttention": _Own(
        _deberta, lambda layer: Heads(heads=layer.num_attention_heads, features=layer.attention_head_size)
    ),
    "timm.layers.attention.Attention": _Own(
        _timm, lambda layer: Heads(heads=layer.num_heads, features=layer.head_dim)
    ),
}


def _own(module: nn.Module) -> _Own | None:
    return _OWN.get(f"{type(module).__module__}.{type(module).__name__}")
