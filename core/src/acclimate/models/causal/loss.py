"""The loss of a causal language model, computed at the tokens that are learned and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from acclimate.contracts import BackboneError, DataError
from acclimate.models.tokens import LanguageModel

# Targets whose logits are held at once. Of a vocabulary of 50,000, 1,024 take 200 MB in float32.
_AT_ONCE = 1024
# What some architectures do to the logits of their head, by the names in their configuration, and what does nothing.
_ENDINGS = {"final_logit_softcapping": None, "logits_scaling": 1.0, "logit_scale": 1.0, "lm_head_multiplier": 1.0}


class SupervisedLoss(nn.Module):
    """A language model that returns its loss at each target instead of the logits of every token.

    The hidden states that predict a target are picked before the head, so that a policy prompt of hundreds of tokens
    costs no logits over the vocabulary.
    """

    def __init__(self, model: LanguageModel) -> None:
        """Take the model, whose weights stay its own.

        Raises:
            BackboneError: when the architecture caps or scales the logits of its head.
        """
        super().__init__()
        config = cast(Any, model.encoder).config
        for name, nothing in _ENDINGS.items():
            value = getattr(config, name, None)
            if value not in (None, nothing):
                raise BackboneError(
                    f"{type(model.encoder).__name__} changes the logits of its head ({name} = {value}).",
                    "Choose another language model; Llama, Qwen3, GPT-2, Gemma and SmolLM2 are tested.",
                )
        self.model = model

    def forward(self, *, sources: Tensor, targets: Tensor, **inputs: Any) -> Tensor:
        """Return the cross-entropy at each target, [targets], in float32 whatever the model computes in.

        `inputs` are those of the decoder; `sources` are places in its flattened batch [batch * tokens].
        """
        hidden = self.model.encoder(**inputs, use_cache=False).last_hidden_state.flatten(0, 1)
        chosen = hidden.index_select(0, sources)  # [targets, width]
        if len(targets) <= _AT_ONCE:
            return self._losses(chosen, targets)
        # More would hold the logits of all of them until the backward pass; these are computed again there.
        parts = zip(torch.split(chosen, _AT_ONCE), torch.split(targets, _AT_ONCE), strict=True)
        return torch.cat([checkpoint(self._losses, *part, use_reentrant=False) for part in parts])

    def _losses(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(self.model.logits(hidden), targets, reduction="none")


def step_loss(losses: Tensor, supervised: int) -> Tensor:
    """Return what `losses` add to the loss of a step: their sum over the targets of the whole step.

    Parts of a step added up are then the mean over its targets, however the rows were dealt to the parts.

    Raises:
        DataError: when it is no number.
    """
    loss = losses.sum() / supervised
    if not torch.isfinite(loss):
        raise DataError(
            f"The training loss is {loss.item()} over {len(losses)} targets.",
            "Lower the learning rate, or use precision 'float32'.",
        )
    return loss


def learn(model: nn.Module, parts: Sequence[Mapping[str, Any]]) -> float:
    """Add the gradient of one step's loss, a part at a time so that only one part is in memory; return the loss.

    `parts` are inputs of `SupervisedLoss`, which `model` is, or something that wraps it.

    Raises:
        DataError: when the loss is no number; the gradients are then incomplete.
    """
    supervised = sum(len(part["targets"]) for part in parts)
    total = 0.0
    for part in parts:
        loss = step_loss(model(**part), supervised)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total
