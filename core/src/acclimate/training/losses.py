"""What training minimises."""

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
