"""A split whose test score would be too good stops before anything is computed, unless it is allowed; and is told."""

import csv
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import compare
from acclimate.api import Run, adapt, schedule
from acclimate.contracts import DataError, OptionError
from acclimate.data import images
from PIL import Image, ImageEnhance

TEXT, IMAGE = "general/text-classification", "general/image-classification"
GOODS = [
    "lamp",
    "chair",
    "tent",
    "kettle",
    "drill",
    "radio",
    "piano",
    "carpet",
    "mirror",
    "ladder",
    "bicycle",
    "oven",
]
GOODS += [
    "sofa",
    "guitar",
    "clock",
    "rug",
    "desk",
    "globe",
    "vase",
    "mattress",
    "printer",
    "blender",
    "canoe",
    "easel",
]
VOCABULARY = [f"word{number}" for number in range(400)]
FROZEN: dict[str, Any] = {"method": "frozen", "precision": "float32", "shown": False}


def texts(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(VOCABULARY, k=12)) for _ in range(count)]


def write(path: Path, rows: Sequence[str], **columns: Sequence[str]) -> Path:
    """Write texts of two labels in turn, and what other columns there are."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", *columns])
        labels = [("east", "west")[number % 2] for number in range(len(rows))]
        writer.writerows(zip(rows, labels, *columns.values(), strict=True))
    return path


@pytest.fixture(scope="module")
def backbone(save_backbone: Callable[[Sequence[str]], str]) -> str:
    """Return the folder of a tiny random BERT that knows the words of these texts."""
    return save_backbone(VOCABULARY)


def codes(run: Run) -> dict[str, Any]:
    return {finding.code: finding for finding in run.report.findings}


@pytest.fixture
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a backbone is loaded or a run of a comparison is started."""

    def computed(*_: Any, **__: Any) -> None:
        raise AssertionError("something was computed before the rows were refused")

    monkeypatch.setattr("acclimate.models.resolve", computed)
    monkeypatch.setattr(schedule, "measure", computed)
    monkeypatch.setattr(schedule, "measure_separately", computed)


@pytest.fixture
def leaking(tmp_path: Path) -> dict[str, Path]:
    """Return 60 training and 20 test rows, of which three repeat a training row: two of them exactly."""
    train, test = texts(60, 1), texts(20, 2)
    test[4], test[6], test[8] = train[4], f"{train[6].upper()}.", f"{train[8]} more"
    return {"source": write(tmp_path / "train.csv", train), "test": write(tmp_path / "test.csv", test)}


@pytest.mark.usefixtures("nothing_computed")
@pytest.mark.parametrize("method", ["frozen", "lora", "auto"])
def test_repeated_test_rows_stop_every_method(leaking: dict[str, Path], tmp_path: Path, method: str) -> None:
    with pytest.raises(DataError) as caught:
        adapt(TEXT, **leaking, output=tmp_path / "run", **{**FROZEN, "method": method})
    counts = [int(word) for word in caught.value.message.split() if word.isdigit()]
    assert "of 20 test rows" in caught.value.message
    assert sum(counts[0::4]) == 3  # those that repeat train, and those that repeat the validation rows from it
    assert "--group" in caught.value.hint
    assert "allow_leakage=True (--allow-leakage)" in caught.value.hint
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("nothing_computed")
def test_repeated_test_rows_stop_a_comparison(leaking: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="of 20 test rows"):
        compare(TEXT, **leaking, methods=("frozen", "norm"), output=tmp_path / "comparison", shown=False)
    assert not (tmp_path / "comparison").exists()


def test_what_is_allowed_is_in_the_report_as_a_problem(
    leaking: dict[str, Path], backbone: str, tmp_path: Path
) -> None:
    run = adapt(TEXT, **leaking, output=tmp_path / "run", backbone=backbone, allow_leakage=True, **FROZEN)
    found = [each for each in run.report.findings if each.code == "repeated-across-parts"]
    assert [each.level for each in found] == ["problem"] * len(found)
    assert sum(each.details["same"] for each in found) == 2
    assert sum(each.details["near"] for each in found) == 1
    assert {tuple(pair) for each in found for pair in each.details["examples"]} == {
        ("test:6", "train:6"),
        ("test:8", "train:8"),
        ("test:10", "train:10"),
    }
    assert "problem: " in str(run.report)
    assert "because allow_leakage was given" in str(run.report)
    saved = json.loads((run.output / "report.json").read_text())
    assert saved["settings"]["allow_leakage"] is True
    assert [each["details"] for each in saved["findings"] if each["code"] == "repeated-across-parts"] == [
        dict(each.details) for each in found
    ]


