"""A saved inspection in another runtime: score, map and decision are the run's, or nothing is written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Exported, Run, export, load, own_rows
from acclimate.api.detecting import exporting as module
from acclimate.contracts import BundleError, DataError, OptionError
from acclimate.models.image import RESAMPLING
from acclimate.plugins import default_host
from PIL import Image
from sklearn.metrics import roc_auc_score

from .conftest import write_parts

onnxruntime = pytest.importorskip("onnxruntime")
Inspect = Callable[..., Run]


def as_the_metadata_says(told: dict[str, str], image: Image.Image) -> Any:
    """Return the bytes of an image, read by nothing but what a file says of its input."""
    reads = json.loads(told["acclimate.pixels"])
    assert (reads["channels"], reads["type"]) == ("RGB", "uint8")
    height, width = reads["size"]
    return np.asarray(image.convert("RGB").resize((width, height), RESAMPLING[reads["interpolation"]])).transpose(
        2, 0, 1
    )


def check(run: Path, file: Path, images: list[Path]) -> None:
    session = onnxruntime.InferenceSession(str(file))
    told = session.get_modelmeta().custom_metadata_map
    pixels = np.stack([as_the_metadata_says(told, Image.open(path)) for path in images])
    score, whole, rejected = session.run(["score", "map", "rejected"], {"pixels": pixels})
    predicted = load(run).predict(images)
    assert score == pytest.approx([each.score for each in predicted], rel=1e-4)
    assert rejected.tolist() == [each.rejected for each in predicted]
    assert set(rejected.tolist()) == {True, False}
    for one, each in zip(whole, predicted, strict=True):
        enlarged = torch.nn.functional.interpolate(
            torch.from_numpy(one)[None, None], each.map.shape, mode="bilinear", align_corners=False
        )
        assert enlarged[0, 0].numpy() == pytest.approx(each.map, abs=1e-4 * float(each.map.max()))
    inspection = json.loads(told["acclimate.inspection"])
    assert inspection["threshold"] == predicted[0].threshold
    assert json.loads(told["acclimate.preprocessing_sha256"]) == load(run).preprocessing.hash


@pytest.mark.parametrize("method", ["memory-bank", pytest.param("padim", marks=pytest.mark.slow)])
def test_a_run_gives_its_scores_maps_and_decisions_in_onnxruntime(
    inspected: Run, inspect: Inspect, parts: Path, unseen: Path, tmp_path: Path, method: str
) -> None:
    run = (
        inspected.output if method == "memory-bank" else inspect(parts, method=method, output=tmp_path / "run").output
    )
    done = export(run, tmp_path / "parts.onnx")
    assert (done.inputs, done.outputs) == (("pixels",), ("score", "map", "rejected"))
    assert done.compared == 28  # the test parts of the run
    assert done.difference <= 1e-3
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]
    check(run, done.output, sorted(unseen.glob("test/*/*.png")))


@pytest.fixture(scope="module")
def small(inspected: Run, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(inspected.output, tmp_path_factory.mktemp("int8") / "parts.onnx", int8=True)


def test_eight_bits_say_what_they_cost(inspected: Run, small: Exported) -> None:
    done, loss = small, small.loss
    assert loss is not None
    session = onnxruntime.InferenceSession(str(done.output))
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["acclimate.int8"]) == json.loads(json.dumps(loss.to_dict()))
    with own_rows.own_parts(default_host(), load(inspected.output), "") as dealt:
        images, truth = own_rows.items_of(dealt["test"]), dealt["test"].truth
    before = load(inspected.output).predict(images)
    pixels = np.stack([as_the_metadata_says(told, Image.open(path)) for path in images])
    found = [session.run(["score", "rejected"], {"pixels": pixels[i : i + 1]}) for i in range(len(pixels))]
    scores, rejected = (np.concatenate(each) for each in zip(*found, strict=True))
    assert loss.rows == len(images) == 28
    assert loss.changed == sum(one.rejected != bool(other) for one, other in zip(before, rejected, strict=True))
    assert loss.difference == pytest.approx(max(abs(scores - [one.score for one in before])), rel=1e-2)
    assert loss.after["auroc"].value == pytest.approx(roc_auc_score(truth, scores))
    assert loss.before["auroc"].value == pytest.approx(roc_auc_score(truth, [one.score for one in before]))
    assert loss.apart.value == pytest.approx(loss.after["auroc"].value - loss.before["auroc"].value)
    assert loss.apart.low <= loss.apart.value <= loss.apart.high
    assert np.corrcoef(scores, [one.score for one in before])[0, 1] > 0.9
    assert [path.name for path in done.output.parent.iterdir()] == ["parts.onnx"]


def test_eight_bits_are_the_networks_alone(inspected: Run, small: Exported) -> None:
    onnx = pytest.importorskip("onnx")
    tensors = [onnx.numpy_helper.to_array(each) for each in onnx.load(small.output).graph.initializer]
    kernels = [each for each in tensors if each.ndim == 4]
    assert {each.dtype for each in kernels} == {np.dtype(np.int8)}
    assert max(int(np.abs(each.astype(int)).max()) for each in kernels) == 64  # seven bits of eight
    members = load(inspected.output).model.state_dict()["scorer.features"].numpy()
    assert any(each.shape == members.shape and np.array_equal(each, members) for each in tensors)


@pytest.mark.slow
def test_a_file_with_other_scores_is_not_written(
    inspected: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(module.PartGraph):
        def forward(self, pixels: torch.Tensor) -> Any:
            score, whole, rejected = super().forward(pixels)
            return score * 1.001, whole, rejected

    monkeypatch.setattr(module, "PartGraph", Careless)
    with pytest.raises(BundleError, match=r"does not give the run's scores: on 1 images they differ, scores by"):
        export(inspected.output, tmp_path / "parts.onnx")
    assert list(tmp_path.iterdir()) == []


def test_tiles_are_refused_before_anything_is_computed(
    inspect: Inspect, parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = inspect(parts, tiles=64, output=tmp_path / "run").output
    monkeypatch.setattr(module, "PartGraph", None)
    with pytest.raises(OptionError, match=r"reads images in tiles of 64 pixels.*Adapt without tiles"):
        export(run, tmp_path / "parts.onnx")
    assert not (tmp_path / "parts.onnx").exists()


@pytest.mark.slow
def test_images_are_named_where_those_of_the_run_are_gone_or_changed(
    inspect: Inspect, unseen: Path, tmp_path: Path
) -> None:
    folder = write_parts(tmp_path / "plates", train=12, good=4, defective=2)
    run = inspect(folder, output=tmp_path / "run").output
    image = next(folder.glob("test/good/*.png"))
    Image.open(image).rotate(90).save(image)
    with pytest.raises(DataError, match=r"The rows are not those of the run: test .*Name images like them"):
        export(run, tmp_path / "parts.onnx")
    shutil.rmtree(folder)
    with pytest.raises(DataError, match=r"The rows of .*run are not at hand: .*Name images like them"):
        export(run, tmp_path / "parts.onnx")
    done = export(run, tmp_path / "parts.onnx", images=unseen)
    assert done.compared == 14  # every second one of 28


@pytest.mark.slow
def test_real_weights_give_their_scores_in_onnxruntime(parts: Path, unseen: Path, tmp_path: Path) -> None:
    from acclimate import adapt

    run = adapt(
        "general/anomaly-detection", parts, backbone="efficientnet-lite0", output=tmp_path / "run", shown=False
    )
    export(run.output, tmp_path / "parts.onnx")
    check(run.output, tmp_path / "parts.onnx", sorted(unseen.glob("test/*/*.png")))
