"""From a backbone offer to a language model that reads chats, and from a saved run back to one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from acclimate.contracts import Backbone, BundleError
from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.fingerprint import weights_hash
from acclimate.models.language import resolve_language_model
from acclimate.models.resolved import Resolved
from acclimate.models.spec import check_spec, plain_configuration
from acclimate.models.tokens import LanguageModel

# The key of a description that tells language models from all others.
WRITES = "writes"
MAX_TOKENS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedWriter(Resolved[LanguageModel, ChatPreprocessing]):
    """A language model with pretrained weights, and how it reads chats.

    `own_template` is why its tokenizer's template is not used, "" where it is.
    """

    own_template: str


def resolve_writer(backbone: Backbone, *, max_tokens: int | None, system: str) -> ResolvedWriter:
    """Load a causal language model in float32 whose chats have at most `max_tokens`, else 1,024 tokens.

    `system` is the system prompt of chats that bring none.

    Raises:
        AcclimateError: as `resolve_language_model`; BackboneError when no token could end an answer, too.
    """
    found = resolve_language_model(backbone, max_tokens=max_tokens or MAX_TOKENS)
    preprocessing, reason = ChatPreprocessing.of(found.preprocessing, system)
    return ResolvedWriter(
        model=found.model,
        preprocessing=preprocessing,
        weights=weights_hash(found.model.state_dict()),
        spec={
            "modality": "text",
            "config": plain_configuration(cast(Any, found.model.encoder).config),
            "arguments": {},
            "pooling": "last",
            "unit_norm": False,
            "max_tokens": preprocessing.max_tokens,
            WRITES: True,
        },
        own_template=reason,
    )


def rebuild_writer(spec: Mapping[str, Any], folder: Path) -> tuple[LanguageModel, ChatPreprocessing]:
    """Return the language model that `spec` describes, with random weights, and its saved preprocessing.

    Raises:
        BundleError: when the description would open other files or code, or describes no language model.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    check_spec(spec)
    try:
        config = AutoConfig.for_model(**spec["config"])
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".split("\n")[0].rstrip(".")
        raise BundleError(
            f"The manifest's spec describes no language model: {reason}.",
            "Install the library versions in manifest.json.",
        ) from error
    found = LanguageModel.of(model.eval())
    return found.eval(), ChatPreprocessing.from_folder(folder, max_tokens=spec["max_tokens"])