def test_a_comparison_tells_what_was_allowed(
    leaking: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule.Schedule, "run", lambda self, requests, seeds: {name: {} for name in requests})
    monkeypatch.setattr("acclimate.api.comparing.tabulate", lambda *_, **names: _empty(names["output"]))
    found = compare(TEXT, **leaking, methods=("frozen",), output=tmp_path / "c", allow_leakage=True, shown=False)
    assert "problem: " in str(found)
    assert "of 20 test rows" in str(found)
    assert found.to_dict()["findings"][0]["details"]["part"] == "test"


def _empty(output: Path) -> Any:
    from acclimate.contracts import Comparison

    return Comparison(
        preset=TEXT, backbone="minilm-l6", metric="accuracy", methods=(), best=None, missing=(), output=str(output)
    )


def test_few_repeats_are_a_warning(backbone: str, tmp_path: Path) -> None:
    train, test = texts(60, 1), texts(120, 2)
    test[4] = train[4]
    source, held = write(tmp_path / "train.csv", train), write(tmp_path / "test.csv", test)
    run = adapt(TEXT, source, test=held, backbone=backbone, output=tmp_path / "run", **FROZEN)
    finding = codes(run)["repeated-across-parts"]
    assert (finding.level, finding.details["share"]) == ("warning", pytest.approx(1 / 120))


def test_rows_that_repeat_are_dealt_to_one_part(backbone: str, tmp_path: Path) -> None:
    rows = texts(40, 3)
    source = write(tmp_path / "rows.csv", [*rows, *(f"{text}!" for text in rows), *texts(10, 4)])
    run = adapt(TEXT, source, backbone=backbone, output=tmp_path / "run", **FROZEN)
    parts = json.loads((run.output / "rows.json").read_text())
    place = {int(id.split(":")[1]) - 2: part for part, ids in parts.items() for id in ids}
    assert all(place[row] == place[row + 40] for row in range(40))
    assert set(place.values()) == {"train", "validation", "test"}
    finding = codes(run)["repeats-kept-together"]
    assert finding.level == "note"
    assert finding.details == {"rows": 90, "repeating": 80, "clusters": 40, "largest": 2}
    assert "repeated-across-parts" not in codes(run)


@pytest.mark.usefixtures("nothing_computed")
def test_groups_that_all_repeat_one_another_stop_a_split_by_group(tmp_path: Path) -> None:
    """The group is wrong: every text was captured once in each of six sessions."""
    rows = texts(20, 5) * 6
    source = write(tmp_path / "rows.csv", rows, session=[f"s{number // 20}" for number in range(120)])
    with pytest.raises(DataError, match=r"1 groups are too few") as caught:
        adapt(TEXT, source, group="session", output=tmp_path / "run", **FROZEN)
    assert "better left out" in caught.value.__notes__[0]


def test_groups_that_share_repeats_are_dealt_together(backbone: str, tmp_path: Path) -> None:
    """Two visits each of forty clients, and the clients of each two repeat one another's first text."""
    rows = texts(80, 5)
    for client in range(0, 20, 2):
        rows[2 * client + 2] = f"{rows[2 * client]}!"
    clients = [f"c{number // 2}" for number in range(80)]
    source = write(tmp_path / "rows.csv", rows, client=clients)
    run = adapt(TEXT, source, group="client", backbone=backbone, output=tmp_path / "run", **FROZEN)
    parts = json.loads((run.output / "rows.json").read_text())
    place = {int(id.split(":")[1]) - 2: part for part, ids in parts.items() for id in ids}
    assert all(len({place[row] for row in range(first, first + 4)}) == 1 for first in range(0, 40, 4))
    finding = codes(run)["groups-joined"]
    assert finding.level == "warning"
    assert finding.details == {"groups": 40, "joined": 20, "units": 10, "largest": 4, "rows": 80}
    assert "repeated-across-parts" not in codes(run)


def test_texts_are_compared_as_the_model_reads_them() -> None:
    from acclimate.api import leaks
    from acclimate.contracts import Preset
    from datasets import Dataset

    preset = Preset(name="notes", summary="Notes.", task="text-classification", backbone="minilm-l6")
    table = Dataset.from_dict({"text": ["page 1: the same note", "page 2: the same note"]})
    assert leaks.look_at([table], preset, None).repeats.same.tolist() == [0, 1]
    read = leaks.look_at([table], preset, lambda text: text.partition(": ")[2])
    assert read.repeats.same.tolist() == [0, 0]
    assert read.texts == ["the same note", "the same note"]


