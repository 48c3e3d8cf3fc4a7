"""Masks from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import training
from acclimate.api import Run, adapt, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, OptionError
from PIL import Image

from .conftest import SETTINGS

Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return Dice of two masks by its definition; 1 where both are empty."""
    one, other = one > 0, other > 0
    return 2 * float((one & other).sum()) / (one.sum() + other.sum()) if (one | other).any() else 1.0


def true_mask(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / "masks" / name))


def test_what_can_be_learned_is_found_at_the_size_of_unseen_images(outlined: Run, unseen: Path) -> None:
    images = sorted((unseen / "images").iterdir())
    predictions = load(outlined.output).predict(images)
    found = []
    for path, prediction in zip(images, predictions, strict=True):
        truth = true_mask(unseen, path.name)
        assert prediction.mask.shape == truth.shape
        assert prediction.mask.dtype == np.uint8
        assert prediction.classes == ("background", "foreground")
        assert prediction.shares["foreground"] == pytest.approx((prediction.mask == 1).mean())
        assert sum(prediction.shares.values()) == pytest.approx(1)
        found.append(dice(truth, prediction.mask))
    assert np.mean(found) > 0.8


def test_a_mask_that_does_not_lie_on_its_image_is_not_learned(discs: Path, tmp_path: Path) -> None:
    shutil.copytree(discs, tmp_path / "moved")
    random = np.random.default_rng(0)
    for path in sorted((tmp_path / "moved" / "masks").iterdir()):
        mask = np.asarray(Image.open(path))
        Image.fromarray(np.roll(mask, random.integers(16, 40, 2), (0, 1))).save(path)
    run = adapt("general/image-segmentation", tmp_path / "moved", output=tmp_path / "run", **SETTINGS)
    assert run.report.metrics["dice_present"].value < 0.4


def test_the_report_has_the_masks_of_test_rows_measured_by_definition(outlined: Run, discs: Path) -> None:
    ids = json.loads((outlined.output / "rows.json").read_text())["test"]
    names = [id.rpartition(":")[2] for id in ids]
    found = load(outlined.output).predict([discs / "images" / name for name in names])
    each = [dice(true_mask(discs, name), mask.mask) for name, mask in zip(names, found, strict=True)]
    there = [bool(true_mask(discs, name).any()) for name in names]
    metrics, report = outlined.report.metrics, outlined.report
    assert metrics["dice"].value == pytest.approx(np.mean(each))
    assert metrics["dice_present"].value == pytest.approx(np.mean([d for d, t in zip(each, there, strict=True) if t]))
    assert report.baselines["all_background"]["dice"].value == pytest.approx(1 - np.mean(there))
    assert report.baselines["all_background"]["missed_masks"].value == 1
    assert report.baselines["pixel_probe"]["dice_present"].value > 0.5
    assert metrics["dice"].value > report.baselines["all_background"]["dice"].value
    assert report.analysis.masks is not None
    one = report.analysis.masks.by_class["foreground"]
    assert (one.images, one.scores["dice"]) == (sum(there), metrics["dice"])
    assert {overlay.id for overlay in report.analysis.masks.worst} <= set(ids)
    assert metrics["dice"].low <= metrics["dice"].value <= metrics["dice"].high


def test_half_of_the_parts_show_each_class_as_the_whole_does(outlined: Run, discs: Path) -> None:
    rows = json.loads((outlined.output / "rows.json").read_text())
    for part in ("train", "test"):
        shown = [true_mask(discs, id.rpartition(":")[2]).any() for id in rows[part]]
        assert np.mean(shown) == pytest.approx(0.75, abs=0.1)


def test_page_and_card_show_the_masks(outlined: Run) -> None:
    page = (outlined.output / "report.html").read_text("utf-8")
    card = (outlined.output / "README.md").read_text("utf-8")
    assert page.count("data:image/jpeg") == len(outlined.report.analysis.masks.worst) > 0
    assert "Which labels are mistaken" not in page
    assert "| foreground |" in card
    assert "pipeline_tag: image-segmentation" in card


