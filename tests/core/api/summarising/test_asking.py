"""What summaries refuse, before anything is computed, and what they say of rows that cannot be used."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, evaluate, export, load, merge, suspects, write_predictions
from acclimate.contracts import DataError, OptionError

from .conftest import PRESET

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"label_separator": "|"}, "A text has one summary"),
    ({"decoder": "unet"}, "for masks, and not for summarization"),
    ({"positive": "x"}, "operating point"),
    ({"folds": 3}, "Cross-validation"),
    ({"method": "auto"}, "'auto' searches among methods for labels"),
    ({"method": "contrastive"}, "'contrastive' does not do summarization"),
    ({"metrics": ("accuracy",)}, "'accuracy' is for"),
]


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where anything is computed by the model."""
    monkeypatch.setattr("acclimate.models.pair_values", None)


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_summaries_do_not_have_is_refused(
    short: Callable[..., Run], tmp_path: Path, untrained: None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=re.compile(message, re.DOTALL)):
        short(**options)
    assert not (tmp_path / "run").exists()


def changed(reports: Path, folder: Path, **cells: Any) -> Path:
    """Return a copy of the reports with other cells in every row."""
    rows = [{**json.loads(line), **cells} for line in reports.read_text("utf-8").splitlines()]
    file = folder / "changed.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_rows_that_cannot_be_used_stop_a_run(
    short: Callable[..., Run], reports: Path, tmp_path: Path, untrained: None
) -> None:
    with pytest.raises(DataError, match=r"(?s)60 summaries of changed.jsonl cannot be .*r0: its summary is empty"):
        short(source=changed(reports, tmp_path, summary=" "))
    with pytest.raises(DataError, match=r"None of the .* training summaries shares a word"):
        short(source=changed(reports, tmp_path, summary="Zusammenfassung"))
    with pytest.raises(DataError, match="no column notes, which would be the summary; its columns are id, "):
        short(label="notes")
    with pytest.raises(DataError, match="no column story, which would be the text"):
        short(text="story")


def test_commands_for_labels_refuse_runs_that_summarise(found: Run, reports: Path, tmp_path: Path) -> None:
    for command in (merge, export):
        with pytest.raises(OptionError, match="summarises, and a run that gives labels is needed"):
            command(found.output, tmp_path / "out")
    with pytest.raises(OptionError, match="summaries are not"):
        suspects(PRESET, reports)
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl; found .*found\.parquet"):
        write_predictions(found.output, reports, tmp_path / "found.parquet")
    with pytest.raises(OptionError, match="max_tokens"):
        evaluate(found.output, reports, max_tokens=64)


def test_predict_refuses_what_is_no_list_of_texts(found: Run, refuses_no_list: Callable[[Any, str], None]) -> None:
    model = load(found.output)
    refuses_no_list(model, "the profit rose.")
    with pytest.raises(OptionError, match="at least one sentence"):
        model.predict(["the profit rose."], sentences=0)
