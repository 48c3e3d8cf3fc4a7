"""A manifest that a stranger has written: each field is checked before anything is built from it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, load
from acclimate.contracts import BundleError

Manifest = dict[str, Any]
Change = Callable[[Manifest], object]
CURVE = {"scores": [0.0, 1.0], "probabilities": [0.1, 0.2]}
FALLING = {"scores": [0.0, 1.0], "probabilities": [0.2, 0.1]}
FIELDS: list[tuple[str, Change, str]] = [
    ("no task", lambda m: m.pop("task"), "has no field 'task'"),
    ("task", lambda m: m.update(task="fortune-telling"), "'task' .* is one of text-classification"),
    ("labels", lambda m: m.update(labels="abc"), "'labels' .* list of different texts"),
    ("label twice", lambda m: m.update(labels=["a", "a", "b"]), "'labels' .* list of different texts"),
    ("no labels", lambda m: m.update(labels=[]), "'labels' .* list of different texts"),
    ("other labels", lambda m: m.update(labels=["a", "b"]), "'training_rows_by_label' .* does not fit its labels"),
    ("thresholds", lambda m: m.update(thresholds=[0.0]), "'thresholds' .* does not fit its labels"),
    ("no thresholds", lambda m: m.update(multilabel=True), "'thresholds' .* does not fit its labels"),
    ("NaN", lambda m: m.update(thresholds=[0.0, 0.0, float("nan")], multilabel=True), "'thresholds' .* finite"),
    ("true for one", lambda m: m.update(training_rows_by_label=[True, 1, 1]), "'training_rows_by_label' .* from 0"),
    ("spec", lambda m: m.update(spec=[]), "has no field 'spec.modality'"),
    ("pooling", lambda m: m["spec"].update(pooling="max"), "'spec.pooling' .* is one of mean"),
    ("model type", lambda m: m["spec"]["config"].update(model_type=3), "'spec.config.model_type' .* is a text"),
    ("precision", lambda m: m.update(precision="int4"), "'precision' .* is one of float32"),
    ("hash", lambda m: m["backbone"].update(weights="abc"), "'backbone.weights' .* is a sha256"),
    ("install", lambda m: m.update(install=None), "'install' .* is a text, found None"),
    ("curves", lambda m: m["calibration"].update(curves=[FALLING]), "'calibration.curves' .* that never fall"),
    ("curve of one label", lambda m: m["calibration"].update(curves=[CURVE]), "'calibration.curves' .* does not fit"),
    ("seed", lambda m: m.update(seed=-1), "'seed' .* from 0 on, found -1"),
]
# What would make transformers or timm open another file, a hub, or code of one.
FETCHING: list[tuple[str, Change, str]] = [
    (
        "attention kernel",
        lambda m: m["spec"]["arguments"].update(attn_implementation="someone/kernel"),
        "arguments.attn_implementation",
    ),
    ("argument", lambda m: m["spec"]["arguments"].update(add_pooling_layer="no"), "arguments.add_pooling_layer"),
    ("code", lambda m: m["spec"]["config"].update(auto_map={"AutoModel": "x.Y"}), "config.auto_map"),
    (
        "kernel in the configuration",
        lambda m: m["spec"]["config"].update(_attn_implementation="someone/kernel"),
        "config._attn_implementation",
    ),
    (
        "timm's hub",
        lambda m: m["spec"]["config"].update(model_type="timm_wrapper", architecture="hf-hub:someone/model"),
        "config.architecture",
    ),
    (
        "timm's checkpoint",
        lambda m: m["spec"]["config"].update(model_args={"checkpoint_path": "/tmp/x.pth"}),
        "config.model_args.checkpoint_path",
    ),
]


@pytest.fixture
def copied(small: Callable[[str], Run], tmp_path: Path) -> Path:
    return shutil.copytree(small("frozen").output, tmp_path / "run")


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_a_malformed_field_is_named(
    copied: Path, reseal: Callable[[Path, Change], None], change: Change, message: str
) -> None:
    reseal(copied, change)
    with pytest.raises(BundleError, match=message):
        load(copied)


@pytest.mark.parametrize(("change", "name"), [row[1:] for row in FETCHING], ids=[row[0] for row in FETCHING])
def test_a_model_that_would_fetch_files_or_code_is_not_built(
    copied: Path, reseal: Callable[[Path, Change], None], change: Change, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoConfig

    monkeypatch.setattr(AutoConfig, "for_model", None)
    reseal(copied, change)
    with pytest.raises(BundleError, match=rf"spec\.{name} would make a library open files or code"):
        load(copied)


MISFITS: list[tuple[str, Change, str]] = [
    (
        "other architecture",
        lambda m: m["spec"].update(config={**m["spec"]["config"], "model_type": "distilbert"}, arguments={}),
        "do not fit its architecture",
    ),
    ("unknown architecture", lambda m: m["spec"]["config"].update(model_type="mind"), "spec describes no model"),
    (
        "other size",
        lambda m: m["spec"]["config"].update(vocab_size=8),
        r"Tensor 'encoder\.\S+' .* \(\d+, 16\) torch.* \(8, 16\)",
    ),
    ("heads", lambda m: m["spec"]["config"].update(num_attention_heads=7), "spec describes no model: ValueError"),
]


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in MISFITS], ids=[row[0] for row in MISFITS])
def test_a_model_that_the_weights_do_not_fit_is_refused(
    copied: Path, reseal: Callable[[Path, Change], None], change: Change, message: str
) -> None:
    reseal(copied, change)
    with pytest.raises(BundleError, match=message):
        load(copied)


@pytest.mark.parametrize("modality", ["text", "image"])
def test_a_manifest_names_no_place_on_the_machine_that_wrote_it(
    finished: Callable[[str, str], Run], modality: str
) -> None:
    run = finished(modality, "frozen")
    text = (run.output / "manifest.json").read_text("utf-8")
    assert "_name_or_path" not in text
    assert "site-packages" not in text
