"""What is timed is what a run predicts, step by step, and the times are those that the steps took."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, export, latency, load, timing
from acclimate.api.timed_steps import Steps, steps_of_file, steps_of_run
from acclimate.contracts import DataError, OptionError

Finished = Callable[..., Run]


@pytest.fixture(scope="module")
def image_run(adapt_anew: Finished, pictures: Path, tiny_backbone: Callable[[str], Path]) -> Path:
    """Return a run on pictures with a tiny random network."""
    backbone = str(tiny_backbone("efficientnet"))
    return adapt_anew("general/image-classification", pictures, method="frozen", backbone=backbone).output


@pytest.fixture(scope="module")
def part_run(adapt_anew: Finished, pictures: Path, tiny_backbone: Callable[[str], Path]) -> Path:
    """Return an inspection of pictures, of which the teal ones are good."""
    backbone = str(tiny_backbone("efficientnet"))
    return adapt_anew(
        "general/anomaly-detection", pictures, method="memory-bank", backbone=backbone, good="teal"
    ).output


def through(steps: Steps, items: Any) -> Any:
    for _, step in steps:
        items = step(items)
    return items


def test_the_steps_of_a_run_on_texts_are_what_it_predicts(small: Finished) -> None:
    model = load(small("frozen").output)
    texts = ["the captain left the pier", "compost for the hedge, and a rose"]
    steps = steps_of_run(model)
    assert [name for name, _ in steps] == ["prepare", "compute", "decide"]
    for found, expected in zip(through(steps, texts), model.predict(texts), strict=True):
        assert found.probabilities == pytest.approx(dict(expected.probabilities), abs=1e-6)


def test_the_steps_of_a_run_on_images_and_of_its_file_are_what_it_predicts(
    image_run: Path, pictures: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    model, images = load(image_run), [str(path) for path in sorted(pictures.glob("*/*.png"))[:4]]
    file = export(image_run, tmp_path / "kinds.onnx").output
    for steps in (steps_of_run(model), steps_of_file(model, file, 1)):
        assert [name for name, _ in steps] == ["open", "prepare", "compute", "decide"]
        for found, expected in zip(through(steps, images), model.predict(images), strict=True):
            assert found.probabilities == pytest.approx(dict(expected.probabilities), abs=1e-4)


def test_the_steps_of_an_inspection_and_of_its_file_are_what_it_predicts(
    part_run: Path, pictures: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    model, images = load(part_run), [str(path) for path in sorted(pictures.glob("*/*.png"))[:4]]
    expected = model.predict(images)
    found = through(steps_of_run(model), images)
    assert [each.score for each in found] == pytest.approx([each.score for each in expected])
    assert [each.regions for each in found] == [each.regions for each in expected]
    assert all((one.map == each.map).all() for one, each in zip(found, expected, strict=True))
    file = export(part_run, tmp_path / "parts.onnx", images=pictures).output
    steps = steps_of_file(model, file, 1)
    assert [name for name, _ in steps] == ["open", "prepare", "compute"]
    assert through(steps, images)["score"] == pytest.approx([each.score for each in expected], rel=1e-4)

    measured = latency(part_run, pictures, onnx=[file], repeats=20, batch=2, threads=1)
    assert [each.what for each in measured.timed] == ["run", "parts.onnx"]
    assert (measured.rows, measured.repeats, measured.threads, measured.task) == (30, 20, 1, "anomaly-detection")
    for each in measured.timed:
        for spread in each.milliseconds.values():
            assert 0 < spread.p50 <= spread.p99 <= spread.longest
        assert 0 < each.per_second < each.computed_per_second
        assert each.milliseconds["whole"].p50 >= max(spread.p50 for spread in each.milliseconds.values())
    assert json.loads(json.dumps(measured.to_dict()))["timed"][1]["milliseconds"]["compute"]["p50"] > 0
    assert "parts.onnx" in str(measured)
    assert "20 repeats after 10 to warm up, 5 batches, over 30 images; 1 threads" in str(measured)


def test_each_step_has_the_time_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def wait(value: list[Any]) -> list[Any]:
        given.append(value)
        time.sleep(0.004 if len(value) == 1 else 0.03)
        return value

    steps: Steps = (("open", lambda value: value), ("compute", wait))
    single = timing._singles({"run": steps, "file": steps}, ["a", "b", "c"], 30)
    for what in ("run", "file"):
        assert {name: len(values) for name, values in single[what].items()} == dict.fromkeys(
            ("open", "compute", "whole"), 30
        )
        assert min(single[what]["compute"]) >= 0.004
        both = zip(single[what]["open"], single[what]["compute"], strict=True)
        assert single[what]["whole"] == pytest.approx([sum(each) for each in both])
        assert np.median(single[what]["open"]) < 0.002
    assert len(given) == 2 * (timing._WARM_UP + 30)
    assert given[2 * timing._WARM_UP : 2 * timing._WARM_UP + 4] == [["a"], ["b"], ["c"], ["a"]]
    many = timing._batches(steps, ["a", "b", "c"], 4)
    assert len(many["compute"]) == timing._BATCHES
    assert min(many["whole"]) >= 0.03
    assert given[-1] == ["c", "a", "b", "c"]


def test_percentiles_are_times_that_were_measured() -> None:
    spread = timing._spread([number / 1000 for number in range(1, 201)])
    assert (spread.p50, spread.p99, spread.longest) == (100, 198, 200)


def test_own_test_rows_are_timed_and_threads_are_left_as_they_were(small: Finished, document: Any) -> None:
    before = torch.get_num_threads()
    run = small("frozen").output
    found = latency(run, repeats=20, batch=4, threads=2)
    assert found.threads == 2
    assert torch.get_num_threads() == before
    assert found.rows == min(32, len(document(run, "rows.json")["test"]))
    assert set(found.timed[0].milliseconds) == {"prepare", "compute", "decide", "whole"}


@pytest.mark.slow
def test_what_cannot_be_timed_is_refused(small: Finished, image_run: Path, texts: Path, tmp_path: Path) -> None:
    run = small("frozen").output
    for options, message in (
        ({"repeats": 19}, "repeats is 20 or more, found 19"),
        ({"batch": 0}, "batch is 1 or more, found 0"),
        ({"threads": 0}, "threads is 1 or more, found 0"),
    ):
        with pytest.raises(OptionError, match=message):
            latency(run, texts, **options)
    pytest.importorskip("onnxruntime")
    with pytest.raises(DataError, match=r"There is no file .*none\.onnx"):
        latency(run, texts, onnx=[tmp_path / "none.onnx"])
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    with pytest.raises(DataError, match=r"onnxruntime [\d.]+ cannot run .*bad\.onnx"):
        latency(run, texts, onnx=[tmp_path / "bad.onnx"])
    file = export(small("lora").output, tmp_path / "other.onnx").output
    with pytest.raises(OptionError, match=r"other\.onnx was not exported from .*run"):
        latency(run, texts, onnx=[file])
