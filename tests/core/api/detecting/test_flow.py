"""Parts from end to end: what is learned, decided, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, OptionError
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from .conftest import PRESET, part

Inspect = Callable[..., Run]
Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def images_of(run: Run, folder: Path, part: str) -> list[Path]:
    rows = json.loads((run.output / "rows.json").read_text())
    return [folder / id.partition(":")[2] if ":" in id else folder / id for id in rows[part]]


def test_defects_of_unseen_parts_are_rejected_and_marked_where_they_are(inspected: Run, unseen: Path) -> None:
    predictor = load(inspected.output)
    found, missed = [], 0
    for path in sorted(unseen.glob("test/spot/*.png")):
        prediction = predictor.predict([path])[0]
        assert prediction.rejected == (prediction.score > prediction.threshold)
        mask = np.asarray(Image.open(unseen / "ground_truth" / "spot" / f"{path.stem}_mask.png")) > 0
        assert prediction.map.shape == mask.shape
        missed += not prediction.rejected
        if prediction.regions:
            best = prediction.regions[0]
            found.append(mask[best.top : best.bottom, best.left : best.right].any())
    assert missed <= 1
    assert np.mean(found) > 0.8


def test_the_report_says_what_the_test_parts_say_by_definition(inspected: Run, parts: Path) -> None:
    paths = images_of(inspected, parts, "test")
    assert {path.parent.name for path in paths} == {"good", "spot", "line"}
    predictions = load(inspected.output).predict(paths)
    scores = np.array([each.score for each in predictions])
    bad = np.array([path.parent.name != "good" for path in paths])
    rejected = np.array([each.rejected for each in predictions])
    report = inspected.report
    assert report.metrics["auroc"].value == pytest.approx(roc_auc_score(bad, scores))
    assert report.metrics["defect_precision"].value == pytest.approx(average_precision_score(bad, scores))
    assert report.metrics["escape"].value == pytest.approx((~rejected[bad]).mean())
    assert report.metrics["overkill"].value == pytest.approx(rejected[~bad].mean())
    told = report.analysis.inspection
    assert told is not None
    assert told.counts == {
        "defective": bad.sum(),
        "escaped": (bad & ~rejected).sum(),
        "good": (~bad).sum(),
        "rejected": (~bad & rejected).sum(),
    }
    for name, told_of in (("escape", told.escape), ("overkill", told.overkill)):
        assert (told_of.low, told_of.high) == pytest.approx((report.metrics[name].low, report.metrics[name].high))
    assert {kind: each.parts for kind, each in told.by_kind.items()} == {"line": 8, "spot": 8}
    assert [(band.smallest, band.largest) for band in told.by_size] == [(110, 110), (144, 144)]
    assert told.to_claim == {"0.1": 29, "0.05": 59, "0.01": 299}
    assert report.metrics["pixel_auroc"].value > 0.7
    assert set(report.baselines) == {"brightness", "mean_features"}


def test_the_threshold_promises_what_the_good_validation_parts_can(inspected: Run, parts: Path) -> None:
    held = images_of(inspected, parts, "validation")
    scores = [each.score for each in load(inspected.output).predict(held)]
    told = inspected.report.analysis.inspection
    assert told is not None
    assert (told.calibration, told.promised) == (8, pytest.approx(1 / 9))
    assert told.threshold == pytest.approx(max(scores))
    messages = {finding.code: finding.message for finding in inspected.report.findings}
    assert "99 to promise 1%" in messages["weak-promise"]


def test_only_good_parts_train(inspected: Run) -> None:
    rows = json.loads((inspected.output / "rows.json").read_text())
    for name in ("train", "validation"):
        assert all(id.startswith("train/good/") for id in rows[name])
    assert len(rows["train"]) + len(rows["validation"]) == 40
    assert len(rows["test"]) == 28


def test_page_and_card_show_the_parts(inspected: Run) -> None:
    page = (inspected.output / "report.html").read_text("utf-8")
    card = (inspected.output / "README.md").read_text("utf-8")
    told = inspected.report.analysis.inspection
    assert told is not None
    assert page.count("data:image/jpeg") == len(told.shown) + len(told.suspects) > 0
    assert "59 for less than 5 %" in page
    assert "| spot | 8 |" in card
    assert "prediction.rejected" in page
    assert "acclimate predict" in page


def test_a_saved_run_says_the_very_same_of_a_part(inspected: Run, unseen: Path, tmp_path: Path) -> None:
    shutil.copytree(inspected.output, tmp_path / "copy")
    images = sorted(unseen.glob("test/*/*.png"))[:6]
    once, again = (load(folder).predict(images) for folder in (inspected.output, tmp_path / "copy"))
    for one, other in zip(once, again, strict=True):
        assert (one.score, one.rejected, one.regions) == (other.score, other.rejected, other.regions)
        np.testing.assert_array_equal(one.map, other.map)


def test_the_bank_is_in_safetensors_and_a_changed_byte_of_it_is_refused(inspected: Run, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = shutil.copytree(inspected.output, tmp_path / "run")
    bank = load_file(folder / "weights.safetensors")["scorer.features"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert list(bank.shape) == [manifest["adapter"]["members"], manifest["adapter"]["width"]]
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(data)
    with pytest.raises(BundleError, match="was changed after it was written"):
        load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["inspection"].update(threshold="high"), "'inspection.threshold' .* is a finite number"),
        (lambda m: m["inspection"].pop("map_threshold"), "no field 'inspection.map_threshold'"),
        (lambda m: m["adapter"].update(members=3), r"'scorer.features' .* is \("),
        (lambda m: m.update(labels=["good"]), "'labels' .* the names of good and of defective parts"),
        (lambda m: m["spec"].pop("strides"), "no field 'spec.strides'"),
    ],
)
def test_a_run_that_a_stranger_changed_is_refused(
    inspected: Run, tmp_path: Path, reseal: Reseal, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    folder = shutil.copytree(inspected.output, tmp_path / "run")
    reseal(folder, change)
    with pytest.raises(BundleError, match=message):
        load(folder)


def test_the_threshold_that_was_saved_decides(inspected: Run, unseen: Path, tmp_path: Path, reseal: Reseal) -> None:
    folder = shutil.copytree(inspected.output, tmp_path / "run")
    reseal(folder, lambda m: m["inspection"].update(threshold=1e9))
    report = evaluate(folder, unseen)
    assert report.metrics["escape"].value == 1
    assert report.metrics["overkill"].value == 0
    with pytest.raises(OptionError, match="operate was decided when the run was made"):
        evaluate(folder, unseen, operate="overkill=0.1")


def test_evaluating_the_test_parts_gives_the_scores_of_the_run(inspected: Run, parts: Path) -> None:
    report = evaluate(inspected.output, parts)
    for name, score in inspected.report.metrics.items():
        assert report.metrics[name].value == pytest.approx(score.value), name
    assert report.rows["test"] == 28


def test_predictions_are_a_table_or_a_folder_with_heat_maps(inspected: Run, unseen: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    images = sorted(unseen.glob("test/spot/*.png"))[:2]
    rows.write_text("\n".join(["id,image", f"a/one,{images[0]}", f"b,{tmp_path / 'nothing.png'}", f"c,{images[1]}"]))
    expected = load(inspected.output).predict(images)
    done = write_predictions(inspected.output, rows, tmp_path / "found")
    assert (done.rows, done.unreadable) == (3, 1)
    write_predictions(inspected.output, rows, tmp_path / "found.csv")
    write_predictions(inspected.output, rows, tmp_path / "found.jsonl")
    with (tmp_path / "found" / "predictions.csv").open(newline="") as file:
        table = {row["id"]: row for row in csv.DictReader(file)}
    with (tmp_path / "found.csv").open(newline="") as file:
        flat = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    for place, (id, prediction) in zip((0, 2), zip(("a/one", "c"), expected, strict=True), strict=True):
        boxes = [f"{r.left},{r.top},{r.right},{r.bottom}" for r in prediction.regions]
        assert table[id]["regions"] == flat[place]["regions"] == ";".join(boxes)
        assert float(table[id]["score"]) == pytest.approx(prediction.score)
        assert table[id]["rejected"] == str(prediction.rejected).lower()
        assert Image.open(tmp_path / "found" / table[id]["heat_map"]).size == (48, 48)
        assert lines[place]["score"] == pytest.approx(prediction.score)
        assert [region["top"] for region in lines[place]["regions"]] == [r.top for r in prediction.regions]
    assert "no such file" in table["b"]["error"]
    assert "error" in list(predict_rows(inspected.output, rows))[1]
    with pytest.raises(OptionError, match=r"suffix .csv or .jsonl"):
        write_predictions(inspected.output, rows, tmp_path / "found.parquet")
    with pytest.raises(OptionError, match="not resumed"):
        write_predictions(inspected.output, rows, tmp_path / "other.csv", resume=True)


def test_a_heat_map_is_red_where_the_part_is_unlike_good_ones(inspected: Run, tmp_path: Path) -> None:
    image, mask = part(np.random.default_rng(8), "spot")
    Image.fromarray(image).save(tmp_path / "one.png")
    write_predictions(inspected.output, tmp_path, tmp_path / "found")
    drawn = np.asarray(Image.open(next((tmp_path / "found" / "heat-maps").iterdir())), dtype=float)
    redder = (drawn[..., 0] - drawn[..., 2]) - (image[..., 0].astype(float) - image[..., 2])
    assert redder[mask > 0].mean() > redder[mask == 0].mean() + 20


def test_images_of_any_size_mode_and_orientation_are_judged_at_their_own_size(inspected: Run, tmp_path: Path) -> None:
    image, _ = part(np.random.default_rng(4), "spot", size=(60, 90))
    whole = Image.fromarray(image)
    turned = Image.Exif()
    turned[0x0112] = 6
    whole.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=turned)
    whole.save(tmp_path / "plain.png")
    whole.convert("L").save(tmp_path / "grey.png")
    Image.fromarray(np.asarray(whole.convert("L")).astype(np.uint16) * 257).save(tmp_path / "deep.png")
    whole.convert("RGBA").save(tmp_path / "alpha.png")
    names = ("plain", "turned", "grey", "deep", "alpha")
    found = dict(
        zip(names, load(inspected.output).predict([tmp_path / f"{name}.png" for name in names]), strict=True)
    )
    assert all(each.map.shape == (60, 90) for each in found.values())
    for one, other in (("plain", "turned"), ("grey", "deep"), ("plain", "alpha")):
        assert found[one].score == pytest.approx(found[other].score, rel=1e-4)


def test_large_images_in_tiles_are_read_at_full_size(parts: Path, inspect: Inspect, tmp_path: Path) -> None:
    run = inspect(parts, tiles=64, output=tmp_path / "run")
    predictor = load(run.output)
    random = np.random.default_rng(5)
    large = np.concatenate([part(random)[0] for _ in range(5)], axis=1)
    assert len(predictor.preprocessing.places((48, 240))) == 5
    clean = predictor.predict([Image.fromarray(large)])[0]
    marked = large.copy()
    marked[10:22, 150:162] = 15
    found = predictor.predict([Image.fromarray(marked)])[0]
    assert found.map.shape == (48, 240)
    assert found.score > clean.score
    more = found.map - clean.map
    row, column = np.unravel_index(more.argmax(), more.shape)
    assert 0 <= row <= 30
    assert 142 <= column <= 170
    assert abs(more[:, :90]).max() < 0.01 * more.max()


def test_padim_finds_defects_too_and_refuses_tiles(parts: Path, inspect: Inspect, tmp_path: Path) -> None:
    run = inspect(parts, method="padim", options={"dimensions": 20}, output=tmp_path / "run")
    assert run.report.metrics["auroc"].value > 0.8
    predictor = load(run.output)
    images = images_of(run, parts, "test")
    scores = [each.score for each in predictor.predict(images)]
    np.testing.assert_allclose(scores, run.test_rows.scores[:, 1], rtol=1e-4)
    with pytest.raises(OptionError, match="tiles of large images have none in common"):
        inspect(parts, method="padim", tiles=64, output=tmp_path / "other")


def test_a_run_is_repeated_with_the_same_numbers(inspected: Run, tmp_path: Path) -> None:
    found = repeat(inspected.output, output=tmp_path / "again", shown=False)
    assert found.same
    assert found.logits_difference == 0


def test_a_run_that_holds_only_the_bank_needs_its_backbone(parts: Path, inspect: Inspect, tmp_path: Path) -> None:
    run = inspect(parts, weights="trained", output=tmp_path / "run")
    small = (run.output / "weights.safetensors").stat().st_size
    image = next(parts.glob("test/spot/*.png"))
    assert small < 4 * 210 * 80 + 2000
    assert load(run.output).predict([image])[0].rejected


def test_methods_are_compared_by_whole_parts(parts: Path, tiny: str, tmp_path: Path) -> None:
    found = compare(
        PRESET,
        parts,
        methods=("memory-bank:most=50", "padim:dimensions=10"),
        seeds=1,
        backbone=tiny,
        output=tmp_path / "compared",
        host=_host(),
        shown=False,
    )
    assert found.metric == "auroc"
    for method in found.methods:
        assert method.reason == ""
        assert set(method.metrics) == {"auroc", "defect_precision", "escape", "overkill"}
    with pytest.raises(OptionError, match="not by 'aupro'"):
        compare(PRESET, parts, methods=("padim",), metric="aupro", backbone=tiny, output=tmp_path / "x", shown=False)


def _host() -> Any:
    from acclimate.plugins import default_host

    return default_host()