def test_a_saved_run_gives_the_very_masks_of_the_trained_one(outlined: Run, unseen: Path, tmp_path: Path) -> None:
    shutil.copytree(outlined.output, tmp_path / "copy")
    images = sorted((unseen / "images").iterdir())
    once, again = (load(folder).predict(images) for folder in (outlined.output, tmp_path / "copy"))
    alone = [load(tmp_path / "copy").predict([Image.open(path)])[0] for path in images]
    for one, other, single in zip(once, again, alone, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
        np.testing.assert_array_equal(one.mask, single.mask)


def test_the_rule_that_validation_chose_is_in_the_manifest_and_the_report_and_makes_the_masks(
    outlined: Run, unseen: Path, tmp_path: Path, reseal: Reseal
) -> None:
    saved = json.loads((outlined.output / "manifest.json").read_text())["masks"]
    masks = outlined.report.analysis.masks
    assert masks is not None
    one = masks.by_class["foreground"]
    assert (saved["thresholds"], saved["minimum_pixels"]) == ([one.threshold], [one.minimum_pixels])
    assert one.images + one.others == outlined.report.rows["test"]
    assert sum(band.regions for band in one.regions) >= one.images
    assert "masks-chosen" in {finding.code for finding in outlined.report.findings}
    folder = shutil.copytree(outlined.output, tmp_path / "run")
    reseal(folder, lambda m: m["masks"].update(minimum_pixels=[10_000]))
    images = sorted((unseen / "images").iterdir())
    assert not any(found.mask.any() for found in load(folder).predict(images))
    report = evaluate(folder, unseen, metrics=("dice", "missed_masks"))
    assert report.metrics["missed_masks"].value == 1
    assert report.baselines["likeliest_class"]["missed_masks"].value < 1
    with pytest.raises(OptionError, match="minimum_area was decided when the run was made"):
        evaluate(folder, unseen, minimum_area=0)


def test_a_rule_that_is_turned_off_takes_the_likeliest_class(short: Callable[..., Run]) -> None:
    run = short(minimum_area=0, mask_threshold=0)
    assert json.loads((run.output / "manifest.json").read_text())["masks"] == {
        "thresholds": [None],
        "minimum_pixels": [0],
    }
    assert "likeliest_class" not in run.report.baselines


def test_large_images_are_read_in_tiles_and_small_ones_as_a_whole(
    short: Callable[..., Run], discs: Path, tmp_path: Path
) -> None:
    run = short(tiles=64, minimum_area=0, mask_threshold=0)
    predictor = load(run.output)
    assert predictor.preprocessing.tile == 64
    small = Image.open(discs / "images" / "01.png").convert("RGB")
    large = Image.new("RGB", (700, 90))
    for left in range(0, 700, small.width):
        large.paste(small, (left, 0))
    found, alone = predictor.predict([large, small])
    assert found.mask.shape == (90, 700)
    predictor.preprocessing = replace(predictor.preprocessing, tile=0)
    np.testing.assert_array_equal(predictor.predict([small])[0].mask, alone.mask)
    whole = predictor.predict([large])[0].mask
    assert (whole == found.mask).mean() > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["masks"].update(minimum_pixels=[1, 2]), "'masks' .* does not fit its labels"),
        (lambda m: m["masks"].update(thresholds=[2.0]), "'masks.thresholds' .* above 0 and below 1"),
        (
            lambda m: m.update(labels=["a", "b", "c"], masks={"thresholds": [None] * 2, "minimum_pixels": [0] * 2}),
            r"'head\.weight' .* is \(2, ",
        ),
        (lambda m: m["spec"].update(decoder="pan"), "'spec.decoder' .* is one of unet, fpn"),
        (lambda m: m["spec"].update(decoder="fpn"), "do not fit its architecture"),
        (lambda m: m["spec"].pop("longest"), "has no field 'spec.longest'"),
        (lambda m: m["spec"]["config"].update(architecture="hf-hub:someone/model"), "would make a library open"),
        (lambda m: m.update(task="image-classification"), "has no field"),
    ],
)
def test_a_run_that_a_stranger_changed_is_refused(
    outlined: Run, tmp_path: Path, reseal: Reseal, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    folder = shutil.copytree(outlined.output, tmp_path / "run")
    reseal(folder, change)
    with pytest.raises(BundleError, match=message):
        load(folder)


def test_a_changed_byte_of_the_weights_is_refused(outlined: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(outlined.output, tmp_path / "run")
    weights = folder / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(BundleError, match="was changed after it was written"):
        load(folder)


def test_evaluating_the_test_rows_gives_the_scores_of_the_run(outlined: Run, discs: Path, tmp_path: Path) -> None:
    names = [id.rpartition(":")[2] for id in json.loads((outlined.output / "rows.json").read_text())["test"]]
    for kind in ("images", "masks"):
        (tmp_path / "test" / kind).mkdir(parents=True)
        for name in names:
            shutil.copyfile(discs / kind / name, tmp_path / "test" / kind / name)
    report = evaluate(outlined.output, tmp_path / "test", metrics=("dice", "hd95_pixels"))
    for name in ("dice", "hd95_pixels"):
        assert report.metrics[name].value == pytest.approx(outlined.report.metrics[name].value)
    assert report.rows["test"] == len(names)
    assert set(report.baselines) == {"all_background", "likeliest_class"}


def test_distances_are_in_millimetres_where_the_spacing_is_known(outlined: Run, discs: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "mask", "mm"])
        for path in sorted((discs / "images").iterdir()):
            writer.writerow([path, discs / "masks" / path.name, "0.5,0.5"])
    pixels = evaluate(outlined.output, table, metrics=("hd95_pixels",)).metrics["hd95_pixels"].value
    millimetres = evaluate(outlined.output, table, metrics=("hd95",), spacing="mm").metrics["hd95"].value
    assert millimetres == pytest.approx(pixels / 2)
    with pytest.raises(OptionError, match=r"'hd95' cannot be computed.* spacing"):
        evaluate(outlined.output, table, metrics=("hd95",))


def test_predictions_are_a_folder_of_masks_and_a_table(outlined: Run, unseen: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    images = sorted((unseen / "images").iterdir())[:3]
    rows.write_text("\n".join(["id,image", f"a/one,{images[0]}", f"b,{tmp_path / 'nothing.png'}", f"c,{images[2]}"]))
    done = write_predictions(outlined.output, rows, tmp_path / "found")
    assert (done.rows, done.unreadable) == (3, 1)
    with (tmp_path / "found" / "predictions.csv").open(newline="") as file:
        table = {row["id"]: row for row in csv.DictReader(file)}
    expected = load(outlined.output).predict([images[0], images[2]])
    for id, prediction in zip(("a/one", "c"), expected, strict=True):
        picture = Image.open(tmp_path / "found" / table[id]["mask"])
        np.testing.assert_array_equal(np.asarray(picture), prediction.mask)
        assert float(table[id]["foreground"]) == pytest.approx(prediction.shares["foreground"], abs=1e-6)
    assert (table["b"]["mask"], table["b"]["error"]) == ("", table["b"]["error"])
    assert "no such file" in table["b"]["error"]
    told = list(predict_rows(outlined.output, rows))
    assert told[2]["shares"] == pytest.approx(expected[1].shares)
    assert "error" in told[1]


def test_written_masks_are_masks_to_learn_from(outlined: Run, unseen: Path, tmp_path: Path) -> None:
    write_predictions(outlined.output, unseen, tmp_path / "found")
    with (tmp_path / "found" / "predictions.csv").open(newline="") as file:
        rows = [(unseen / "images" / row["id"].rpartition(":")[2], row["mask"]) for row in csv.DictReader(file)]
    table = tmp_path / "found" / "rows.csv"
    table.write_text("\n".join(["image,mask", *(f"{image},{mask}" for image, mask in rows)]))
    assert evaluate(outlined.output, table).metrics["dice"].value == 1


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**SETTINGS, "epochs": 2}
    whole = adapt("general/image-segmentation", discs, output=tmp_path / "whole", **settings)
    step, steps = training.engine.Engine.training_step, []

    def stopping(engine: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        steps.append(1)
        if len(steps) == 7:
            raise KeyboardInterrupt
        return step(engine, model, inputs, num_items_in_batch)

    monkeypatch.setattr(training.engine.Engine, "training_step", stopping)
    often = {**settings, "checkpoint_minutes": 1e-9, "output": tmp_path / "stopped"}
    with pytest.raises(KeyboardInterrupt):
        adapt("general/image-segmentation", discs, **often)
    monkeypatch.undo()
    again = adapt("general/image-segmentation", discs, **often, resume=True)
    assert (tmp_path / "whole" / "weights.safetensors").read_bytes() == (
        tmp_path / "stopped" / "weights.safetensors"
    ).read_bytes()
    assert again.report.history == whole.report.history


@pytest.mark.slow
def test_a_run_is_repeated_bit_for_bit(short: Callable[..., Run], tmp_path: Path) -> None:
    run = short()
    again = repeat(run.output, output=tmp_path / "again", shown=False)
    assert again.same
    assert again.logits_difference == 0


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"method": "full"}, marks=pytest.mark.slow),
        pytest.param({"method": "layerwise", "learning_rate": 1e-4}, marks=pytest.mark.slow),
        pytest.param({"method": "partial", "options": {"blocks": 2}}, marks=pytest.mark.slow),
        {"method": "scratch"},
        pytest.param({"decoder": "fpn"}, marks=pytest.mark.slow),
        {"weights": "trained"},
        {"head": "random"},
        {"image_size": 32},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_method_and_form_comes_back_as_it_was_saved(
    short: Callable[..., Run], unseen: Path, options: dict[str, Any]
) -> None:
    run = short(**options)
    image = next((unseen / "images").iterdir())
    assert load(run.output).predict([image])[0].mask.shape == np.asarray(Image.open(image)).shape[:2]
    assert 0 < run.report.parameters["trainable"] <= run.report.parameters["total"]


