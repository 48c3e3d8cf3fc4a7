"""Models with an output for every token: labels of tokens, and language models.

Shapes: `logits` are [batch, tokens, classes]; classes are labels, or the vocabulary.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from acclimate.contracts import BackboneError


class TokenClassifier(nn.Module):
    """A label for every token: an encoder with a new linear head on its last layer."""

    new_head = True

    def __init__(self, encoder: nn.Module, *, width: int, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, len(labels))
        self.labels = labels

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the logits [batch, tokens, labels] in float32."""
        hidden = self.encoder(**inputs).last_hidden_state.float()
        with torch.autocast(hidden.device.type, enabled=False):
            return cast(Tensor, self.head(hidden))


class LanguageModel(nn.Module):
    """The next token for every token: a decoder under the head it was pretrained with."""

    new_head = False

    def __init__(self, encoder: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    @classmethod
    def of(cls, pretrained: Any) -> "LanguageModel":
        """Take a transformers causal language model apart into decoder and head; both keep their weights.

        Raises:
            BackboneError: when its logits are not those of its head on its last hidden states.
        """
        head = pretrained.get_output_embeddings()
        model = cls(pretrained.base_model, head)
        probe = torch.arange(1, 5, device=head.weight.device)[None]
        with torch.inference_mode():
            training = pretrained.training
            pretrained.eval()
            expected = pretrained(input_ids=probe).logits.float()
            found = model(input_ids=probe).float()
            pretrained.train(training)
        if expected.shape != found.shape or not torch.allclose(expected, found, atol=1e-3, rtol=1e-3):
            raise BackboneError(
                f"{type(pretrained).__name__} does more to its logits than its linear head does.",
                "Choose another language model; Llama, Qwen3, GPT-2, Gemma and SmolLM2 are tested.",
            )
        return model

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the logits [batch, tokens, vocabulary] in float32."""
        # A decoder would copy the keys and values of every layer into a cache that only generation reads.
        return self.logits(self.encoder(**inputs, use_cache=False).last_hidden_state)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits [..., vocabulary] in float32 of last hidden states [..., width]."""
        dtype = torch.promote_types(hidden.dtype, self.head.weight.dtype)
        if self.head.weight.dtype == dtype:
            return cast(Tensor, self.head(hidden.to(dtype))).float()
        # A head that is kept in 16 bits still computes in the precision that was asked for.
        bias = None if self.head.bias is None else self.head.bias.to(dtype)
        return linear(hidden.to(dtype), self.head.weight.to(dtype), bias).float()
