"""Stacks that a network of three dimensions sees whole: learned, loaded the same, refused where they cannot be."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import adapt, load
from acclimate.api import Run, evaluate, export, merge, predict_rows, write_predictions
from acclimate.bundle import WEIGHTS
from acclimate.contracts import BackboneError, OptionError
from acclimate.testing.volume_folders import save_network
from PIL import Image

pytest.importorskip("monai", reason="the extra acclimate[volumes3d] is not installed")
PRESET = "general/image-stack-classification"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stacks of 8 to 12 slices of noise; those labelled "yes" have a bright ball in the middle."""
    folder = tmp_path_factory.mktemp("volumes")
    random = np.random.default_rng(0)
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "label", "patient"])
        for number in range(48):
            depth = int(random.integers(8, 13))
            values = random.integers(20, 90, (depth, 32, 40)).astype(np.uint8)
            slices, rows, columns = np.mgrid[:depth, :32, :40]
            ball = ((slices - depth / 2) * 3) ** 2 + (rows - 16) ** 2 + (columns - 20) ** 2 < 140
            values[ball] += np.uint8(130 if number % 4 < 2 else 0)  # not by patient alone
            images = [Image.fromarray(one) for one in values]
            images[0].save(folder / f"{number}.tif", save_all=True, append_images=images[1:])
            writer.writerow([f"{number}.tif", "yes" if number % 4 < 2 else "no", f"p{number // 2}"])
    return folder / "rows.csv"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a tiny network."""
    return str(save_network("resnet-3d", tmp_path_factory.mktemp("backbones") / "network"))


def run_of(source: Path, output: Path, backbone: str, method: str, **options: Any) -> Run:
    given = {
        "group": "patient",
        "allow_leakage": True,  # fields of noise look alike
        "folds": 0,
        "precision": "float32",
        "shown": False,
        **options,
    }
    return adapt(PRESET, source, method=method, backbone=backbone, output=output, **given)


@pytest.fixture(scope="module")
def run(source: Path, network: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(source, tmp_path_factory.mktemp("runs") / "run", network, "scratch", epochs=8, learning_rate=3e-3)


def test_a_network_learns_from_random_weights(run: Run) -> None:
    assert run.report.metrics["auroc"].value > 0.9


@pytest.mark.slow
def test_a_network_says_the_same_in_a_fresh_process(run: Run, source: Path) -> None:
    code = (
        "import json, sys\nfrom acclimate.api import predict_rows\n"
        "print(json.dumps(list(predict_rows(sys.argv[1], sys.argv[2]))))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(run.output), str(source)], capture_output=True, text=True, check=True
    )
    found = {Path(row["id"]).name: row for row in json.loads(told.stdout)}
    for id, scores in zip(run.test_rows.ids, run.test_rows.scores, strict=True):
        row = found[id.replace("train:", "rows:")]
        odds = np.log(row["probabilities"]["yes"] / row["probabilities"]["no"])
        assert odds == pytest.approx(scores[1] - scores[0], abs=1e-4)
        assert "slice_weights" not in row


def test_a_volume_is_given_as_a_path_or_as_its_slices(run: Run, source: Path) -> None:
    path = source.parent / "1.tif"
    with Image.open(path) as image:
        slices = []
        for number in range(image.n_frames):
            image.seek(number)
            slices.append(image.copy())
    by_path, by_slices = load(run.output).predict([path, slices])
    assert by_path == by_slices
    assert by_path.slice_weights is None


def test_tables_have_no_weights_of_slices(run: Run, source: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        write_predictions(run.output, source, tmp_path / name)
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 48
    assert "slice_weights" not in rows[0]
    expected = [row["label"] for row in predict_rows(run.output, source)]
    assert [row["label"] for row in rows] == expected


def test_mistakes_show_the_slice_in_which_most_spoke_for_the_label(run: Run, source: Path) -> None:
    other = source.with_name("turned.csv")
    swapped = {"yes": "no", "no": "yes"}
    with source.open() as file, other.open("w", newline="") as turned:
        writer = csv.writer(turned)
        for row in csv.reader(file):
            writer.writerow([swapped.get(cell, cell) for cell in row])
    mistakes = evaluate(run.output, other, group="patient", show_rows=True).analysis.mistakes
    assert len(mistakes) == 12
    assert all("in which most spoke for the label" in each.text and each.image for each in mistakes)


@pytest.mark.parametrize(
    "method",
    [
        "frozen",
        "lora",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("full", "layerwise", "partial", "bitfit", "norm")),
    ],
)
def test_a_method_adapts_the_weights_of_a_folder(source: Path, network: str, tmp_path: Path, method: str) -> None:
    found = run_of(source, tmp_path / "run", network, method, max_steps=4, max_rows=24)
    trained = method != "frozen"
    assert ("frozen_linear" in found.report.baselines) == bool(found.report.history) == trained
    assert load(found.output).predict([source.parent / "0.tif"])[0].label in ("yes", "no")


@pytest.mark.parametrize(
    "method", ["frozen", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lora", "partial"))]
)
def test_a_run_may_keep_only_what_was_trained(source: Path, network: str, tmp_path: Path, method: str) -> None:
    options: dict[str, Any] = {"options": {"cache": "on"}} if method == "partial" else {}
    both = [
        run_of(source, tmp_path / weights, network, method, max_steps=4, max_rows=24, weights=weights, **options)
        for weights in ("all", "trained")
    ]
    whole, part = ((each.output / WEIGHTS).stat().st_size for each in both)
    assert part < whole
    first, second = (load(each.output).probabilities([source.parent / "3.tif"]) for each in both)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_what_a_backbone_was_trained_with_is_told_where_rows_do_not_say_theirs(source: Path, tmp_path: Path) -> None:
    folder = save_network("resnet-3d", tmp_path / "network", spacing="2x1x1")
    found = run_of(source, tmp_path / "run", str(folder), "frozen", max_rows=24)
    (told,) = (each.message for each in found.report.findings if each.code == "volumes-otherwise")
    assert told == "The backbone was trained with spacing 2x1x1; the rows do not tell theirs."
    assert not load(found.output).preprocessing.placed


@pytest.mark.parametrize(
    ("backbone", "method", "message", "hint"),
    [
        ("monai:resnet18", "frozen", "has random weights, and method 'frozen' adapts pretrained", "'scratch'"),
        ("monai-resnet18", "lora", "has random weights, and method 'lora' adapts pretrained", "'scratch'"),
        ("", "adapters", "does not do image-stack-classification", "lora, norm, partial, scratch"),
        ("", "auto", "for single images and texts", "bitfit, frozen, full"),
    ],
)
def test_what_cannot_be_adapted_is_refused_before_anything_is_read(
    network: str, tmp_path: Path, backbone: str, method: str, message: str, hint: str
) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        run_of(tmp_path / "nothing.csv", tmp_path / "run", backbone or network, method)
    assert hint in caught.value.hint


def test_pickled_weights_are_no_backbone(source: Path, tmp_path: Path) -> None:
    torch.save({}, tmp_path / "resnet_18.pth")
    with pytest.raises(BackboneError, match="is a file, and a backbone is a folder") as caught:
        run_of(source, tmp_path / "run", str(tmp_path / "resnet_18.pth"), "full")
    assert "model.safetensors" in caught.value.hint


@pytest.mark.parametrize("backbone", ["monai:resnet18", ""])
def test_single_images_are_no_volumes(source: Path, network: str, tmp_path: Path, backbone: str) -> None:
    with pytest.raises(OptionError, match="reads volumes; general/image-classification needs one for images"):
        adapt("general/image-classification", source, backbone=backbone or network, output=tmp_path / "run")


def test_plain_models_are_not_for_volumes(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="reads stacks of images"):
        merge(run.output, tmp_path / "plain")
    pytest.importorskip("onnxscript")
    with pytest.raises(OptionError, match="reads stacks of images"):
        export(run.output, tmp_path / "a.onnx")
