"""Models with an output for every token."""

import pytest
import torch
from acclimate.contracts import BackboneError
from acclimate.models import LanguageModel
from acclimate.testing import tiny
from transformers import AutoModelForCausalLM, Gemma2Config, GPT2Config


@pytest.mark.parametrize("architecture", tiny.DECODERS)
def test_a_language_model_has_the_logits_of_transformers(architecture: str) -> None:
    torch.manual_seed(0)
    whole = AutoModelForCausalLM.from_config(tiny.config(architecture)).eval()
    inputs = tiny.inputs(architecture)
    with torch.inference_mode():
        expected = whole(**inputs).logits
        torch.testing.assert_close(LanguageModel.of(whole)(**inputs), expected)


def test_a_language_model_that_bends_its_logits_is_refused() -> None:
    config = Gemma2Config(
        vocab_size=64,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        intermediate_size=32,
        final_logit_softcapping=0.1,
        initializer_range=1.0,
    )
    with pytest.raises(BackboneError, match="Gemma2ForCausalLM does more to its logits than its linear head does"):
        LanguageModel.of(AutoModelForCausalLM.from_config(config))


def test_tied_weights_stay_tied() -> None:
    whole = AutoModelForCausalLM.from_config(
        GPT2Config(vocab_size=64, n_positions=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2)
    )
    model = LanguageModel.of(whole)
    assert model.head.weight is whole.get_input_embeddings().weight


def test_a_head_that_is_kept_in_16_bits_computes_in_the_precision_of_its_input() -> None:
    model = tiny.build("llama", "text-generation")
    model.head.weight.data = model.head.weight.data.bfloat16()
    inputs = tiny.inputs("llama")
    with torch.inference_mode():
        hidden = model.encoder(**inputs).last_hidden_state
        torch.testing.assert_close(model(**inputs), hidden @ model.head.weight.float().T)


@pytest.mark.parametrize("architecture", ["bert", "llama"])
def test_a_token_classifier_is_linear_on_the_last_layer(architecture: str) -> None:
    model = tiny.build(architecture, "token-classification")
    inputs = tiny.inputs(architecture)
    with torch.inference_mode():
        hidden = model.encoder(**inputs).last_hidden_state
        expected = hidden @ model.head.weight.T + model.head.bias
        torch.testing.assert_close(model(**inputs), expected)


@pytest.mark.parametrize("architecture", tiny.DECODERS)
def test_a_language_model_keeps_no_cache_of_keys_and_values(architecture: str) -> None:
    model = tiny.build(architecture, "text-generation")
    kept = []
    model.encoder.register_forward_hook(lambda _module, _inputs, output: kept.append(output.past_key_values))
    model(**tiny.inputs(architecture))
    assert kept == [None]
