"""A run says how it was made, and a run made again from its manifest has the same numbers."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import acclimate
import acclimate.api
import numpy as np
import pytest
from acclimate.api import Run, adapt, load, repeat
from acclimate.api.adapting import ask
from acclimate.api.command import arguments_of, command_of
from acclimate.contracts import BackboneError, BundleError, DataError
from acclimate.plugins import default_host

Finished = Callable[[str, str], Run]
Document = Callable[[Run | Path, str], Any]
TEXT = "general/text-classification"


@pytest.mark.parametrize(
    ("modality", "method"),
    [
        ("text", "frozen"),
        ("text", "lora"),
        ("image", "frozen"),
        pytest.param("image", "bitfit", marks=pytest.mark.slow),
    ],
)
def test_a_repeated_run_has_the_same_metrics_logits_and_weights(
    finished: Finished, document: Document, tmp_path: Path, modality: str, method: str
) -> None:
    original = finished(modality, method)
    again = repeat(original.output, output=tmp_path / "again", shown=False)
    assert again.same
    assert again.logits_difference == 0
    assert all(then == now for then, now in again.metrics.values())
    assert set(again.metrics) == {"accuracy", "macro_f1", "mcc", "auroc"}
    assert again.findings == ()
    assert np.array_equal(again.run.test_rows.scores, original.test_rows.scores)
    before, after = (document(folder, "manifest.json") for folder in (original, tmp_path / "again"))
    assert before["files"]["weights.safetensors"] == after["files"]["weights.safetensors"]
    assert before["results"] == after["results"]
    assert before["data"] == after["data"]
    assert {**before["request"], "backbone": before["backbone"]["source"]} == after["request"]


def test_a_repeated_run_computes_its_features_anew(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate import models

    counted: list[int] = []
    real = models.features

    def counting(*arguments: Any, progress: Any, **options: Any) -> Any:
        return real(*arguments, **options, progress=counted.append)

    monkeypatch.setattr(models, "features", counting)
    run = finished("text", "frozen")
    repeat(run.output, output=tmp_path / "again", shown=False)
    assert sum(counted) == sum(run.report.rows.values())


def test_other_numbers_are_told_apart(
    small: Callable[[str], Run], tmp_path: Path, reseal: Callable[[Path, Callable[[dict[str, Any]], object]], None]
) -> None:
    folder = shutil.copytree(small("frozen").output, tmp_path / "run")

    def change(manifest: dict[str, Any]) -> None:
        manifest["results"]["metrics"]["accuracy"]["value"] -= 1 / 1024
        manifest["distributions"]["numpy"] = "1.0"
        manifest["hardware"]["processor"] = "abacus"

    reseal(folder, change)
    again = repeat(folder, output=tmp_path / "again", shown=False)
    assert not again.same
    assert again.logits_difference == 0
    assert [name for name, (then, now) in again.metrics.items() if then != now] == ["accuracy"]
    messages = {finding.code: finding.message for finding in again.findings}
    assert messages["other-versions"] == f"The run was made with other versions: numpy 1.0 (now {version('numpy')})."
    assert "processor abacus (now " in messages["other-machine"]
    assert "The numbers are not the same; the logits of the test rows are equal in every bit." in str(again)


CHANGES: list[tuple[str, Callable[[str], str], str]] = [
    ("a row less", lambda text: text.rsplit("\n", 2)[0] + "\n", r"has \d+ rows, it had \d+"),
    ("another id", lambda text: text.replace("t07,", "x07,"), "has rows with other ids"),
    ("another word", lambda text: text.replace("monday", "sunday", 1), "has the same ids with other contents"),
]


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_other_rows_are_refused_by_the_part_they_are_in(
    finished: Finished, texts: Path, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    (tmp_path / "rows.csv").write_text(change(texts.read_text("utf-8")), "utf-8")
    with pytest.raises(DataError, match=rf"not those of the run: .*(train|validation|test) {message}.*--data"):
        repeat(
            finished("text", "frozen").output, source=tmp_path / "rows.csv", output=tmp_path / "again", shown=False
        )
    assert not (tmp_path / "again").exists()


def test_a_relabelled_test_row_is_named_by_its_part(
    finished: Finished, texts: Path, tmp_path: Path, rows_by_id: Any, document: Document
) -> None:
    rows = document(finished("text", "frozen"), "rows.json")
    # Two test rows of different labels change them, so that the label counts and the split stay as they were.
    first = rows["test"][0]
    other = next(id for id in rows["test"] if rows_by_id["text"][id][1] != rows_by_id["text"][first][1])
    lines = texts.read_text("utf-8").splitlines()
    labels = {first: rows_by_id["text"][other][1], other: rows_by_id["text"][first][1]}
    for number, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] in labels:
            lines[number] = ",".join([*cells[:2], labels[cells[0]], *cells[3:]])
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(DataError, match="not those of the run"):
        repeat(finished("text", "frozen").output, source=tmp_path / "rows.csv", output=tmp_path / "a", shown=False)


def test_rows_that_moved_are_found_where_they_are_named(
    small: Callable[[str], Run], texts: Path, tmp_path: Path
) -> None:
    moved = shutil.copyfile(texts, tmp_path / "moved.csv")
    again = repeat(small("frozen").output, source=moved, output=tmp_path / "again", shown=False)
    assert again.same


def test_other_weights_of_the_backbone_are_refused(
    finished: Finished, tmp_path: Path, reseal: Callable[[Path, Callable[[dict[str, Any]], object]], None]
) -> None:
    folder = shutil.copytree(finished("text", "frozen").output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["backbone"].update(weights="0" * 64))
    with pytest.raises(BackboneError, match=r"v2 are not those of the run: sha256 \w{12}…, expected 0{12}…"):
        repeat(folder, output=tmp_path / "again", shown=False)


def test_a_run_found_by_search_is_repeated_by_the_method_it_found(
    texts: Path, small_backbone: str, tmp_path: Path, document: Document
) -> None:
    adapt(
        TEXT, texts, method="auto", budget=0.00001, backbone=small_backbone, precision="float32",
        output=tmp_path / "run", shown=False,
    )  # fmt: skip
    again = repeat(tmp_path / "run", output=tmp_path / "again", shown=False)
    assert again.same
    assert document(tmp_path / "run", "manifest.json")["request"]["method"] == "auto"
    assert document(again.run, "manifest.json")["request"]["method"] == "frozen"


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("frozen", {}),
    ("lora:rank=4:learning_rate=1e-4", {"seed": 3, "epochs": 2, "label": "label", "group": "client"}),
    ("full:head=random:patience=0", {"max_tokens": 32, "batch_size": 4, "precision": "float32"}),
    ("peft:LOHA:r=4", {"max_steps": 1, "allow_leakage": True, "metrics": ("accuracy", "brier")}),
    ("auto", {"budget": 2.5, "max_rows": 60}),
]


@pytest.mark.parametrize(("method", "given"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_the_command_and_the_arguments_of_a_run_ask_for_the_same(
    method: str, given: dict[str, Any], texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.cli import main

    def asked(preset: str, source: str, **options: Any) -> Any:
        own = {name: options.pop(name, None) for name in ("method", "backbone", "test", "validation")}
        options.pop("resume", None), options.pop("output", None)
        budget = options.pop("budget", None)
        return ask(default_host(), preset, source, **own, output=tmp_path / "new", options=options, budget=budget)

    request = asked(TEXT, str(texts), method=method, **given)
    heard: list[Any] = []

    def hear(*arguments: Any, **options: Any) -> Any:
        heard.append(asked(*arguments, **options))
        raise DataError("heard")

    monkeypatch.setattr(acclimate.api, "adapt", hear)
    monkeypatch.setattr(sys, "argv", shlex.split(command_of(request)))
    with pytest.raises(SystemExit):
        main()
    assert heard == [request]
    again = json.loads(json.dumps(arguments_of(request)))
    budget = None if request.method != "auto" else request.budget_minutes
    assert ask(default_host(), **again, output=tmp_path / "new", budget=budget) == request


def test_a_manifest_says_how_the_run_was_made(finished: Finished, document: Document, texts: Path) -> None:
    run = finished("text", "lora")
    manifest = document(run, "manifest.json")
    report = document(run, "report.json")
    assert manifest["results"]["metrics"] == report["metrics"]
    assert manifest["command"].startswith(f"acclimate adapt {TEXT} {texts} --method lora ")
    assert manifest["request"]["source"] == str(texts)
    assert manifest["request"]["options"]["seed"] == manifest["seed"] == 1
    assert {name: part["count"] for name, part in manifest["data"]["parts"].items()} == report["rows"]
    assert manifest["plugins"] == {"general": f"acclimate {version('acclimate')}"}
    for name in ("acclimate", "torch", "transformers", "peft", "numpy", "scikit-learn", "safetensors"):
        assert manifest["distributions"][name] == version(name)
    assert manifest["distributions"]["python"] == sys.version.split()[0]
    assert manifest["hardware"]["cores"] == len(os.sched_getaffinity(0))
    assert manifest["hardware"]["device"] in ("cpu", "cuda")
    kept = max(report["history"], key=lambda epoch: -epoch["log_loss"])
    assert manifest["calibration"]["temperature"] in (1.0, kept["temperature"])
    assert acclimate.__version__ == manifest["acclimate"]


def test_a_run_whose_manifest_lost_its_request_is_refused(
    finished: Finished, tmp_path: Path, reseal: Callable[[Path, Callable[[dict[str, Any]], object]], None]
) -> None:
    folder = shutil.copytree(finished("text", "frozen").output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["request"].pop("source"))
    with pytest.raises(BundleError, match=r"has no field 'request\.source'"):
        load(folder)
