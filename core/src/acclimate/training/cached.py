"""The gradient of a loss over a whole batch, from pieces of it: as many rows as wanted, in the memory of a few.

Gao, Zhang, Han and Callan 2021, "Scaling deep contrastive learning batch size under memory limited setup": features
are computed without a graph, the loss gives the gradient of each, and every piece is then computed again, with the
same dropout, to take that gradient on to the weights.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Inputs = Mapping[str, Tensor]


def backward_in_pieces(
    features: Callable[[Inputs], Tensor],
    loss: Callable[[Tensor], Tensor],
    inputs: Inputs,
    backward: Callable[[Tensor], object],
    *,
    rows_at_once: int,
) -> Tensor:
    """Add the gradient of a batch to the weights, computing so many rows at once, and return the loss.

    `features` gives [rows, width] of model inputs [rows, …], `loss` a scalar of the features of the whole batch, in
    its order. `backward` is called with a scalar of each piece. Texts of similar length share a piece, cut to the
    longest of them.
    """
    pieces = _pieces(inputs, rows_at_once)
    order = torch.cat(pieces)
    states, computed = [], []
    with torch.no_grad():
        for piece in pieces:
            states.append(_random_state())
            computed.append(features(_rows(inputs, piece)))
    whole = torch.empty_like(torch.cat(computed))
    whole[order.to(whole.device)] = torch.cat(computed)
    whole.requires_grad_()
    value = loss(whole)
    (gradient,) = torch.autograd.grad(value, whole)
    after = _random_state()
    for piece, state in zip(pieces, states, strict=True):
        _restore(state)
        again = features(_rows(inputs, piece))
        backward((again * gradient[piece.to(gradient.device)]).sum())
    _restore(after)
    return value.detach()


def _pieces(inputs: Inputs, size: int) -> list[Tensor]:
    """Return the numbers of the rows of each piece, the longest texts first."""
    mask = inputs.get("attention_mask")
    count = len(next(iter(inputs.values())))
    order = torch.arange(count) if mask is None else mask.sum(dim=1).cpu().argsort(descending=True, stable=True)
    return list(torch.split(order, size))


def _rows(inputs: Inputs, rows: Tensor) -> dict[str, Tensor]:
    """Return some rows of model inputs; padding on the right that all of them have is cut off."""
    chosen = {name: value[rows.to(value.device)] for name, value in inputs.items()}
    mask = chosen.get("attention_mask")
    if mask is None:
        return chosen
    longest = max(1, int(mask.sum(dim=1).max()))
    return {name: value[:, :longest] if value.shape == mask.shape else value for name, value in chosen.items()}


def _random_state() -> tuple[Tensor, Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_available() else None


def _restore(state: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])