def test_several_classes_are_told_apart_by_name(discs: Path, short: Callable[..., Run], tmp_path: Path) -> None:
    shutil.copytree(discs, tmp_path / "rows")
    for number, path in enumerate(sorted((tmp_path / "rows" / "masks").iterdir())):
        mask = (np.asarray(Image.open(path)) > 0).astype(np.uint8) * (1 + number % 2)
        Image.fromarray(mask).save(path)
    run = short(source=tmp_path / "rows", classes="skin,mole,freckle")
    assert run.report.labels == ("skin", "mole", "freckle")
    assert list(run.report.analysis.masks.by_class) == ["mole", "freckle"]
    assert set(run.load().predict([tmp_path / "rows" / "images" / "01.png"])[0].shares) == {"skin", "mole", "freckle"}


@pytest.mark.slow
def test_methods_are_compared_on_the_same_masks(discs: Path, tmp_path: Path) -> None:
    options = {name: value for name, value in SETTINGS.items() if name not in ("method", "epochs")}
    found = compare(
        "general/image-segmentation",
        discs,
        methods=("frozen", "full"),
        seeds=1,
        output=tmp_path / "compared",
        max_steps=2,
        **options,
    )
    assert found.metric == "dice"
    assert [method.reason for method in found.methods] == ["", ""]
    for method in found.methods:
        report = json.loads((Path(method.seeds[0].output) / "report.json").read_text())
        for name, score in method.metrics.items():
            assert score.value == pytest.approx(report["metrics"][name]["value"])
