"""What spans refuse, before anything is computed, and what they say of rows that cannot be used."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt, export, merge, suspects, write_predictions
from acclimate.contracts import AcclimateError, DataError, OptionError

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "picture"}, "Spans are of texts"),
    ({"decoder": "unet"}, "for masks, and not for token-classification"),
    ({"label_separator": "|"}, "Spans say themselves"),
    ({"positive": "firm"}, "operating point"),
    ({"operate": "sensitivity=0.9"}, "operating point"),
    ({"answer": 0.9}, "left to a person"),
    ({"slices": ("client",)}, "Subgroups"),
    ({"folds": 3}, "Cross-validation"),
    ({"calibration": "isotonic"}, "Calibration"),
    ({"near": "features"}, "Features"),
    ({"method": "auto"}, "'auto' searches among methods for labels"),
    ({"method": "contrastive"}, r"'contrastive' does not do token-classification.*frozen, full"),
    ({"max_tokens": 5}, "max_tokens is 5, of which 0 are special tokens"),
    ({"metrics": ("accuracy",)}, "'accuracy' is for text-classification"),
]


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a step is taken or features are computed."""
    monkeypatch.setattr("acclimate.training.fit", None)
    monkeypatch.setattr("acclimate.models.unit_values", None)


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_spans_do_not_have_is_refused(
    short: Callable[..., Run], tmp_path: Path, untrained: None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=re.compile(message, re.DOTALL)):
        short(**options)
    assert not (tmp_path / "run").exists()


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_spans_that_end_inside_a_token_are_listed_by_id(
    short: Callable[..., Run], marked: Path, tmp_path: Path, untrained: None
) -> None:
    rows = [json.loads(line) for line in marked.read_text("utf-8").splitlines()]
    rows[1] = {**rows[1], "text": "Bobby paid", "spans": [{"start": 0, "end": 3, "label": "person"}]}
    told = re.compile(r"1 spans begin or end inside a token.*r001: 0 to 3 \(person, 'Bob'\)", re.DOTALL)
    with pytest.raises(DataError, match=told) as error:
        short(source=write(tmp_path, rows))
    assert "finer vocabulary" in error.value.hint
    assert not (tmp_path / "run").exists()


def test_texts_without_any_span_are_refused(short: Callable[..., Run], tmp_path: Path, untrained: None) -> None:
    rows = [{"text": f"paid {number}", "spans": []} for number in range(40)]
    with pytest.raises(DataError, match="None of the 40 texts has a span"):
        short(source=write(tmp_path, rows))


def test_a_test_file_with_another_label_is_refused(
    short: Callable[..., Run], tmp_path: Path, untrained: None
) -> None:
    test = write(tmp_path, [{"text": "Bob paid", "spans": [[0, 3, "poet"]]}])
    with pytest.raises(DataError, match="poet"):
        short(test=test)


def test_commands_for_labels_refuse_runs_that_find_spans(found: Run, marked: Path, tmp_path: Path) -> None:
    for command in (merge, export):
        with pytest.raises(OptionError, match="gives spans, and a run that gives labels is needed"):
            command(found.output, tmp_path / "out")
    with pytest.raises(OptionError, match="spans are not judged"):
        suspects("general/token-classification", marked)


def test_spans_are_written_to_files_that_can_hold_them(found: Run, marked: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl; found .*found\.parquet"):
        write_predictions(found.output, marked, tmp_path / "found.parquet")


@pytest.mark.parametrize("name", ["max_tokens", "positive", "decoder"])
def test_what_was_decided_is_not_asked_again(found: Run, marked: Path, name: str) -> None:
    from acclimate.api import evaluate

    with pytest.raises(OptionError, match=name):
        evaluate(found.output, marked, **{name: 64 if name == "max_tokens" else "firm"})


def test_rows_with_labels_keep_their_preset(texts: Path, tmp_path: Path) -> None:
    with pytest.raises(AcclimateError, match="spans"):
        adapt("general/token-classification", texts, method="full", output=tmp_path / "run", shown=False)
