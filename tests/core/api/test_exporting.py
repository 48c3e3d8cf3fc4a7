"""An ONNX file gives the run's logits in another runtime, or is not written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, export, load, onnx_files
from acclimate.api import exporting as module
from acclimate.contracts import BundleError, MissingPackageError, OptionError, OutputError
from scipy.special import softmax

onnxruntime = pytest.importorskip("onnxruntime")
Finished = Callable[..., Run]
TEXTS = ["the captain left the pier", "compost for the hedge, and a rose", "judge", "the tide " * 40]


@pytest.mark.parametrize(
    "method", ["small lora", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lora", "prefix"))]
)
def test_a_text_run_gives_its_probabilities_in_onnxruntime(
    finished: Finished, small: Finished, tmp_path: Path, method: str
) -> None:
    run = (small("lora") if method == "small lora" else finished("text", method)).output
    done = export(run, tmp_path / "deep" / "model.onnx")
    assert done.inputs == ("input_ids", "attention_mask")
    assert done.difference <= 1e-3
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.onnx"]
    written = done.output.read_bytes()
    assert b"name_scopes" in written
    assert b".py" not in written  # no lines of source and no folders of the machine
    session = onnxruntime.InferenceSession(str(done.output))
    model = load(run)
    for texts in (TEXTS, TEXTS[2:3], TEXTS[:2]):
        rows, _ = model.preprocessing.encode(texts)
        inputs = {name: value.numpy() for name, value in model.preprocessing.collate(rows).items()}
        [logits] = session.run(["logits"], inputs)
        assert np.allclose(softmax(logits, axis=1), model.probabilities(texts), atol=1e-4)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["acclimate.labels"]) == list(model.labels)
    assert json.loads(told["acclimate.thresholds"]) is None
    assert json.loads(told["acclimate.decisions"]) == model.manifest["decisions"]
    assert json.loads(told["acclimate.temperature"]) == model.manifest["calibration"]["temperature"]
    assert json.loads(told["acclimate.preprocessing_sha256"]) == model.preprocessing.hash
    assert json.loads(told["acclimate.preprocessing"]) == {"max_tokens": model.preprocessing.max_tokens}


@pytest.mark.slow
def test_an_image_run_gives_its_probabilities_in_onnxruntime(
    finished: Finished, pictures: Path, tmp_path: Path
) -> None:
    from PIL import Image

    run = finished("image", "frozen").output
    export(run, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    model = load(run)
    images = sorted(pictures.glob("*/*.png"))[:3]
    pixels = np.stack([model.preprocessing(Image.open(path)).numpy() for path in images])
    [logits] = session.run(["logits"], {"pixel_values": pixels})
    assert np.allclose(softmax(logits, axis=1), model.probabilities(images), atol=1e-4)


@pytest.mark.slow
def test_an_image_run_in_eight_bits_says_what_they_cost(finished: Finished, tmp_path: Path) -> None:
    run = finished("image", "frozen")
    done = export(run.output, tmp_path / "model.onnx", int8=True)
    assert done.loss is not None
    assert done.loss.rows == run.report.rows["test"]
    assert done.loss.before["accuracy"].value == pytest.approx(run.report.metrics["accuracy"].value)
    assert done.loss.difference > 10 * done.difference  # eight bits are no float32
    assert done.output.stat().st_size < 0.4 * export(run.output, tmp_path / "plain.onnx").output.stat().st_size


def test_eight_bits_are_for_images(small: Finished, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"int8 is for runs on images.*Leave int8 out"):
        export(small("lora").output, tmp_path / "model.onnx", int8=True)
    with pytest.raises(OptionError, match=r"int8 is for ONNX files"):
        export(small("lora").output, tmp_path / "model", format="peft", int8=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_other_logits_is_not_written(
    small: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module._write

    def careless(predictor: Any, inputs: Any, file: Path) -> None:
        with torch.no_grad():
            predictor.model.head.weight.mul_(1.1)
        real(predictor, inputs, file)

    monkeypatch.setattr(module, "_write", careless)
    with pytest.raises(BundleError, match=r"The ONNX file does not give the run's logits: on 8 probe rows"):
        export(small("frozen").output, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_or_unknown_is_named_before_anything_is_loaded(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished("text", "frozen").output
    monkeypatch.setattr(module, "load_classifier", None)
    with pytest.raises(OptionError, match="exported as onnx, peft, found 'gguf'"):
        export(run, tmp_path / "model.gguf", format="gguf")
    (tmp_path / "there.onnx").touch()
    with pytest.raises(OutputError, match="exists"):
        export(run, tmp_path / "there.onnx")
    for format in ("onnx", "peft"):
        with pytest.raises(OptionError, match="images are what the scores of parts are compared on, found 'some'"):
            export(run, tmp_path / "model", format=format, images="some")
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None if name == "onnxscript" else object())
    with pytest.raises(MissingPackageError, match=r"needs onnxscript\. Install it: pip install 'acclimate\[onnx\]'"):
        export(run, tmp_path / "model.onnx")
