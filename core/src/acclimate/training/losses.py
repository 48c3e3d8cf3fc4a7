"""What training minimises."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

# The class index of tokens that are not learned from: padding, prompts, parts of words after the first.
IGNORED = -100


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the mean cross-entropy in float32 over the rows, or over the tokens learned from.

    `truth` holds a class index for each row or token of `logits` [..., classes]. With as many dimensions as they, it
    is [batch, labels] of 0 and 1 for rows that may carry several labels: then it is the mean binary cross-entropy.
    """
    logits = logits.float()
    if truth.ndim == logits.ndim:
        return binary_cross_entropy_with_logits(logits, truth.float())
    return cross_entropy(logits.flatten(0, -2), truth.flatten(), ignore_index=IGNORED)


def answer_loss(logits: Tensor, truth: Tensor, *, empty: float = 1.0) -> Tensor:
    """Return the mean loss in float32 of windows; those without an answer count `empty`.

    `logits` are [batch, tokens, 2] of first and last tokens, `truth` the share of a window's answers that begin, or
    end, with each token, 0 for other tokens, and `IGNORED` for those that no answer may have. It is the cross-entropy
    of first and last tokens, averaged, among the tokens and a logit of 0 for "not here", which is right where the
    window holds no answer.
    """
    held = (truth.clamp(min=0).sum(dim=(1, 2)) > 0).float()
    weights = held + empty * (1 - held)
    return (weights * answer_row_losses(logits, truth)).mean()


def answer_row_losses(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of each window by itself, [batch]; see `answer_loss`."""
    outside = truth == IGNORED
    scores = logits.float().masked_fill(outside, -torch.inf)
    likely = torch.cat([torch.zeros_like(scores[:, :1]), scores], dim=1).log_softmax(dim=1)  # [batch, 1 + tokens, 2]
    shares = truth.clamp(min=0)
    none = 1 - shares.sum(dim=1)  # [batch, 2]
    found = (shares * likely[:, 1:].masked_fill(outside, 0)).sum(dim=1) + none * likely[:, 0]
    return -found.mean(dim=1)


def mask_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the cross-entropy of all pixels and 1 - Dice of the classes but the first, added, in float32.

    `logits` are [batch, classes, height, width], `truth` [batch, height, width] of class indices, `IGNORED` where
    nothing is learned. Dice is that of probabilities, over all pixels of the batch and averaged over the classes
    (Milletari, Navab and Ahmadi 2016, "V-Net"); the sum of both losses is nnU-Net's (Isensee et al. 2021).
    """
    return (
        _entropy(logits, truth).sum() / (truth != IGNORED).sum().clamp(min=1)
        + 1
        - _dice(logits, truth, (0, 2, 3)).mean()
    )


def mask_row_losses(logits: Tensor, truth: Tensor) -> Tensor:
    """Return `mask_loss` of each row by itself, [batch]."""
    pixels = (truth != IGNORED).sum(dim=(1, 2)).clamp(min=1)
    return _entropy(logits, truth).sum(dim=(1, 2)) / pixels + 1 - _dice(logits, truth, (2, 3)).mean(dim=-1)


def _entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the cross-entropy of each pixel [batch, height, width], 0 where it is ignored."""
    return cross_entropy(logits.float(), truth, ignore_index=IGNORED, reduction="none")


def _dice(logits: Tensor, truth: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return Dice of the classes but the first, summed over axes; one pixel more keeps it defined without any."""
    seen = (truth != IGNORED)[:, None]
    classes = torch.arange(1, logits.shape[1], device=truth.device)[None, :, None, None]
    true = (truth[:, None] == classes).float()  # [batch, classes - 1, height, width]
    given = logits.float().softmax(dim=1)[:, 1:] * seen
    return (2 * (true * given).sum(dim=axes) + 1) / (true.sum(dim=axes) + given.sum(dim=axes) + 1)
