"""Method `auto` for parts: how far it goes with the rows and the minutes at hand, and what it says of it."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import Run, evaluate, load
from acclimate.api import repeat
from acclimate.api.adapting import ask
from acclimate.api.detecting import check, climbing
from acclimate.contracts import DataError, OptionError, OutputError
from acclimate.data import open_image, open_mask
from acclimate.plugins import default_host
from datasets import Dataset
from PIL import Image

Inspect = Callable[..., Run]


def told(run: Run, code: str = "ladder") -> str:
    [found] = [each.message for each in run.report.findings if each.code == code]
    return found


def beside(run: Run) -> list[str]:
    return sorted(path.name for path in run.output.parent.iterdir())


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def stop_at(monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    """Interrupt the run of a task as a user does."""
    really = climbing.adapting.run

    def failing(host: Any, request: Any, *, shown: bool) -> Run:
        if request.preset.task == task:
            raise KeyboardInterrupt
        return really(host, request, shown=shown)

    monkeypatch.setattr(climbing.adapting, "run", failing)


@pytest.fixture
def labelled(parts: Path, tmp_path: Path) -> Path:
    """Return the parts without masks."""
    folder = shutil.copytree(parts, tmp_path / "plates")
    shutil.rmtree(folder / "ground_truth")
    return folder


def test_good_parts_alone_are_as_far_as_it_goes(parts: Path, inspect: Inspect, tmp_path: Path) -> None:
    run = inspect(parts / "train", method="auto", output=tmp_path / "run")
    assert (run.report.preset, run.report.method, run.earlier) == ("general/anomaly-detection", "memory-bank", None)
    assert beside(run) == ["run"]
    assert told(run) == (
        "Method auto went as far as general/anomaly-detection: image-classification was not reached: no part to "
        "learn from is defective. image-segmentation was not reached: no part to learn from is defective."
    )


def test_enough_of_each_kind_leads_to_labels(labelled: Path, inspect: Inspect, tmp_path: Path) -> None:
    output = tmp_path / "out" / "run"
    run = inspect(labelled, method="auto", budget=0.001, output=output)
    assert (run.report.preset, run.report.method) == ("general/image-classification", "frozen")
    assert run.report.labels == ("good", "line", "spot")
    assert run.report.settings["good"] == "good"
    assert beside(run) == ["run", "run-anomaly-detection", "run-image-classification-rows"]
    assert told(run).endswith("image-segmentation was not reached: it needs 5 defective parts with masks, found 0.")
    assert run.earlier is not None
    assert run.earlier.report.preset == "general/anomaly-detection"
    assert str(run.earlier.report.metrics["auroc"]) in told(run, "earlier")
    rows = table(output.with_name("run-image-classification-rows") / "train.csv")
    counts = {label: sum(row["label"] == label for row in rows) for label in ("good", "line", "spot")}
    assert counts == {"good": 52, "line": 8, "spot": 8}  # all of train and test, which good parts alone keep apart
    assert {Path(row["image"]).parent.name for row in rows if row["label"] == "line"} == {"line"}
    answers = load(output).predict([labelled / "test/spot/000.png", labelled / "test/line/000.png"])
    assert {answer.label for answer in answers} <= {"good", "line", "spot"}


def test_a_kind_that_is_scarce_is_named_and_nothing_is_left_behind(
    labelled: Path, inspect: Inspect, tmp_path: Path
) -> None:
    for number in range(4, 8):
        (labelled / f"test/spot/{number:03}.png").unlink()
    run = inspect(labelled, method="auto", output=tmp_path / "out" / "run")
    assert run.report.method == "memory-bank"
    assert "it needs 5 parts of each kind of defect, found spot 4." in told(run)
    assert beside(run) == ["run"]


def test_masks_lead_to_places(parts: Path, inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = climbing.adapting.run

    def briefly(host: Any, request: Any, *, shown: bool) -> Run:
        if request.preset.task == "image-segmentation":
            request = replace(request, settings=replace(request.settings, max_steps=1, crop_size=32))
        return really(host, request, shown=shown)

    monkeypatch.setattr(climbing.adapting, "run", briefly)
    monkeypatch.setattr(climbing.learning, "seconds", lambda subject, plan: 0.02)
    output = tmp_path / "run"
    run = inspect(parts, method="auto", budget=0.001, output=output)
    assert (run.report.preset, run.report.labels) == ("general/image-segmentation", ("good", "defect"))
    assert told(run).endswith("There is no further step.")
    assert run.earlier is not None
    assert run.earlier.earlier is not None
    assert [each.report.preset for each in (run.earlier, run.earlier.earlier)] == [
        "general/image-classification",
        "general/anomaly-detection",
    ]
    folder = output.with_name("run-image-segmentation-rows")
    rows = table(folder / "train.csv")
    assert len(rows) == 68
    for row in rows[::7]:
        mask = np.asarray(open_mask(folder / row["mask"], 2))
        kind = Path(row["image"]).parent.name
        assert mask.shape == open_image(row["image"]).size[::-1]
        assert mask.any() == (kind != "good")
    assert evaluate(output, folder / "train.csv").rows["test"] == 68  # the tables are there for whoever asks later


@pytest.mark.slow
def test_masks_that_take_too_long_are_left_out_and_how_many_minutes_they_need_is_said(
    parts: Path, inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing.learning, "seconds", lambda subject, plan: 600.0)
    run = inspect(parts, method="auto", budget=0.01, output=tmp_path / "run")
    assert run.report.preset == "general/image-classification"
    assert "takes about 10 minutes here" in told(run)
    assert "--budget 20" in told(run)
    assert not (tmp_path / "run-image-segmentation-rows").exists()


def test_test_rows_that_were_given_train_nothing(parts: Path, unseen: Path, inspect: Inspect, tmp_path: Path) -> None:
    output = tmp_path / "run"
    run = inspect(parts / "test", test=unseen / "test", method="auto", budget=0.001, output=output)
    assert run.report.preset == "general/image-classification"
    assert run.report.rows["test"] == 28
    folder = output.with_name("run-image-classification-rows")
    sources = {part: {Path(row["image"]) for row in table(folder / f"{part}.csv")} for part in ("train", "test")}
    assert {path.is_relative_to(parts) for path in sources["train"]} == {True}
    assert {path.is_relative_to(unseen) for path in sources["test"]} == {True}


def test_images_that_a_source_holds_as_bytes_are_kept_beside_the_table(
    labelled: Path, inspect: Inspect, tmp_path: Path
) -> None:
    files = sorted((labelled / "test").rglob("*.png"))
    rows = {"image": [file.read_bytes() for file in files], "label": [file.parent.name for file in files]}
    Dataset.from_dict(rows).to_parquet(tmp_path / "parts.parquet")
    output = tmp_path / "out" / "run"
    inspect(tmp_path / "parts.parquet", method="auto", budget=0.001, image_size=64, output=output)
    tables = output.with_name("run-image-classification-rows")
    kept = [tables / row["image"] for row in table(tables / "train.csv")]
    assert sorted(file.read_bytes() for file in kept) == sorted(file.read_bytes() for file in files)
    again = repeat(output)
    assert again.same
    assert load(output).preprocessing.size == (64, 64)


@pytest.mark.slow
def test_a_test_without_masks_leaves_masks_out(parts: Path, unseen: Path, inspect: Inspect, tmp_path: Path) -> None:
    shutil.copytree(parts / "test", tmp_path / "plates")
    for mask in (parts / "ground_truth").rglob("*_mask.png"):
        shutil.copy(mask, tmp_path / "plates" / mask.parent.name / mask.name)
    run = inspect(tmp_path / "plates", test=unseen / "test", method="auto", budget=0.001, output=tmp_path / "run")
    assert "image-segmentation was not reached: no defective part for test has a mask." in told(run)


def test_what_good_parts_cannot_promise_is_refused_before_tables_are_written(
    parts: Path, inspect: Inspect, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="good"):
        inspect(parts, method="auto", operate="overkill=0.001", output=tmp_path / "out" / "run")
    assert not (tmp_path / "out").exists()


def test_a_run_that_fails_leaves_those_before_it_and_no_tables(
    labelled: Path, inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, "image-classification")
    with pytest.raises(KeyboardInterrupt):
        inspect(labelled, method="auto", output=tmp_path / "out" / "run")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run-anomaly-detection"]
    with pytest.raises(OptionError, match="is several runs"):
        inspect(labelled, method="auto", output=tmp_path / "out" / "run", resume=True)


def test_a_run_that_is_saved_keeps_its_rows_where_a_later_one_fails(
    parts: Path, inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, "image-segmentation")
    monkeypatch.setattr(climbing.learning, "seconds", lambda subject, plan: 0.02)
    with pytest.raises(KeyboardInterrupt):
        inspect(parts, method="auto", budget=0.001, output=tmp_path / "out" / "run")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "run-anomaly-detection",
        "run-image-classification",
        "run-image-classification-rows",
    ]
    rows = tmp_path / "out/run-image-classification-rows/train.csv"
    assert evaluate(tmp_path / "out/run-image-classification", rows).rows["test"] == 68


def test_a_folder_that_is_in_the_way_is_told_before_anything_is_computed(
    parts: Path, inspect: Inspect, tmp_path: Path
) -> None:
    (tmp_path / "run-image-classification-rows").mkdir()
    with pytest.raises(OutputError, match="run-image-classification-rows exists"):
        inspect(parts, method="auto", output=tmp_path / "run")


def test_labels_without_one_of_good_parts_are_refused(tmp_path: Path, inspect: Inspect) -> None:
    for number in range(6):
        path = tmp_path / "plates" / ("line" if number % 2 else "spot") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 48), (number, 0, 0)).save(path)
    with pytest.raises(DataError, match="One label must be that of good parts"):
        inspect(tmp_path / "plates", method="auto", output=tmp_path / "run")


def test_a_preset_without_a_ladder_has_no_method_auto(parts: Path, tiny: str, tmp_path: Path) -> None:
    asked = ask(default_host(), "general/anomaly-detection", parts, "auto", tiny, None, None, tmp_path / "run", {})
    check(asked)
    with pytest.raises(OptionError, match="and general/anomaly-detection names none"):
        check(replace(asked, preset=replace(asked.preset, ladder=())))


def test_what_is_estimated_is_one_method(parts: Path, tiny: str) -> None:
    from acclimate import estimate

    with pytest.raises(OptionError, match="one method, found 'auto'"):
        estimate("general/anomaly-detection", parts, method="auto", backbone=tiny)
