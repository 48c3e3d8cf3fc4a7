"""Texts through real weights: the features are the backbone's own, and padding never leaks into them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from acclimate.models import Classifier, Resolved, TextExamples, TextPreprocessing
from acclimate.models.packages import minilm_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer, LlamaConfig

SENTENCES = [
    "Margins narrowed for a third quarter.",
    "No.",
    "The licensee shall indemnify, defend and hold harmless the licensor against any and all third-party claims.",
]


def test_minilm_features_are_the_normalised_mean_of_its_token_vectors(
    minilm: Resolved, texts: Callable[..., TextExamples]
) -> None:
    with torch.inference_mode():
        ours = minilm.model.features(texts(SENTENCES).batch(range(3)))
    tokenizer = AutoTokenizer.from_pretrained(minilm_folder(), local_files_only=True)
    encoder = AutoModel.from_pretrained(minilm_folder(), local_files_only=True, dtype=torch.float32).eval()
    for row, sentence in enumerate(SENTENCES):
        with torch.inference_mode():  # alone, so that neither a mask nor a weighted mean is needed
            hidden = encoder(**tokenizer(sentence, return_tensors="pt")).last_hidden_state[0]
        mean = hidden.mean(dim=0)
        torch.testing.assert_close(ours[row], mean / mean.norm(), atol=1e-5, rtol=0)


def test_minilm_knows_which_sentences_mean_the_same(minilm: Resolved, texts: Callable[..., TextExamples]) -> None:
    rows = ["The court dismissed the appeal.", "The judges rejected the appeal.", "Bake the bread for an hour."]
    with torch.inference_mode():
        a, b, c = minilm.model.features(texts(rows).batch(range(3)))
    assert float(a @ b) > 0.7
    assert float(a @ c) < 0.3


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_a_row_alone_and_in_a_padded_batch_has_the_same_features(
    pooling: str, tiny_bert: Callable[..., Any], texts: Callable[..., TextExamples]
) -> None:
    model = Classifier(tiny_bert(), width=16, labels=("a", "b"), pooling=pooling).eval()
    examples = texts(SENTENCES)
    with torch.inference_mode():
        together = model(**examples.batch([0, 1, 2]))
        alone = torch.cat([model(**examples.batch([row])) for row in range(3)])
    assert float((together - alone).abs().max()) < 1e-5
    assert float((together[0] - together[1]).abs().max()) > 1e-4, "rows differ, so equality says something"


def test_last_token_of_a_decoder_is_found_by_the_mask_when_padding_shares_its_id_with_a_token() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=20,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        pad_token_id=None,
    )
    encoder = AutoModel.from_config(config).eval()
    model = Classifier(encoder, width=16, labels=("a", "b"), pooling="last").eval()
    rows = [[5, 0, 7, 0], [3, 0], [9, 8, 0, 0, 0, 2]]  # 0 is a real token here, and the padding
    ids = torch.zeros(3, 6, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    with torch.inference_mode():
        features = model.features({"input_ids": ids, "attention_mask": mask})
        for index, row in enumerate(rows):
            expected = encoder(input_ids=torch.tensor([row])).last_hidden_state[0, -1]
            torch.testing.assert_close(features[index], expected, atol=1e-5, rtol=0)


def test_the_head_is_computed_in_float32_under_autocast(
    tiny_bert: Callable[..., Any], texts: Callable[..., TextExamples]
) -> None:
    model = Classifier(tiny_bert(), width=16, labels=("a", "b"), pooling="mean").eval()
    inputs = texts(SENTENCES).batch([0, 1, 2])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        features, logits = model.features(inputs), model(**inputs)
    assert logits.dtype == torch.float32
    expected = features @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(logits, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("limit", [3, 5, 16, 64])
def test_the_tokens_reported_lost_are_those_beyond_the_limit(minilm: Resolved, limit: int) -> None:
    assert isinstance(minilm.preprocessing, TextPreprocessing)
    tokenizer = AutoTokenizer.from_pretrained(minilm_folder(), local_files_only=True)
    rows = [*SENTENCES, " ".join(SENTENCES * 10)]
    ids, lost = TextPreprocessing(minilm.preprocessing.tokenizer, max_tokens=limit).encode(rows)
    whole = tokenizer(rows, truncation=False)["input_ids"]
    assert lost == [max(0, len(row) - limit) for row in whole]
    for cut, row in zip(ids, whole, strict=True):
        assert cut == (row if len(row) <= limit else [*row[: limit - 1], row[-1]]), "the closing token stays"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400), limit=st.integers(3, 40))
def test_kept_and_lost_tokens_always_add_up(minilm: Resolved, text: str, limit: int) -> None:
    assert isinstance(minilm.preprocessing, TextPreprocessing)
    tokenizer = minilm.preprocessing.tokenizer
    ids, lost = TextPreprocessing(tokenizer, max_tokens=limit).encode([text])
    assert len(ids[0]) + lost[0] == len(tokenizer.tokenize(text)) + 2
    assert len(ids[0]) <= limit


def test_the_hash_names_tokenizer_and_length_and_no_call_changes_it(minilm: Resolved) -> None:
    assert isinstance(minilm.preprocessing, TextPreprocessing)
    tokenizer = minilm.preprocessing.tokenizer
    preprocessing = TextPreprocessing(tokenizer, max_tokens=8)
    before = preprocessing.hash
    preprocessing.encode(SENTENCES)
    TextPreprocessing(tokenizer, max_tokens=30).encode(SENTENCES)
    preprocessing.collate([[1, 2], [3]])
    assert preprocessing.hash == before
    assert TextPreprocessing(tokenizer, max_tokens=9).hash != before


def test_the_hash_changes_with_a_word_of_the_vocabulary(minilm: Resolved) -> None:
    assert isinstance(minilm.preprocessing, TextPreprocessing)
    other = AutoTokenizer.from_pretrained(minilm_folder(), local_files_only=True)
    same = TextPreprocessing(other, max_tokens=minilm.preprocessing.max_tokens)
    assert same.hash == minilm.preprocessing.hash
    other.add_tokens(["estoppel"])
    changed = TextPreprocessing(other, max_tokens=minilm.preprocessing.max_tokens)
    assert changed.hash != minilm.preprocessing.hash


def test_rows_come_back_from_the_token_file_in_any_order(texts: Callable[..., TextExamples]) -> None:
    examples = texts(SENTENCES)
    tokenizer = examples.preprocessing.tokenizer
    batch = examples.batch([2, 0, 1])
    for place, row in enumerate([2, 0, 1]):
        kept = batch["input_ids"][place][batch["attention_mask"][place].bool()].tolist()
        assert kept == tokenizer(SENTENCES[row])["input_ids"]
        assert len(kept) == examples.lengths[row]
