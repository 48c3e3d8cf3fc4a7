"""What hypotheses refuse, before anything is computed, and what they say of rows that cannot be used."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, evaluate, export, merge, suspects, write_predictions
from acclimate.contracts import DataError, LabelNames, OptionError, Preset

from .conftest import PRESET

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "picture"}, "Hypotheses are on texts"),
    ({"label_separator": "|"}, "A text says one thing to a hypothesis"),
    ({"decoder": "unet"}, "for masks, and not for natural-language-inference"),
    ({"positive": "Entailment"}, "operating point"),
    ({"answer": 0.9}, "left to a person"),
    ({"folds": 3}, "Cross-validation"),
    ({"method": "auto"}, "'auto' searches among methods for labels"),
    ({"method": "contrastive"}, "'contrastive' does not do natural-language-inference"),
    ({"metrics": ("answer_f1",)}, "'answer_f1' is for question-answering"),
]


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where anything is computed by the model."""
    monkeypatch.setattr("acclimate.training.fit", None)
    monkeypatch.setattr("acclimate.models.pair_values", None)


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_hypotheses_do_not_have_is_refused(
    short: Callable[..., Run], tmp_path: Path, untrained: None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=re.compile(message, re.DOTALL)):
        short(**options)
    assert not (tmp_path / "run").exists()


def changed(contracts: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a copy of the contracts with their annotations changed."""
    found = json.loads(contracts.read_text("utf-8"))
    for each in found["documents"]:
        change(each["annotation_sets"][0]["annotations"])
    file = folder / "changed.json"
    file.write_text(json.dumps(found), "utf-8")
    return file


def without_evidence(annotations: dict[str, Any], *, but: str = "") -> None:
    for key, each in annotations.items():
        if key != but:
            each["spans"] = []


def test_labels_and_evidence_that_cannot_be_used_stop_a_run_and_are_listed(
    short: Callable[..., Run], contracts: Path, tmp_path: Path, untrained: None
) -> None:
    with pytest.raises(DataError, match=r"(?s)90 hypotheses of changed.json cannot be used.*the label 'Perhaps'"):
        short(source=changed(contracts, tmp_path, lambda own: own["h1"].update(choice="Perhaps")))
    with pytest.raises(DataError, match=r"None of the 90 texts of .* has a hypothesis"):
        short(source=changed(contracts, tmp_path, dict.clear))


def test_texts_without_any_evidence_are_refused(
    short: Callable[..., Run], contracts: Path, tmp_path: Path, untrained: None
) -> None:
    with pytest.raises(DataError, match="training hypotheses has evidence"):
        short(source=changed(contracts, tmp_path, without_evidence))


def test_hypotheses_without_evidence_teach_nothing_and_are_counted(
    short: Callable[..., Run], contracts: Path, tmp_path: Path
) -> None:
    run = short(source=changed(contracts, tmp_path, lambda own: without_evidence(own, but="h1")))
    (told,) = [each for each in run.report.findings if each.code == "evidence-unknown"]
    parts = json.loads((run.output / "rows.json").read_text("utf-8"))
    rows = {str(each["id"]): each for each in json.loads(contracts.read_text("utf-8"))["documents"]}
    said = [rows[id]["annotation_sets"][0]["annotations"]["h2"]["choice"] for id in parts["train"]]
    left = sum(choice != "NotMentioned" for choice in said)
    assert f"{left} of {2 * len(said)} training hypotheses have no evidence marked" in told.message


def test_commands_for_labels_refuse_runs_that_judge(found: Run, contracts: Path, tmp_path: Path) -> None:
    for command in (merge, export):
        with pytest.raises(OptionError, match="judges hypotheses, and a run that gives labels is needed"):
            command(found.output, tmp_path / "out")
    with pytest.raises(OptionError, match="hypotheses are not judged"):
        suspects(PRESET, contracts)
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl; found .*found\.parquet"):
        write_predictions(found.output, contracts, tmp_path / "found.parquet")
    with pytest.raises(OptionError, match="max_tokens"):
        evaluate(found.output, contracts, max_tokens=64)


@pytest.mark.parametrize("labels", [None, LabelNames(order=("yes", "no"))])
def test_a_preset_of_the_task_names_three_labels(labels: LabelNames | None) -> None:
    with pytest.raises(ValueError, match="labels name entailment, contradiction and neither, in this order"):
        Preset(name="x", summary="A summary.", task="natural-language-inference", labels=labels)
