"""Method `fused`, from a folder of parts to a saved run: what it learns of, what it may not see, what it refuses."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import Run, adapt, evaluate, load
from acclimate.api import export, merge, search, write_predictions
from acclimate.api.search import candidates
from acclimate.contracts import BackboneError, DataError, OptionError
from PIL import Image

PRESET = "general/image-classification"


def write(folder: Path, counts: dict[str, int], *, side: int = 64) -> Path:
    """Write cloudy parts in a folder for each label; every label but "good" has a small bright mark somewhere."""
    random = np.random.default_rng(0)
    for label, count in counts.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            clouds = Image.fromarray(random.normal(130, 18, (6, 6)).astype(np.float32)).resize((side, side))
            pixels = np.asarray(clouds)[..., None] + random.normal(0, 4, (side, side, 3))
            if label != "good":
                tall, wide = (10, 10) if label == "spot" else (4, 26)
                top, left = random.integers(0, side - tall), random.integers(0, side - wide)
                pixels[top : top + tall, left : left + wide] = (250, 250, 60)
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / label / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("parts") / "parts", {"good": 40, "spot": 14, "line": 14})


@pytest.fixture(scope="module")
def tiny(tiny_backbone: Callable[[str], Path]) -> str:
    return str(tiny_backbone("efficientnet"))


@pytest.fixture(scope="module")
def fused(parts: Path, tiny: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return adapted(parts, tiny, tmp_path_factory.mktemp("fused") / "run", options={"images": 12})


def adapted(parts: Path, tiny: str, output: Path, *, method: str = "fused", **options: Any) -> Run:
    return adapt(
        PRESET, parts, method=method, backbone=tiny, output=output, shown=False, precision="float32", folds=0,
        **options,
    )  # fmt: skip


def test_the_run_is_measured_beside_the_frozen_features_alone(fused: Run) -> None:
    report = fused.report
    assert set(report.baselines) >= {"majority_class", "frozen_linear"}
    [told] = [finding for finding in report.findings if finding.code == "fused"]
    assert "How unlike 12 good training parts" in told.message
    assert "judged by the others alone" in told.message


def test_the_saved_run_says_what_was_measured(fused: Run, parts: Path, tmp_path: Path) -> None:
    again = evaluate(fused.output, parts)
    assert again.labels == fused.report.labels
    predictor = load(fused.output)
    assert predictor.model.unlikeness is not None
    assert predictor.manifest["adapter"]["members"] == len(predictor.model.unlikeness.members)
    done = write_predictions(fused.output, parts, tmp_path / "all.jsonl")
    assert (done.rows, done.unreadable) == (68, 0)


def test_unlikeness_tells_new_defects_from_new_good_parts(fused: Run, tmp_path: Path) -> None:
    new = write(tmp_path / "new", {"good": 24, "spot": 12})
    predictor = load(fused.output)
    found = {}
    for label in ("good", "spot"):
        images = [Image.open(file).convert("RGB") for file in sorted((new / label).iterdir())]
        pixels = torch.stack([predictor.preprocessing(image) for image in images])
        with torch.inference_mode():
            found[label] = predictor.model.features({"pixel_values": pixels})[:, -1].numpy()
    above = np.mean([bad > good for bad in found["spot"] for good in found["good"]])
    assert above > 0.8


def test_no_row_that_is_measured_is_in_the_bank_and_a_seed_gives_one_run(
    parts: Path,
    tiny: str,
    fused: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: Callable[[Run, str], Any],
) -> None:
    from acclimate.api import fused as module

    seen: list[Sequence[str]] = []
    plain = module._patches

    def watched(subject: Any, model: Any, rows: Any, precision: str) -> Any:
        seen.append([subject.examples["train"].ids[row] for row in rows])
        return plain(subject, model, rows, precision)

    monkeypatch.setattr(module, "_patches", watched)
    run = adapted(parts, tiny, tmp_path / "run", options={"images": 12})
    assert np.array_equal(run.test_rows.scores, fused.test_rows.scores)
    rows = document(run, "rows.json")
    bank, others = seen
    assert len(bank) == 12
    assert all("good" in id for id in bank)
    assert sorted([*bank, *others]) == sorted(rows["train"]), "every training row has a number"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"share": 0.0}, OptionError, "share is above 0 and at most 1, found 0.0"),
        ({"images": 2}, OptionError, "images is 3 or more, found 2"),
        ({"rank": 4}, OptionError, "'fused' has no option 'rank'"),
    ],
)
def test_options_that_cannot_be_are_refused(
    parts: Path, tiny: str, tmp_path: Path, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        adapted(parts, tiny, tmp_path / "run", options=options)
    assert not (tmp_path / "run").exists()


def test_labels_without_good_parts_are_refused(tiny: str, tmp_path: Path) -> None:
    other = write(tmp_path / "other", {"spot": 12, "line": 12})
    with pytest.raises(DataError, match="One label must be that of good parts"):
        adapted(other, tiny, tmp_path / "run")
    named = adapted(other, tiny, tmp_path / "named", good="spot")
    assert load(named.output).manifest["adapter"]["good"] == "spot"


def test_a_backbone_without_stages_is_refused(
    parts: Path, tiny_backbone: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(BackboneError, match="ViTModel has no stages to take patches from"):
        adapted(parts, str(tiny_backbone("vit")), tmp_path / "run")


def test_it_is_no_plain_model(fused: Run, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="Method 'fused' adds layers that cannot be folded"):
        merge(fused.output, tmp_path / "plain")


def test_onnx_gives_the_logits_of_the_run(fused: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    done = export(fused.output, tmp_path / "fused.onnx")
    assert done.difference < 1e-3


def test_auto_tries_it_where_a_label_is_rare_beside_good_parts() -> None:
    assert "fused" in candidates("image", 400, 3, fewest=5)
    assert "fused" not in candidates("image", 4000, 3, fewest=900)
    assert "fused" not in candidates("image", 400, 3), "no label of good parts"
    assert "fused" not in candidates("text", 400, 3, fewest=5)


@pytest.mark.slow
def test_auto_takes_it_only_when_cross_validation_says_so(
    parts: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(search._CANDIDATES, "image", ())
    run = adapted(parts, tiny, tmp_path / "run", method="auto", budget=60.0)
    told = run.report.settings["auto"]
    assert [each["method"] for each in told["methods"]] == ["frozen", "fused"]
    trial = told["methods"][1]
    better = trial["difference"]["low"] > 0
    assert trial["outcome"] == ("better" if better else "not-better")
    assert told["chosen"] == ("fused" if better else "frozen")
    assert (load(run.output).model.unlikeness is not None) == better


def test_a_good_label_of_any_name_can_be_named_for_the_run(parts: Path, tiny: str, tmp_path: Path) -> None:
    (tmp_path / "plates").mkdir()
    for label, name in (("good", "MT_Free"), ("spot", "spot"), ("line", "line")):
        shutil.copytree(parts / label, tmp_path / "plates" / name)
    with pytest.raises(DataError, match="One label must be that of good parts"):
        adapted(tmp_path / "plates", tiny, tmp_path / "run")
    with pytest.raises(DataError, match="No part has the label 'MT_free'"):
        adapted(tmp_path / "plates", tiny, tmp_path / "run", good="MT_free", method="frozen")
    run = adapted(tmp_path / "plates", tiny, tmp_path / "run", good="MT_Free", options={"images": 12})
    assert load(run.output).manifest["adapter"]["good"] == "MT_Free"
    assert run.report.settings["good"] == "MT_Free"
    assert evaluate(run.output, tmp_path / "plates").settings["good"] == "MT_Free"
    found = adapted(tmp_path / "plates", tiny, tmp_path / "auto", good="MT_Free", method="auto", budget=0.001)
    assert "fused" in " ".join(finding.message for finding in found.report.findings)  # it is among what is tried
