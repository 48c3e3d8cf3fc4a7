"""Whether rows can be packed for a model, shown on the rows themselves before anything is trained."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from acclimate.models.causal.masks import Masks, masks_of, packed_inputs, padded_inputs
from acclimate.models.causal.packing import PREFIX, Pack, pack, separate
from acclimate.models.causal.rows import SupervisedRow

BUDGET_TOKENS = 1024
_ROWS = 3  # looked at: the longest ones
# Of the largest hidden value: what rounding may differ by, in float32 and in 16 bits.
_ROUNDING = {torch.float32: 1e-3, torch.float64: 1e-3}
_COARSE = 3e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a step become model inputs: packed, or, where `reason` says why not, each in a line of its own.

    `budget_tokens` bounds the tokens of one part of a step, filling included, except where one row is longer.
    """

    masks: Masks | None
    reason: str
    budget_tokens: int

    def parts(self, rows: Sequence[SupervisedRow]) -> list[tuple[Pack, ...]]:
        """Deal the rows of a step to parts that fit into memory; every row is in one part, once."""
        if self.masks is not None:
            return [(made,) for made in pack(rows, budget_tokens=self.budget_tokens)]
        parts: list[tuple[Pack, ...]] = []
        for alone in sorted(separate(rows), key=lambda made: -len(made.ids)):
            last = parts[-1] if parts else ()
            room = last and len(last[0].ids) * (len(last) + 1) <= self.budget_tokens
            parts[-1:] = [(*last, alone)] if room else [*parts[-1:], (alone,)]
        return parts

    def inputs(self, packs: Sequence[Pack]) -> dict[str, Any]:
        """Return the inputs of `SupervisedLoss` for one part."""
        return padded_inputs(packs) if self.masks is None else packed_inputs(packs, self.masks)


def layout_of(
    model: nn.Module, rows: Sequence[SupervisedRow], *, budget_tokens: int = BUDGET_TOKENS, packed: bool = True
) -> Layout:
    """Return how to lay out rows like these for `model`, an `acclimate.models.LanguageModel`.

    The longest rows are packed and compared with what each gives alone, and the tokens of one are changed, which
    must change nothing in the others. Recurrent layers, positions or windows that a mask does not reach, and methods
    that put tokens into the input show there. It holds for models in evaluation; where a layer draws at random
    in training (dropout), rows behind one prefix share what was drawn for it.
    """
    found = masks_of(cast(Any, model).encoder) if packed else "packing was switched off"
    reason = found if isinstance(found, str) else _difference(model, found, rows, budget_tokens)
    masks = None if reason or isinstance(found, str) else found
    return Layout(masks=masks, reason=reason, budget_tokens=budget_tokens)


def _difference(model: Any, masks: Masks, rows: Sequence[SupervisedRow], budget_tokens: int) -> str:
    """Return how packed rows differ from rows alone, or nothing where they do not."""
    if hasattr(model.encoder, "prompt"):
        return "its method puts virtual tokens before each row, which a pack has no place for"
    longest = max(rows, key=lambda row: len(row.ids))
    beside = sorted(rows, key=lambda row: (row.ids[: row.prefix] != longest.ids[: longest.prefix], -len(row.ids)))
    made = max(pack(beside[:_ROWS], budget_tokens=budget_tokens), key=lambda made: len(made.rows))
    with _evaluating(model), torch.inference_mode():
        try:
            packed = _hidden(model, packed_inputs([made], masks))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
            return f"it does not take the mask of a pack ({type(error).__name__}: {str(error).splitlines()[0]})"
        tolerance = float(packed.abs().max()) * _ROUNDING.get(_precision(model), _COARSE)
        for number in made.rows:
            at, row = _places(made, number), beside[number]
            alone = _hidden(model, padded_inputs(separate([row])))[len(row.ids) - len(at) :]
            apart = float((packed[at] - alone).abs().max()) if at else 0.0
            if not apart <= tolerance:  # a difference that is no number is one
                return (
                    f"a row in a pack has other hidden states than alone (by {apart:.2g}, rounding: {tolerance:.2g})"
                )
        moved = _seen(model, masks, made, packed)
    # The same computation twice: what it may differ by is far less than between two.
    return (
        f"a row in a pack sees its neighbour (hidden states move by {moved:.2g})" if moved > tolerance / 100 else ""
    )


def _seen(model: Any, masks: Masks, made: Pack, before: Tensor) -> float:
    """Return how far hidden states of other rows move when the tokens of one row are others."""
    first = next((owner for owner in made.owners if owner != PREFIX), PREFIX)  # what runs on shows behind it
    own = torch.tensor(made.owners) == first
    inputs = packed_inputs([made], masks)
    inputs["input_ids"][0, own] = (inputs["input_ids"][0, own] + 1) % len(model.head.weight)
    others = (~own).nonzero().flatten()
    after = _hidden(model, inputs)
    return float((after - before)[others].abs().max()) if len(others) else 0.0


def _places(made: Pack, number: int) -> list[int]:
    """Return where the tokens of a row lie behind its prefix."""
    return [place for place, owner in enumerate(made.owners) if owner == number]


def _hidden(model: Any, inputs: Mapping[str, Any]) -> Tensor:
    """Return the last hidden states [tokens, width] of one sequence, in float32 on the CPU."""
    there = model.head.weight.device
    own = {name: _moved(value, there) for name, value in inputs.items() if name not in ("sources", "targets")}
    with torch.autocast(there.type, enabled=False):
        hidden: Tensor = model.encoder(**own, use_cache=False).last_hidden_state[0]
    return hidden.float().cpu()


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Mapping):
        return {name: _moved(item, device) for name, item in value.items()}
    return value.to(device)


def _precision(model: nn.Module) -> torch.dtype:
    """Return the coarsest type that any weight is kept in."""
    kinds = [weight.dtype for weight in model.parameters() if weight.is_floating_point()]
    return min(kinds, key=lambda kind: torch.finfo(kind).bits)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Switch dropout off, and back on where it was on."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