@pytest.mark.usefixtures("nothing_computed")
def test_a_shared_group_stops(tmp_path: Path) -> None:
    source = write(tmp_path / "train.csv", texts(40, 6), client=[f"c{number // 4}" for number in range(40)])
    test = write(tmp_path / "test.csv", texts(8, 7), client=["c3", "c3", *(f"d{number}" for number in range(6))])
    with pytest.raises(
        DataError, match=r"Groups both in (train|validation) and in test: 1 \('c3'\), with 2 of 8 test rows"
    ):
        adapt(TEXT, source, test=test, group="client", output=tmp_path / "run", **FROZEN)


@pytest.mark.usefixtures("nothing_computed")
def test_an_overlap_in_time_stops(tmp_path: Path) -> None:
    days = [f"2024-01-{number % 28 + 1:02}" for number in range(56)]
    source = write(tmp_path / "train.csv", texts(56, 8), day=days)
    test = write(tmp_path / "test.csv", texts(8, 9), day=["2024-01-27"] + ["2024-02-01"] * 7)
    with pytest.raises(DataError, match=r"validation rows \([\d.]+ %\) are later than the first test row"):
        adapt(TEXT, source, test=test, time="day", output=tmp_path / "run", **FROZEN)


def test_allow_leakage_is_yes_or_no(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="allow_leakage is True or False, found 'yes'"):
        adapt(TEXT, tmp_path / "none.csv", allow_leakage="yes", **FROZEN)


@pytest.fixture
def scenes(tmp_path: Path) -> Callable[[str, Sequence[int], float], Path]:
    """Write pictures of random soft shapes, by seed: `scenes("train", range(8), brightness)`."""

    def write_scenes(name: str, seeds: Sequence[int], brightness: float) -> Path:
        folder = tmp_path / name
        for seed in seeds:
            coarse = np.random.default_rng(seed).integers(20, 180, (7, 9), dtype=np.uint8)
            image = Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC).convert("RGB")
            place = folder / ("odd" if seed % 2 else "even") / f"{seed}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            ImageEnhance.Brightness(image).enhance(brightness).save(place)
        return folder

    return write_scenes


@pytest.mark.usefixtures("nothing_computed")
def test_brighter_copies_of_training_images_stop(tmp_path: Path, scenes: Any) -> None:
    source, test = scenes("train", range(30), 1.0), scenes("test", [3, 4, *range(40, 58)], 1.25)
    with pytest.raises(DataError) as caught:
        adapt(IMAGE, source, test=test, output=tmp_path / "run", **FROZEN)
    assert "of 20 test rows" in caught.value.message
    assert "test:even/4.png" in caught.value.message


def test_images_are_examined_once(tmp_path: Path, scenes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    examined = images.examined_image
    monkeypatch.setattr(images, "examined_image", lambda path: seen.append(path) or examined(path))
    run = adapt(IMAGE, scenes("train", range(24), 1.0), output=tmp_path / "run", **FROZEN)
    assert sorted(seen) == sorted(str(path) for path in (tmp_path / "train").glob("*/*.png"))
    assert not any(finding.level != "note" for finding in run.report.findings if "repeat" in finding.code)


def test_reworded_texts_across_parts_are_told_where_features_are_asked_for(tmp_path: Path) -> None:
    train = [
        f"Please cancel my order number {number}, I no longer need the {word}." for number, word in enumerate(GOODS)
    ]
    test = [f"The {word} was sent to another address." for word in GOODS[:10]]
    test[3] = "I no longer need the kettle, so please cancel my order number 3."
    rows = {"source": write(tmp_path / "train.csv", train), "test": write(tmp_path / "test.csv", test)}
    plain = adapt(TEXT, **rows, **FROZEN, output=tmp_path / "plain")
    assert not {"alike-across-parts", "repeated-across-parts"} & set(codes(plain))
    found = codes(adapt(TEXT, **rows, **FROZEN, near="features", output=tmp_path / "near"))["alike-across-parts"]
    assert (found.details["part"], found.details["found"], found.details["rows"]) == ("test", 1, 10)
    [(mine, other, cosine)] = found.details["examples"]
    assert cosine >= 0.95
    assert (mine, other) == ("test:5", "train:5")
