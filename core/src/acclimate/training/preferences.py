"""What learning from preferences minimises, from how likely a model and the untuned one find replies.

Shapes: `found` [replies] the logarithms of the probabilities that the model gives replies; `truth` [replies, 3] of
each the untuned model's, its `Standing`, and its learned tokens.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from acclimate.contracts import DataError, Standing


def dpo_losses(found: Tensor, truth: Tensor, *, beta: float, sft_weight: float) -> Tensor:
    """Return what each pair adds to the loss, [pairs]; the loss is their mean.

    Of each pair it is the sigmoid loss of DPO (Rafailov et al. 2023, "Direct preference optimization", equation 7),
    and `sft_weight` times the cross-entropy of the chosen replies, by token over all of them: DPO alone may make both
    replies unlikelier. The chosen and the rejected replies stand in the same order.
    """
    reference, standing, tokens = truth.unbind(dim=1)
    chosen, rejected = standing == Standing.CHOSEN, standing == Standing.REJECTED
    ratios = found - reference
    losses = -logsigmoid(beta * (ratios[chosen] - ratios[rejected]))
    if sft_weight:
        losses = losses - sft_weight * found[chosen] / tokens[chosen].mean()
    return losses


def kto_losses(found: Tensor, truth: Tensor, *, beta: float, weights: tuple[float, float]) -> Tensor:
    """Return what each reply that is no stray one adds to the loss, [replies]; the loss is their mean.

    KTO of Ethayarajh et al. 2024, "Model alignment as prospect theoretic optimization", equations 7 and 8: stray
    replies say how far the model has gone from the untuned one, 0 at least. `weights` are those of replies that are
    approved and of those that are not.
    """
    reference, standing, _ = truth.unbind(dim=1)
    ratios, stray = found - reference, standing == Standing.STRAY
    gone = ratios[stray].mean().detach().clamp(min=0)
    kept, approved = ratios[~stray], standing[~stray] == Standing.CHOSEN
    sides = torch.where(approved, kept - gone, gone - kept)
    weight = torch.where(approved, kept.new_tensor(weights[0]), kept.new_tensor(weights[1]))
    return weight * (1 - torch.sigmoid(beta * sides))


def mean_loss(losses: Tensor) -> Tensor:
    """Return the loss of a batch.

    Raises:
        DataError: when it is no number.
    """
    loss = losses.mean()
    if not torch.isfinite(loss):
        raise DataError(
            f"The training loss is {loss.item()} over {len(losses)} rows.",
            "Lower the learning rate, or use precision 'float32'.",
        )
    return loss
