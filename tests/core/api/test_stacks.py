"""Runs on stacks of images: learned where something is, the same when loaded, refused where they cannot be."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import adapt, load, suspects
from acclimate.api import Run, evaluate, export, merge, predict_rows, write_predictions
from acclimate.contracts import DataError, OptionError
from PIL import Image

PRESET = "general/image-stack-classification"


def stacks(folder: Path, count: int = 48) -> Path:
    """Write stacks of 4 to 8 slices of noise; those labelled "yes" have a bright disc in one of them."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:48, :48]
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "label", "patient"])
        for number in range(count):
            there = number % 4 < 2  # not by patient alone: patients have one label each
            slices = random.integers(40, 90, (int(random.integers(4, 9)), 48, 48)).astype(np.uint8)
            if there:
                slices[int(random.integers(len(slices))), (rows - 24) ** 2 + (columns - 20) ** 2 < 80] += 120
            images = [Image.fromarray(one) for one in slices]
            images[0].save(folder / f"{number}.tif", save_all=True, append_images=images[1:])
            writer.writerow([f"{number}.tif", "yes" if there else "no", f"p{number // 2}"])
    return folder / "rows.csv"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stacks(tmp_path_factory.mktemp("stacks") / "rows")


def run_of(source: Path, output: Path, backbone: str, method: str = "frozen", **options: Any) -> Run:
    return adapt(
        PRESET,
        source,
        method=method,
        backbone=backbone,
        output=output,
        **{
            "group": "patient",
            "allow_leakage": True,  # fields of noise look alike
            "folds": 0,
            "precision": "float32",
            "shown": False,
            **options,
        },
    )


@pytest.fixture(scope="module")
def run(source: Path, tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Callable[[str], Path]) -> Run:
    output = tmp_path_factory.mktemp("runs") / "run"
    return run_of(source, output, str(tiny_backbone("resnet")), epochs=3)


def test_a_run_says_of_new_stacks_what_was_measured_in_a_fresh_process(run: Run, source: Path) -> None:
    code = (
        "import json, sys\nfrom acclimate.api import predict_rows\n"
        "print(json.dumps(list(predict_rows(sys.argv[1], sys.argv[2]))))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(run.output), str(source)], capture_output=True, text=True, check=True
    )
    found = {Path(row["id"]).name: row for row in json.loads(told.stdout)}
    lines = list(csv.DictReader(source.open()))
    for id, scores in zip(run.test_rows.ids, run.test_rows.scores, strict=True):
        row = found[id.replace("train:", "rows:")]
        odds = np.log(row["probabilities"]["yes"] / row["probabilities"]["no"])
        assert odds == pytest.approx(scores[1] - scores[0], abs=1e-4)
        assert sum(row["slice_weights"].values()) == pytest.approx(1)
        with Image.open(source.parent / lines[int(id.split(":")[1]) - 2]["image"]) as image:
            assert list(row["slice_weights"]) == [str(n + 1) for n in range(image.n_frames)]


def test_a_stack_is_given_as_a_path_or_as_its_slices(run: Run, source: Path) -> None:
    model = load(run.output)
    path = source.parent / "1.tif"
    with Image.open(path) as image:
        slices = []
        for number in range(image.n_frames):
            image.seek(number)
            slices.append(image.copy())
    by_path, by_slices = model.predict([path, slices])
    assert by_path == by_slices
    with pytest.raises(DataError, match="A stack is a path, or one Pillow image or more, found item 0: Image"):
        model.predict([slices[0]])


def test_weights_of_slices_are_in_every_kind_of_table(run: Run, source: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    expected = [row["slice_weights"] for row in predict_rows(run.output, source)]
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        write_predictions(run.output, source, tmp_path / name)
    lines = [json.loads(line)["slice_weights"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    table = [dict(row) for row in pyarrow.parquet.read_table(tmp_path / "a.parquet")["slice_weights"].to_pylist()]
    assert lines == table == expected
    with (tmp_path / "a.csv").open(newline="") as file:
        first = next(csv.DictReader(file))["slice_weights"]
    assert first == "|".join(f"{name}={share:.4f}" for name, share in expected[0].items())


def test_mistakes_show_the_slice_with_most_attention(run: Run, source: Path) -> None:
    other = source.with_name("turned.csv")
    swapped = {",yes,": ",no,", ",no,": ",yes,"}
    lines = source.read_text().splitlines()
    other.write_text(
        "\n".join([lines[0], *(re.sub(",yes,|,no,", lambda m: swapped[m[0]], line) for line in lines[1:])])
    )
    report = evaluate(run.output, other, group="patient", show_rows=True)
    assert report.rows["test"] == 48
    mistakes = report.analysis.mistakes
    assert len(mistakes) == 12
    assert all(each.text.startswith("Slice ") and each.image for each in mistakes)


@pytest.mark.parametrize("method", ["full", "layerwise", "partial", "lora", "bitfit", "norm"])
def test_a_method_that_is_offered_trains_encoder_and_attention(
    source: Path, tmp_path: Path, tiny_backbone: Callable[[str], Path], method: str
) -> None:
    found = run_of(source, tmp_path / "run", str(tiny_backbone("vit")), method, max_steps=4, max_rows=24)
    assert load(found.output).predict([source.parent / "0.tif"])[0].slice_weights
    assert "frozen_linear" in found.report.baselines


@pytest.mark.parametrize("weights", ["all", "trained"])
def test_attention_is_kept_with_a_run(
    source: Path, tmp_path: Path, tiny_backbone: Callable[[str], Path], weights: str
) -> None:
    found = run_of(source, tmp_path / "run", str(tiny_backbone("vit")), "full", epochs=1, weights=weights)
    state = load(found.output).model.pooler.state_dict()
    assert float(state["scale"].std()) > 0
    assert (tmp_path / "run").is_dir()


def test_the_mean_of_slices_trains_nothing(
    source: Path, tmp_path: Path, tiny_backbone: Callable[[str], Path]
) -> None:
    found = run_of(
        source, tmp_path / "run", str(tiny_backbone("vit")), options={"pooling": "mean"}, weights="trained"
    )
    assert not found.report.history
    weights = load(found.output).predict([source.parent / "0.tif"])[0].slice_weights
    assert len({round(share, 6) for share in weights.values()}) == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"method": "auto"}, "for single images and texts, not for image-stack-classification"),
        ({"method": "adapters"}, "does not do image-stack-classification"),
        ({"method": "scratch"}, "from random weights it has none"),
        ({"options": {"pooling": "max"}}, "is 'attention' or 'mean', found 'max'"),
        ({"options": {"pooling": "mean", "weight_decay": 0.1}}, "no option 'weight_decay'"),
    ],
)
def test_what_stacks_cannot_have_is_refused_before_training(
    source: Path, tmp_path: Path, tiny_backbone: Callable[[str], Path], asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        run_of(source, tmp_path / "run", str(tiny_backbone("vit")), **asked)
    if asked.get("method") in ("auto", "adapters"):
        assert "bitfit, frozen, full, layerwise, lora, norm, partial, scratch" in caught.value.hint


def test_plain_models_and_suspects_are_not_for_stacks(run: Run, source: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="reads stacks of images"):
        merge(run.output, tmp_path / "plain")
    with pytest.raises(OptionError, match="stacks of images are not judged"):
        suspects(PRESET, source)


@pytest.mark.slow
def test_an_export_is_not_for_stacks(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    with pytest.raises(OptionError, match="reads stacks of images"):
        export(run.output, tmp_path / "a.onnx")
